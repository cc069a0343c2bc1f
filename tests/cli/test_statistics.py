import itertools
from datetime import datetime, timedelta

import pytest

from firstline.cli.analysis.statistics import (
    ActionRecord,
    AutonomyChange,
    DurationStatistics,
    GuardDenials,
    NoisyAlarm,
    PromotableAction,
    Review,
    review,
)
from firstline.ids import IncidentId
from firstline.ledger.chain import Kind
from firstline.ledger.export import DecodedEntry
from firstline.remediation.kill_switch import CHAIN
from tests.builders import ID, NOW, OTHER
from tests.reporting.ledgers import Said, chain, closed, decided, fixed, heard, joined, paged

ALLOWED = Said(Kind.APPROVAL, {"plan": "p1", "granted": True, "counts": True}, 2)
NOTHING = DurationStatistics(0, None, None)


def numbered(number: int) -> IncidentId:
    return IncidentId(f"inc-{number:020}")


def reviewed(*chains: list[DecodedEntry], since: datetime | None = None) -> Review:
    return review(itertools.chain(*chains), since, where=" --fleet a")


def test_nothing_is_reviewed_as_nothing() -> None:
    assert reviewed() == Review(
        since=None,
        until=None,
        incidents=0,
        by_severity={},
        by_condition={},
        still_open=0,
        alone=0,
        with_approval=0,
        self_recovered=0,
        escalated=0,
        alone_percent=None,
        to_page=NOTHING,
        to_fix=NOTHING,
        to_recover=NOTHING,
        unpaged=0,
        missed_targets={},
        actions=(),
        denials=(),
        noisy=(),
        promotable=(),
        autonomy_changes=(),
        demoted=(),
        partial=0,
    )


def test_incidents_are_counted_by_how_they_ended() -> None:
    """The share is of those that needed something: who recovered by itself did not."""
    result = reviewed(
        chain(heard(), paged(4), *fixed(10, "a"), closed(90), incident=numbered(1)),
        chain(heard(), paged(2), ALLOWED, *fixed(30, "a"), closed(200), incident=numbered(2)),
        chain(heard(severity="P3"), closed(60), incident=numbered(3)),
        chain(heard(), decided("escalate", 50), incident=numbered(4))[1:],
        chain(heard(severity="P4", condition="capacity"), incident=numbered(5)),
        chain(heard(disposition="ignored"), incident=numbered(6)),
    )
    assert (result.incidents, result.still_open) == (5, 1)
    assert (result.alone, result.with_approval, result.self_recovered, result.escalated) == (
        1,
        1,
        1,
        1,
    )
    assert (result.alone_percent, result.partial) == (33, 1)
    assert result.by_severity == {"P1": 2, "P3": 1, "P4": 1, "none": 1}


PLAIN = [
    chain(heard(), paged(4), *fixed(10, "a"), closed(90), incident=numbered(1)),
    chain(heard(), paged(2), *fixed(30, "a"), closed(200), incident=numbered(2)),
    chain(heard(severity="P2"), decided("escalate", 70, "kms_is_calm"), incident=numbered(3)),
]


def test_times_run_from_the_signal() -> None:
    """Median and ninetieth percentile by nearest rank; what was handed over did not recover."""
    result = reviewed(*PLAIN)
    assert result.to_page == DurationStatistics(2, 2, 4)
    assert result.to_fix == DurationStatistics(2, 10, 30)
    assert result.to_recover == DurationStatistics(2, 90, 200)
    assert (result.unpaged, result.escalated, result.alone_percent) == (1, 1, 66)


def test_a_time_that_runs_backwards_is_none() -> None:
    """A clock that went back cannot make a mean look better."""
    result = reviewed(chain(heard(signalled_at=(NOW + timedelta(60)).isoformat()), paged(4)))
    assert result.to_page == DurationStatistics(1, 0, 0)


def test_an_old_entry_without_its_signals_instant_counts_from_its_own() -> None:
    assert reviewed(chain(heard(5, signalled_at=None), paged(9))).to_page == DurationStatistics(
        1, 4, 4
    )


def test_targets_that_were_missed_are_counted() -> None:
    late = Said(Kind.RESPONSE, {"severity": "P1", "met": False}, 90)
    assert reviewed(chain(heard(), late, late)).missed_targets == {"P1": 1}


def test_fixes_are_counted_by_action_and_denials_by_guard() -> None:
    """Repeated denials of a fix by a guard count once."""
    result = reviewed(
        chain(heard(), *fixed(1, "a", helped=False), *fixed(9, "b", helped=None), incident=ID),
        chain(
            heard(),
            decided("wait", 1, "kms_is_calm", "no_storm"),
            decided("wait", 2, "kms_is_calm"),
            decided("wait", 3, "kms_is_calm", action="replace_instance"),
            incident=OTHER,
        ),
        chain(heard(), decided("wait", 1, "no_storm"), incident=numbered(3)),
    )
    assert result.actions == (
        ActionRecord(action="restart_enclave", tried=2, helped=0, failed=1, approved=0),
    )
    assert result.denials == (
        GuardDenials(guard="no_storm", fixes=2, incidents=2),
        GuardDenials(guard="kms_is_calm", fixes=2, incidents=1),
    )


