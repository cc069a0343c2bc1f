"""`firstline doctor` on units by past reports, and the reports that are kept."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from firstline.controller.ports.store import Change
from firstline.diagnosis.evidence import HostEvidence, Unknown
from firstline.doctor.facts import PastHostReport, ReadFailure
from firstline.doctor.past_host_reports import (
    CHECKPOINTS_MAX,
    INCIDENTS_MAX,
    past_host_reports,
    unreadable_incidents,
)
from firstline.ids import IncidentId, InstanceId
from firstline.incidents.incident import Status
from firstline.lab.twin.archive import MemoryArchive
from firstline.lab.twin.memory import MemoryBackend
from firstline.lab.twin.scenario import Scenario
from firstline.lab.twin.store import MemoryStore
from firstline.lab.twin.world import World
from firstline.ledger import archive as archiving
from firstline.ledger import export
from firstline.ledger.archive import Checkpoint
from firstline.ledger.chain import GENESIS
from tests.builders import FLEET, NOW, PROFILE, A, B, C, host, incident, report
from tests.doctor.accounts import found

GONE = report(parent_unit="not-found")


def ago(**units: float) -> Any:  # noqa: ANN401 - a report is added by its caller
    return lambda reports: PastHostReport(reports, NOW - timedelta(**units))


AGES = [
    ({"seconds": -5}, "0 minutes"),
    ({"minutes": 1}, "1 minute"),
    ({"minutes": 119}, "119 minutes"),
    ({"minutes": 120}, "2 hours"),
    ({"hours": 47}, "47 hours"),
    ({"days": 2}, "2 days"),
    ({"days": 13, "hours": 23}, "13 days"),
]


@pytest.mark.parametrize(("age", "reports"), AGES)
def test_an_earlier_look_is_told_with_its_age(age: dict[str, float], reports: str) -> None:
    """A past report counts, with a note on its age."""
    earlier = {each: ago(**age)(report()) for each in FLEET} | {A: ago(**age)(GONE)}
    units, looked_at = found(host_reports=None, past_host_reports=earlier)
    assert (units.check, units.severity, units.subject) == ("units", "warning", A)
    assert units.what == f"has no unit {PROFILE.fleet.units.parent}, as reported {reports} ago"
    assert (looked_at.check, looked_at.severity) == ("looked-at", "note")
    assert looked_at.subject == "3 hosts"
    assert looked_at.what == (
        f"reported in an earlier inspection: {A} {reports} ago, {B} {reports} ago, {C} "
        f"{reports} ago"
    )


def test_what_is_too_old_is_no_look() -> None:
    """The host counts as not inspected; the command is shown."""
    earlier = {A: ago(days=14)(GONE), B: ago(hours=3)(report())}
    unseen, seen = found(host_reports=None, past_host_reports=earlier)
    assert (unseen.subject, unseen.what) == (
        "2 hosts",
        f"not inspected within 14 days: {A}, {C}",
    )
    assert unseen.remedy.startswith("firstline doctor --look --fleet ")
    assert (seen.subject, seen.what) == (
        "1 host",
        f"reported in an earlier inspection: {B} 3 hours ago",
    )


def test_what_a_host_says_now_stands_above_what_it_said() -> None:
    """A present report wins; a host that left the group is ignored."""
    earlier = {each: ago(hours=1)(GONE) for each in (*FLEET, "i-0ff")}
    assert found(host_reports={each: report() for each in FLEET}, past_host_reports=earlier) == ()


def test_where_a_look_cannot_be_an_earlier_one_speaks() -> None:
    """Beside the finding that it could not be."""
    earlier = {each: ago(hours=1)(report()) for each in FLEET}
    denied = ReadFailure("ssm:SendCommand", "AccessDenied")
    checks = [each.check for each in found(host_reports=denied, past_host_reports=earlier)]
    assert checks == ["permission", "looked-at"]


def test_hosts_that_nobody_can_name() -> None:
    """Without the group, no host counts as well."""
    unread = ReadFailure("autoscaling:DescribeAutoScalingGroups", "AccessDenied")
    checks = {each.check: each.what for each in found(host_reports=None, groups=unread)}
    assert checks["looked-at"] == "are unknown, and no host was inspected"


# --- which are remembered ----------------------------------------------------------------------


@dataclass
class Past:
    """A store and an archive, and what was asked of them."""

    asked: list[str] = field(default_factory=list)
    store: MemoryStore = field(init=False)
    archive: MemoryArchive = field(init=False)

    def __post_init__(self) -> None:
        world = World(Scenario(name="past"), NOW, PROFILE.fleet.group)
        self.store = MemoryBackend(world, Asked(self.asked)).store
        self.archive = MemoryArchive(lambda name, _: self.asked.append(name))

    def put(self, number: int, reports: dict[InstanceId, HostEvidence], *, ended: bool) -> None:
        """Store an incident with its hosts' reports."""
        status = Status.RESOLVED if ended else Status.INVESTIGATING
        made = incident(id=named(number), hosts=reports, status=status)
        self.store.commit(Change(incident=made))

    def anchor(self, sequence: int, *numbers: int, entries: int = 9) -> None:
        """A checkpoint over the chains of these incidents."""
        heads = {named(each): (entries, GENESIS) for each in numbers}
        checkpoint = Checkpoint(sequence=sequence, previous=GENESIS, at=NOW, heads=heads)
        line = export.checkpoint_line(archiving.checkpoint_text(checkpoint), "c2ln")
        self.archive.put(archiving.checkpoint_key(sequence), line)

    def read(self) -> dict[InstanceId, PastHostReport]:
        """Return the past reports; only these requests are counted."""
        self.asked.clear()
        return past_host_reports(self.store, self.archive)


