import copy

import pytest

from firstline.incidents import response_targets
from firstline.incidents.incident import Incident, Page, Response
from firstline.signal import Severity
from tests.builders import NOW, PROFILE, ago, incident

P1, P2, P3, P4 = Severity


def held(severity: Severity, since: float, *, sent: bool = True) -> Incident:
    """An incident of a signal so many seconds ago, whose page was sent or is pending."""
    page = Page(
        key="k", action="trigger", severity=severity, summary="", queued_at=NOW, due_at=NOW,
        sent_at=NOW if sent else None,
    )  # fmt: skip
    due = response_targets.expected_response(severity, ago(since), PROFILE)
    return incident(severity=severity, pages=(page,), responses=(due,))


def test_the_target_is_of_the_profile() -> None:
    """R01 to R04: at once, 15 minutes, an hour; the next business day is no number."""
    since = [response_targets.expected_response(each, NOW, PROFILE) for each in Severity]
    targets = [each.due_at - NOW if each.due_at else None for each in since]
    assert [each.total_seconds() if each else None for each in targets] == [60, 900, 3600, None]


@pytest.mark.parametrize(
    ("severity", "since", "met"),
    [(P1, 60, True), (P1, 61, False), (P2, 900, True), (P2, 901, False), (P4, 10**6, True)],
)
def test_a_response_is_recorded_with_its_time(severity: Severity, since: int, *, met: bool) -> None:
    """It needs an accepted page and a look; once is enough."""
    after, (result,) = response_targets.measure(held(severity, since), NOW)
    assert (result.severity, result.seconds, result.met) == (severity, since, met)
    assert result.responded is True
    assert after.responses[0].responded_at == NOW
    assert response_targets.measure(after, ago(-100)) == (after, ())


def test_a_miss_is_recorded_at_its_target_and_at_its_response() -> None:
    """A breach is an entry; ten tries of the pager are not ten."""
    waiting = held(P1, 60, sent=False)
    assert response_targets.measure(waiting, NOW) == (waiting, ())
    missed, (result,) = response_targets.measure(waiting, ago(-1))
    assert (result.responded, result.met, result.target_seconds) == (False, False, 60)
    assert response_targets.measure(missed, ago(-2)) == (missed, ())
    sent = copy.replace(missed, pages=held(P1, 60).pages)
    after, (result,) = response_targets.measure(sent, ago(-9))
    assert (result.responded, result.met, result.seconds) == (True, False, 69)
    assert after.responses == (
        Response(severity=P1, since=ago(60), due_at=NOW, responded_at=ago(-9), missed=True),
    )


def test_a_severity_without_a_page_is_responded_to_by_a_look() -> None:
    """R03: no one is woken, and it gets a look all the same."""
    quiet = incident(responses=(response_targets.expected_response(P3, ago(5), PROFILE),), pages=())
    assert response_targets.measure(quiet, NOW)[1][0].met is True