def of_alarm(name: str, number: int, *said: Said) -> list[DecodedEntry]:
    return chain(heard(subject=name), *said, incident=IncidentId(f"inc-{name}-{number}"))


def test_an_alarm_that_opens_much_for_little_is_noisy() -> None:
    """Half of three or more recovered by themselves, or its recoveries did not last."""
    over = joined(5, "recovery", "recovery", "recovery", "recovery")
    result = reviewed(
        *(of_alarm("nervous", each, closed(9)) for each in range(2)),
        of_alarm("nervous", 2, *fixed(1, "a"), closed(90)),
        *(of_alarm("right", each, *fixed(1, "a"), closed(90)) for each in range(3)),
        *(of_alarm("rare", each, closed(9)) for each in range(2)),
        of_alarm("flapping", 1, over, *fixed(10, "a"), closed(90)),
    )
    assert result.noisy == (
        NoisyAlarm(alarm="nervous", incidents=3, self_recovered=2, flaps=0),
        NoisyAlarm(alarm="flapping", incidents=1, self_recovered=0, flaps=3),
    )


def allowed(number: int, *, helped: bool = True) -> list[DecodedEntry]:
    """An incident in which a person allowed the restart."""
    fix = fixed(9, "a", helped=helped)
    return chain(heard(), ALLOWED, *fix, closed(90), incident=numbered(number))


def test_an_action_that_always_helped_may_be_promoted() -> None:
    """By a person, in the profile: not before it was proved, nor where it failed or went alone."""
    proved = [allowed(each) for each in range(5)]
    key = '[[actions]] name = "restart_enclave": autonomy = "auto"'
    assert reviewed(*proved).promotable == (PromotableAction("restart_enclave", 5, key),)
    assert reviewed(*proved[1:]).promotable == ()
    assert reviewed(*proved, allowed(9, helped=False)).promotable == ()
    alone = chain(heard(), *fixed(5, "a"), closed(90), incident=numbered(8))
    assert reviewed(*proved, alone).promotable == ()


def demoted(number: int, days: int) -> list[DecodedEntry]:
    data: dict[str, object] = {"action": "restart_enclave", "failed": 3}
    fix = fixed(1, "a", helped=False)
    return chain(heard(), *fix, Said(Kind.DEMOTION, data, 61), incident=numbered(number), days=days)


def promoted(days: int) -> list[DecodedEntry]:
    data: dict[str, object] = {"action": "restart_enclave", "by": "arn:of:alice"}
    pause = Said(Kind.PAUSE, {"change": "paused"})
    return chain(pause, Said(Kind.PROMOTION, data), incident=CHAIN, days=days)


DOWN = AutonomyChange(
    action="restart_enclave",
    at=NOW + timedelta(seconds=61),
    demoted=True,
    failed=3,
    incident=numbered(1),
)
UP = AutonomyChange(
    action="restart_enclave", at=NOW + timedelta(days=2), demoted=False, by="arn:of:alice"
)


@pytest.mark.parametrize(
    ("chains", "since", "autonomy_changes", "stand"),
    [
        ([demoted(1, 0)], None, (DOWN,), ("restart_enclave",)),
        ([promoted(2), demoted(1, 0)], None, (DOWN, UP), ()),
        ([demoted(1, 0)], NOW + timedelta(days=1), (), ("restart_enclave",)),
        ([demoted(1, 0), promoted(2)], NOW + timedelta(days=1), (UP,), ()),
    ],
)
def test_what_was_demoted_stands_until_it_is_promoted(
    chains: list[list[DecodedEntry]],
    since: datetime | None,
    autonomy_changes: tuple[AutonomyChange, ...],
    stand: tuple[str, ...],
) -> None:
    """Also when the demotion was before the time."""
    result = reviewed(*chains, since=since)
    assert (result.autonomy_changes, result.demoted) == (autonomy_changes, stand)


def test_a_demoted_action_that_helped_since_is_promoted_by_its_command() -> None:
    result = reviewed(demoted(99, -9), *(allowed(each) for each in range(5)), since=NOW)
    assert result.promotable == (
        PromotableAction(
            "restart_enclave", 5, 'firstline promote restart_enclave --why "..." --fleet a'
        ),
    )


def test_only_what_opened_in_the_time_is_reviewed() -> None:
    one, two = chain(heard()), chain(heard(), incident=OTHER, days=1)
    half = NOW + timedelta(hours=12)
    assert review([*one, *two], half).incidents == 1
    assert review([*one, *two], None, half).incidents == 1
    assert review([*one, *two], NOW, half).since == NOW
    assert review([*one, *two]).incidents == 2
