"""The unit of work: which evidence a commit stores in items of its own."""

import copy

from firstline.controller.ports.store import ACTIONS_MAX
from firstline.controller.unit_of_work import IncidentUnitOfWork
from firstline.diagnosis.evidence import HostEvidence, Unknown
from firstline.ids import InstanceId
from firstline.incidents.incident import Incident
from firstline.ledger.entries import HostsVerified
from tests.builders import NOW
from tests.controller.rig import FLEET, Rig


def work_of(rig: Rig) -> IncidentUnitOfWork:
    """A unit of work on the stored incident."""
    return IncidentUnitOfWork(rig.incident(), rig.system, rig.world.now)


def evidence(held: Incident, *ids: InstanceId, why: str) -> Incident:
    """*held* with new evidence of *ids*."""
    new = {each: HostEvidence(Unknown(why), NOW) for each in ids}
    return copy.replace(held, hosts={**held.hosts, **new})


def test_only_changed_evidence_is_written() -> None:
    """A look at one host costs one item, whatever the size of the fleet."""
    rig = Rig()
    rig.hear()
    rig.until(lambda held: held.hosts)
    assert set(rig.incident().host_versions) == set(FLEET)
    work = work_of(rig)
    before = rig.incident().host_versions
    work.incident = evidence(work.incident, FLEET[0], why="again")
    work.commit()
    held = rig.incident()
    assert held.host_versions == before | {FLEET[0]: held.version}
    work.commit()
    assert rig.incident().host_versions == held.host_versions


def test_evidence_that_a_commit_cannot_hold_stays_in_the_aggregate() -> None:
    """A transaction has 100 actions; the next change of a host gives it an item."""
    rig = Rig()
    rig.hear()
    ids = [InstanceId(f"i-{number:017x}") for number in range(ACTIONS_MAX)]
    work = work_of(rig)
    work.incident = evidence(work.incident, *ids, why="first")
    work.append_entry(HostsVerified())
    work.commit()
    held = rig.incident()
    assert len(held.host_versions) == ACTIONS_MAX - 2
    assert set(held.hosts) == set(ids)
    work.incident = evidence(work.incident, ids[-1], ids[0], why="second")
    work.commit()
    after = rig.incident().host_versions
    assert (after[ids[-1]], after[ids[0]], ids[-2] in after) == (held.version + 1,) * 2 + (False,)


def test_a_host_that_left_loses_its_version() -> None:
    """Its item is not read any more."""
    rig = Rig()
    rig.hear()
    rig.until(lambda held: held.hosts)
    work = work_of(rig)
    rest = {id_: it for id_, it in work.incident.hosts.items() if id_ != FLEET[0]}
    work.incident = copy.replace(work.incident, hosts=rest)
    work.commit()
    assert set(rig.incident().host_versions) == set(FLEET[1:])
