"""Preflight facts block a fix, but neither a page, a look nor a close."""

import copy
from collections.abc import Callable

import pytest

from firstline.controller import record_external_event
from firstline.controller.ingest import ingest
from firstline.diagnosis.external_events import ExternalEvents
from firstline.errors import Contested, DependencyUnavailable, InvariantViolation
from firstline.incidents.incident import Status
from firstline.lab.twin.scenario import Scenario
from firstline.ledger.chain import Kind
from tests.controller.rig import DIES, FLEET, TIMEOUT, ZERO, A, Crash, Rig, raising
from tests.events import EVENTS, edited


def raw(name: str) -> bytes:
    return (EVENTS / f"{name}.json").read_bytes()


KMS_ISSUE = edited(
    raw("health.issue-open"),
    {
        "detail.service": "KMS",
        "detail.lastUpdatedTime": "Wed, 11 Mar 2026 04:00:00 GMT",
        "detail.startTime": "Wed, 11 Mar 2026 04:00:00 GMT",
    },
)
AT = "2026-03-11T04:00:00Z"
FREEZE = edited(raw("ssm.calendar-closed"), {"time": AT, "detail.atTime": AT})
FINDING = edited(
    raw("guardduty.high"),
    {
        "detail.resource.instanceDetails.instanceId": A,
        "detail.updatedAt": "2026-03-11T04:18:00.000Z",
    },
)
THAW = edited(FREEZE, {"detail.state": "OPEN", "detail.atTime": "2026-03-11T04:18:00Z"})


def denied(rig: Rig) -> set[str]:
    """The guards that denied the last decision."""
    return {each["guard"] for each in rig.entries_of(Kind.DECISION)[-1]["guards"] if each["denial"]}


@pytest.mark.parametrize(
    ("told", "guard"), [(KMS_ISSUE, "region_is_healthy"), (FREEZE, "calendar_is_open")]
)
def test_an_external_event_blocks_a_fix(told: bytes, guard: str) -> None:
    """It pages, looks, waits, and hands over when it was stopped for long."""
    rig = Rig()
    ingest(told, rig.system)
    rig.hear()
    rig.until(lambda held: held.hosts)
    assert (rig.fixes, denied(rig), len(rig.posts)) == ([], {guard}, 1)
    assert rig.at_the_end().status is Status.ESCALATED


def test_what_is_over_stops_nothing() -> None:
    """The calendar is open again."""
    rig = Rig()
    for result in (FREEZE, THAW, FREEZE):  # the last one comes late
        ingest(result, rig.system)
    rig.hear()
    assert rig.at_the_end().status is Status.RESOLVED


@pytest.mark.parametrize(
    ("scenario", "guard"),
    [
        (Scenario(name="test", refreshing=True), "no_refresh_in_progress"),
        (Scenario(name="test", key="Disabled"), "key_is_usable"),
        (Scenario(name="test", stack="UPDATE_IN_PROGRESS"), "no_deployment_in_progress"),
        (Scenario(name="test", parameters_changed_seconds_ago=60), "no_deployment_in_progress"),
    ],
)
def test_what_is_read_before_a_fix_stops_it(scenario: Scenario, guard: str) -> None:
    """And nothing but a fix asks for it."""
    rig = Rig(scenario=scenario)
    rig.hear()
    rig.until(lambda held: held.hosts)
    assert (rig.fixes, denied(rig)) == ([], {guard})
    assert rig.script.calls["key"] == 1


@pytest.mark.parametrize("read", ["refreshes", "key", "stack", "parameters"])
def test_what_cannot_be_read_stops_it_until_it_can(read: str) -> None:
    """Unknown is never fine."""
    rig = Rig()
    rig.hear()
    rig.script.failing = {read}
    rig.until(lambda held: held.hosts)
    assert rig.fixes == []
    rig.script.failing = set()
    held = rig.at_the_end()
    assert (held.status, rig.fixes) == (Status.RESOLVED, list(FLEET))


def test_a_suppressed_alarm_pages_and_is_not_fixed() -> None:
    """I17: until one that is not suppressed joins it."""
    rig = Rig()
    rig.hear()
    suppressed = copy.replace(rig.incident(), suppressed=True)
    rig.store(suppressed, version=suppressed.version)
    rig.until(lambda held: held.hosts)
    assert (rig.fixes, denied(rig), len(rig.posts)) == ([], {"no_alarm_is_suppressed"}, 1)
    later = edited(ZERO, {"detail.state.timestamp": "2026-03-11T04:19:00.000+0000"})
    rig.hear(later)
    assert rig.at_the_end().status is Status.RESOLVED


@pytest.mark.parametrize(
    ("end", "raised"),
    [
        (raising(DependencyUnavailable("throttled")), DependencyUnavailable),
        (raising(InvariantViolation("corrupt")), InvariantViolation),
    ],
)
def test_what_cannot_be_kept_is_delivered_again(
    end: Callable[[], object], raised: type[Exception]
) -> None:
    """Nothing of the first delivery is written, so that the second one keeps it."""
    rig = Rig()
    rig.script.before("limits", end)
    with pytest.raises(raised):
        ingest(FREEZE, rig.system)
    assert (rig.tables.entries, rig.tables.processed) == ({}, set())
    ingest(FREEZE, rig.system)
    assert len(rig.tables.circumstances[rig.world.group_name].known) == 1


