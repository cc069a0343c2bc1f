"""A cancel is sent for the refresh that it means, and for no other."""

import pytest

from firstline.actions.cancel_refresh import REFRESH_ID
from firstline.diagnosis.evidence import Refresh, Refreshes
from firstline.ids import GroupName, IncidentId, Token
from firstline.remediation.execution import FixOrder, cancel_refusal
from tests.builders import ID, NOW

ORDER = FixOrder(
    token=Token("t"),
    incident=IncidentId(ID),
    action="cancel_refresh",
    target=GroupName("group"),
    not_after=NOW,
    parameters={REFRESH_ID: "r-1"},
)


@pytest.mark.parametrize(
    ("known", "why"),
    [
        ((Refresh("r-1", "InProgress", NOW),), None),
        ((Refresh("r-2", "InProgress", NOW),), "the order cancels r-1, but r-2 is in progress"),
        (
            (Refresh("r-1", "Successful", NOW),),
            "the order cancels r-1, but no refresh is in progress",
        ),
    ],
)
def test_another_refresh_is_not_cancelled(known: tuple[Refresh, ...], why: str | None) -> None:
    assert cancel_refusal(ORDER, Refreshes(known)) == why
