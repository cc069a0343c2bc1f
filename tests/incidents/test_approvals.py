"""Approvals: which proposal stands, whose yes holds, and what it overrides."""

import copy
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from firstline.ids import Digest
from firstline.incidents.approvals import (
    Approval,
    Proposal,
    current_proposal,
    overridden_guards,
    valid_approval,
    with_answer,
    with_used_approval,
)
from tests.builders import NOW, A, ago
from tests.remediation import situations as make

PLAN = make.plan().hash
YES, NO = make.approval(), make.approval(granted=False)
NAMED = ("kms_is_calm", "key_is_usable")


def asked(said: Approval | None = None, **fields: Any) -> Proposal:  # noqa: ANN401 - as `proposal`
    """The restart of `A`, for which two facts are missing."""
    return make.proposal(said, **{"unknowns": NAMED} | fields)


OTHER = asked(YES, plan=Digest("e" * 64))


@pytest.mark.parametrize(
    ("proposals", "names"),
    [
        ((asked(YES),), NAMED),
        ((asked(YES, stood=60),), NAMED),
        ((asked(YES, unknowns=()),), ()),
        ((asked(YES, unknowns=NAMED[:1]),), NAMED[:1]),
        ((), ()),
        ((asked(),), ()),
        ((asked(NO),), ()),
        ((asked(make.approval(ended=0)),), ()),
        ((asked(make.approval(ended=-0.001)),), NAMED),
        ((asked(YES, used=True),), ()),
        ((OTHER,), ()),
        # the last proposal of the plan is the one that stands
        ((asked(YES), asked()), ()),
        ((asked(), asked(YES, unknowns=NAMED[:1]), OTHER), NAMED[:1]),
        ((asked(YES), asked(YES, used=True)), ()),
    ],
)
def test_an_approval_overrides_exactly_the_named_unknowns(
    proposals: tuple[Proposal, ...], names: tuple[str, ...]
) -> None:
    """For as long as it holds, of this plan, once."""
    assert overridden_guards(proposals, PLAN, NOW) == frozenset(names)


def test_the_last_proposal_of_a_plan_stands_until_it_is_used() -> None:
    """Then the same plan may be asked about once more."""
    first, second = asked(YES), asked(unknowns=NAMED[:1])
    assert current_proposal((first, second, OTHER), PLAN) is second
    assert current_proposal((first, copy.replace(second, used=True)), PLAN) is None
    assert current_proposal((), PLAN) is None
    assert valid_approval((first,), PLAN, NOW) is YES
    assert valid_approval((first,), PLAN, YES.until) is None
    assert valid_approval((asked(NO),), PLAN, NOW) is None


def test_an_answer_is_put_on_the_proposal_that_stands() -> None:
    """On no other, and on none that cannot be answered any more."""
    first, second = asked(), asked()
    assert with_answer((first, second, OTHER), YES) == (first, asked(YES), OTHER)
    assert with_answer((asked(YES),), NO) == (asked(NO),)
    advice = asked(approvable=False)
    assert with_answer((advice,), YES) == (advice,)
    done = asked(YES, used=True)
    assert with_answer((done,), NO) == (done,)
    assert not advice.answerable
    assert not done.answerable


def test_a_yes_is_used_up_with_its_plan() -> None:
    """The proposals of other plans are as they were."""
    assert with_used_approval((asked(YES), OTHER), PLAN) == (asked(YES, used=True), OTHER)


@pytest.mark.parametrize(
    ("unknowns", "hosts", "more"),
    [
        (NAMED, (A,), {"hosts": A, "unknowns": "kms_is_calm, key_is_usable"}),
        ((), (A,), {"hosts": A}),
        ((), (), {}),
    ],
)
def test_a_proposal_has_the_facts_for_an_answer(
    unknowns: tuple[str, ...], hosts: tuple[str, ...], more: dict[str, str]
) -> None:
    """In words on the page, as values in its entry."""
    held = asked(unknowns=unknowns, hosts=hosts, parameters={"b": "2", "a": "1"})
    result = {
        "action": "restart_enclave",
        "target": A,
        "parameters": "a=1, b=2",
        "plan": PLAN,
        "until": held.until.isoformat(timespec="seconds"),
    }
    assert held.describe() == result | more
    assert held.to_ledger().to_ledger() == {
        "action": "restart_enclave",
        "targets": (A,),
        "hosts": hosts,
        "parameters": {"b": "2", "a": "1"},
        "unknowns": unknowns,
        "plan": PLAN,
        "until": held.until.replace(microsecond=0).isoformat(),
        "approvable": True,
    }


def test_a_proposal_of_before_names_no_unknowns() -> None:
    """An open incident keeps its proposals over a new version of the code."""
    stored = msgspec.to_builtins(asked(YES))
    del stored["unknowns"]
    assert msgspec.convert(stored, Proposal) == asked(YES, unknowns=())


def test_an_answer_that_came_too_late_is_recorded_so() -> None:
    """It counts for nothing, and is not lost."""
    entry = NO.to_ledger(counts=False)
    assert (entry.granted, entry.counts, entry.why) == (False, False, "not now")
    assert entry.until == NO.until > NO.at >= ago(60)
    assert YES.to_ledger(counts=True).until == NOW + timedelta(seconds=60)