@pytest.mark.parametrize(
    ("request_name", "end", "raised"),
    [("post", DIES, Crash), ("queue", DIES, Crash), ("queue", TIMEOUT, DependencyUnavailable)],
)
def test_a_recorded_finding_keeps_its_host_whatever_becomes_of_its_worker(
    request_name: str, end: Callable[[], object], raised: type[BaseException]
) -> None:
    """I22: the transaction that opens the incident names the suspect; no redelivery is needed."""
    rig = Rig()
    rig.script.before(request_name, end)
    with pytest.raises(raised):
        ingest(FINDING, rig.system)
    assert suspects(rig) == (A,)
    rig.hear()
    rig.until(lambda _: rig.incident(1).hosts)
    answers = rig.entries_of(Kind.DECISION, 1)[-1]["guards"]
    assert {each["guard"] for each in answers if each["denial"]} == {"no_finding_on_target"}
    assert rig.fixes == []


@pytest.mark.parametrize("end", [TIMEOUT, raising(InvariantViolation("corrupt"))])
def test_a_finding_whose_circumstances_cannot_be_read_is_paged_once(
    end: Callable[[], object],
) -> None:
    """Without a record; the second delivery records it under the same key."""
    rig = Rig()
    rig.script.before("limits", end)
    with pytest.raises((DependencyUnavailable, InvariantViolation)):
        ingest(FINDING, rig.system)
    assert (len(rig.posts), rig.tables.incidents, suspects(rig)) == (1, {}, ())
    ingest(FINDING, rig.system)
    assert (rig.posts, suspects(rig)) == ([("trigger", rig.id())] * 2, (A,))


def test_a_finding_that_joins_keeps_its_host() -> None:
    """Its own entry comes later, with the next wake of the incident that is open."""
    rig = Rig()
    ingest(FINDING, rig.system)
    later = edited(FINDING, {"id": "a-later-event", "detail.updatedAt": "2026-03-11T04:18:30.000Z"})
    rig.tables.circumstances.clear()
    rig.script.before("queue", DIES)
    with pytest.raises(Crash):
        ingest(later, rig.system)
    assert (len(rig.tables.incidents), suspects(rig)) == (1, (A,))


def suspects(rig: Rig) -> tuple[str, ...]:
    """The hosts that are evidence now."""
    known = rig.tables.circumstances.get(rig.world.group_name, ExternalEvents())
    return known.suspects(rig.world.now)


def test_two_that_write_at_once_are_both_kept() -> None:
    """The second reads again what the first wrote."""
    rig = Rig()
    rig.script.after("limits", lambda: ingest(KMS_ISSUE, rig.system))
    ingest(FREEZE, rig.system)
    assert len(rig.tables.circumstances[rig.world.group_name].known) == 2


def test_what_is_contested_for_ever_is_delivered_again() -> None:
    """Nothing is lost."""
    rig = Rig()

    def contest() -> None:
        rig.script.before("limits", contest)
        rig.script.after("limits", lambda: write(rig))

    contest()
    with pytest.raises(DependencyUnavailable, match="contested"):
        ingest(FREEZE, rig.system)
    assert rig.script.calls["limits"] == record_external_event.TURNS_MAX


def write(rig: Rig) -> None:
    """Somebody else writes."""
    known, group = rig.tables.circumstances, rig.world.group_name
    known[group] = ExternalEvents(version=known.get(group, ExternalEvents()).version + 1)


@pytest.mark.parametrize(
    "told",
    [
        edited(FREEZE, {"account": "444455556666"}),
        edited(FREEZE, {"replay-name": "archive"}),
        ZERO,
    ],
)
def test_what_is_not_ours_or_not_new_is_not_kept(told: bytes) -> None:
    """A foreign account, an archive, an alarm."""
    rig = Rig()
    ingest(told, rig.system)
    assert rig.tables.circumstances == {}


@pytest.mark.parametrize("contested", [Contested.CIRCUMSTANCES, Contested.OPENINGS])
def test_the_group_is_read_once_for_a_finding(contested: Contested) -> None:
    """I1: its page waits for that read, and a client may take seconds for it."""
    rig = Rig()
    rig.script.conflicting = contested
    with pytest.raises(DependencyUnavailable, match="contested"):
        ingest(FINDING, rig.system)
    assert rig.script.calls["commit"] > 1
    assert rig.script.calls["group"] == 1


def test_the_group_is_not_read_for_a_finding_that_keeps_no_host() -> None:
    """One of a lesser state, one that is over, and one on no instance."""
    rig = Rig()
    edits: dict[str, object] = {
        "detail.severity": 2.0,
        "detail.service.archived": True,
        "detail.resource.instanceDetails.instanceId": "",
    }
    for path, value in edits.items():
        ingest(edited(FINDING, {"id": path, path: value}), rig.system)
    assert rig.script.calls["group"] == 0