@dataclass
class Asked:
    """`Effects` without faults."""

    asked: list[str]

    def effect[T](self, dependency: str, name: str, do: Callable[[], T]) -> T:
        del dependency
        self.asked.append(name)
        return do()


def named(number: int) -> IncidentId:
    return IncidentId(f"inc-{number:020x}")


def test_the_latest_report_of_each_host_is_remembered() -> None:
    """From open and ended incidents; a silent host has none."""
    past = Past()
    silent = host(found=Unknown("no answer in time"))
    past.put(1, {A: host(age=50), B: host(age=60)}, ended=True)
    past.put(2, {A: host(age=70), B: silent}, ended=False)
    past.put(3, {A: host(age=10), C: silent}, ended=True)
    past.anchor(1, 1, 2)
    past.anchor(2, 3)
    assert past.read() == {
        A: PastHostReport(report(), NOW - timedelta(seconds=10)),
        B: PastHostReport(report(), NOW - timedelta(seconds=60)),
    }
    assert past.asked.count("store.load") == 3


def test_nothing_is_remembered_of_an_empty_past() -> None:
    """Two requests say so."""
    past = Past()
    assert past.read() == {}
    assert past.asked == ["store.open_now", "first"]


def test_a_signal_that_opened_nothing_costs_no_request() -> None:
    """Its chain has one entry; an object that is no checkpoint is passed over."""
    past = Past()
    past.anchor(1, 7, entries=1)
    past.anchor(2, 8)  # an incident that the store does not have any more
    past.archive.put(archiving.checkpoint_key(3), b"{}")
    assert past.read() == {}
    assert past.asked.count("store.load") == 1


def test_both_ends_are_bounded() -> None:
    """However many incidents are open, and however long the archive is."""
    past = Past()
    for each in range(INCIDENTS_MAX + 5):
        past.put(each, {A: host(age=100 + each)}, ended=False)
    for each in range(1, CHECKPOINTS_MAX + 20):
        past.anchor(each, 1000 + each)
    past.read()
    assert past.asked.count("store.load") == INCIDENTS_MAX
    quiet = Past()
    for each in range(1, CHECKPOINTS_MAX + 20):
        quiet.anchor(each, 1)
    quiet.read()
    assert quiet.asked.count("get") == CHECKPOINTS_MAX


def test_an_incident_that_cannot_be_read_is_named_and_hides_no_other() -> None:
    past = Past()
    past.put(1, {A: host(age=50)}, ended=False)
    past.put(2, {B: host(age=50)}, ended=False)
    past.store.tables.incidents[named(2)] = "{}"
    assert list(past.read()) == [A]
    (why,) = unreadable_incidents(past.store).values()
    (finding,) = found(unreadable_incidents={named(2): why})
    assert (finding.check, finding.severity, finding.subject) == ("incidents", "warning", named(2))
    assert finding.what.startswith("cannot be read: a stored incident does not fit its schema")
    assert (
        found(unreadable_incidents=ReadFailure("dynamodb:Query", "AccessDenied"))[0].check
        == "permission"
    )
