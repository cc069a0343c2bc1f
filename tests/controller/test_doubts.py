"""States that look like recovery, an outage or silence, and are not."""

import copy
from datetime import timedelta

import pytest

from firstline.controller.sweep import sweep
from firstline.ids import InstanceId
from firstline.incidents.incident import Status
from firstline.lab.twin.scenario import HostPlan
from firstline.remediation.decide import decide
from tests.builders import FLEET, evidence, group, incident, targets
from tests.controller.rig import A, B, C, Rig
from tests.remediation.situations import situation


def test_a_host_that_dies_again_keeps_the_incident_open() -> None:
    """I4: one reader is enough to doubt a verified host; it is looked at, and mended again."""
    rig = Rig()
    rig.hear()
    rig.until(lambda held: len(held.attempts) == 3)
    rig.world.hosts[A].enclave.turn(rig.world.now, holds=False)
    held = rig.at_the_end()
    assert held.status is Status.RESOLVED
    assert rig.fixes == [A, B, C, A]
    assert set(rig.world.target_states().values()) == {"healthy"}


@pytest.mark.parametrize(("desired", "rule"), [(3, "Recovered"), (4, "Watch")])
def test_a_group_that_lost_a_host_has_not_recovered(desired: int, rule: str) -> None:
    """One host back, and the others gone, does not close a complete outage."""
    held = incident(targets=targets(verified=60), clear_readings=3)
    whole = copy.replace(group(*FLEET), desired=desired)
    result = decide(situation(incident=held, evidence=evidence(group=whole)))
    assert (result.rule == "Recovered") is (rule == "Recovered")


def test_a_page_stays_pending_after_many_tries() -> None:
    """Its wakes work, so it is never overdue; the sweep still measures its age."""
    rig = Rig()
    rig.script.failing = {"post"}
    rig.hear()
    while rig.world.elapsed < timedelta(seconds=200):
        rig.turn()
    swept = sweep(rig.system)
    assert swept.oldest_page_age >= timedelta(seconds=180)
    assert (swept.woken, swept.failed) == (0, 0)


def test_more_hosts_than_one_look_can_ask_are_looked_at_in_turns() -> None:
    """SSM takes fifty instances by their ids."""
    hosts = tuple(
        HostPlan(id=InstanceId(f"i-0a1b2c3d4e5f6{n:04x}"), enclave="up") for n in range(51)
    )
    rig = Rig(*hosts)
    rig.hear()
    rig.until(lambda held: len(held.hosts) == len(hosts))
    looked = [len(each.answers) for each in rig.world.commands.values()]
    assert looked[:2] == [50, 1]
