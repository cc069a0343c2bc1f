"""One broken part is no proof (I11): the production controller over the twin, by failure domain.

Each domain breaks alone behind hosts that are all well: nothing is dead, and nothing is done. Then
hosts are dead in each way while every domain is well: they are mended without a person.
"""

import pytest

from firstline.diagnosis.evidence import AlarmState
from firstline.diagnosis.failure_domains import Domain
from firstline.incidents.incident import Status
from firstline.lab.simulation import seed_run
from firstline.lab.simulation.choices import Choices
from firstline.lab.simulation.initial_worlds import (
    ENCLAVE_ANSWERING,
    HEALTHY_HOSTS,
    UNHEALTHY_HOSTS,
    InitialWorld,
    alarm,
    fleet,
    world,
)
from firstline.lab.simulation.known_failures import stuck_alarm
from firstline.lab.simulation.run import Run
from firstline.lab.simulation.run_result import RunResult
from firstline.lab.twin.scenario import BreakPlan

UP = {"enclave": "up"}
LOOPING = {"parent": "looping"}
LOST = {"reachable": False, "ec2": "impaired"}


def run(initial: InitialWorld) -> RunResult:
    """What the dull run of *initial* leaves: nothing goes wrong in it but what the start says."""
    return RunResult(Run(initial, seed_run.load_profile(initial), Choices(())).run_to_end())


def statuses(result: RunResult) -> set[Status]:
    """How its incidents ended."""
    return {each.status for each in result.incidents}


@pytest.mark.parametrize("domain", Domain)
@pytest.mark.parametrize("size", [1, 2, 3, 10])
@pytest.mark.parametrize(
    ("profile", "name"),
    [("runbook", HEALTHY_HOSTS), ("runbook", UNHEALTHY_HOSTS), ("vettid", ENCLAVE_ANSWERING)],
)
def test_one_broken_domain_fixes_no_well_host(
    domain: Domain, size: int, profile: str, name: str
) -> None:
    """It is broken for good, an alarm fires over it, and every host is well behind it."""
    breaks = (BreakPlan(domain=domain),)
    firing = stuck_alarm(name, AlarmState.ALARM)
    result = run(world("well", fleet(*[UP] * size), firing, profile=profile, breaks=breaks))
    assert result.mutations == ()
    assert not result.intents
    assert statuses(result) == {Status.ESCALATED}


@pytest.mark.parametrize(
    ("profile", "name", "hosts"),
    [
        # the main case: enclaves gone, parents looping, load balancer and probe silent
        ("runbook", HEALTHY_HOSTS, [LOOPING] * 3),
        ("vettid", ENCLAVE_ANSWERING, [LOOPING]),
        ("vettid", ENCLAVE_ANSWERING, [LOOPING] * 3),
        ("runbook", HEALTHY_HOSTS, [{}] * 3),
        ("runbook", UNHEALTHY_HOSTS, [{}, UP, UP]),
        ("vettid", ENCLAVE_ANSWERING, [{}]),
        ("vettid", ENCLAVE_ANSWERING, [{"enclave": "up", "parent": "down"}]),
        ("vettid", ENCLAVE_ANSWERING, [{"enclave": "hung"}]),
        ("vettid", ENCLAVE_ANSWERING, [{"enclave": "up", "nats": "lost"}]),
        ("runbook", UNHEALTHY_HOSTS, [LOST, UP, UP]),
        ("runbook", HEALTHY_HOSTS, [LOST] * 3),
    ],
)
def test_dead_hosts_are_mended_where_every_domain_is_well(
    profile: str, name: str, hosts: list[dict[str, object]]
) -> None:
    """Without a person, each in the way that its failure needs."""
    result = run(world("dead", fleet(*hosts), alarm(name), profile=profile))
    assert result.mutations
    assert statuses(result) == {Status.RESOLVED}
    assert len(result.serving(result.world.now)) == len(hosts)
