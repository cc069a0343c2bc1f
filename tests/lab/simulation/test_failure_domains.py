"""One broken part is no proof (I11): the production controller over the twin, by failure domain.

Each domain breaks alone behind hosts that are all well: nothing is dead, and nothing is done. Then
hosts are dead in each way while every domain is well: they are mended without a person.
"""

import pytest

from firstline.diagnosis.evidence import AlarmState
from firstline.diagnosis.failure_domains import Domain
from firstline.incidents.incident import Status
from firstline.lab.simulation import found
from firstline.lab.simulation.choices import Choices
from firstline.lab.simulation.directed import stuck
from firstline.lab.simulation.left import Left
from firstline.lab.simulation.run import Run
from firstline.lab.simulation.starts import ASKED, SOME, ZERO, Start, alarm, fleet, start
from firstline.lab.twin.scenario import BreakPlan

UP = {"enclave": "up"}
LOOPING = {"parent": "looping"}
LOST = {"reachable": False, "ec2": "impaired"}


def ended(begun: Start) -> Left:
    """What the dull run of *begun* leaves: nothing goes wrong in it but what the start says."""
    return Left(Run(begun, found.load(begun), Choices(())).to_the_end())


def statuses(left: Left) -> set[Status]:
    """How its incidents ended."""
    return {each.status for each in left.held}


@pytest.mark.parametrize("domain", Domain)
@pytest.mark.parametrize("size", [1, 2, 3, 10])
@pytest.mark.parametrize(
    ("profile", "name"), [("runbook", ZERO), ("runbook", SOME), ("vettid", ASKED)]
)
def test_one_broken_domain_fixes_no_well_host(
    domain: Domain, size: int, profile: str, name: str
) -> None:
    """It is broken for good, an alarm fires over it, and every host is well behind it."""
    breaks = (BreakPlan(domain=domain),)
    firing = stuck(name, AlarmState.ALARM)
    left = ended(start("well", fleet(*[UP] * size), firing, profile=profile, breaks=breaks))
    assert left.mutations == ()
    assert not left.intents
    assert statuses(left) == {Status.HANDED_OVER}


@pytest.mark.parametrize(
    ("profile", "name", "hosts"),
    [
        # the main case: enclaves gone, parents looping, load balancer and probe silent
        ("runbook", ZERO, [LOOPING] * 3),
        ("vettid", ASKED, [LOOPING]),
        ("vettid", ASKED, [LOOPING] * 3),
        ("runbook", ZERO, [{}] * 3),
        ("runbook", SOME, [{}, UP, UP]),
        ("vettid", ASKED, [{}]),
        ("vettid", ASKED, [{"enclave": "up", "parent": "down"}]),
        ("vettid", ASKED, [{"enclave": "hung"}]),
        ("vettid", ASKED, [{"enclave": "up", "nats": "lost"}]),
        ("runbook", SOME, [LOST, UP, UP]),
        ("runbook", ZERO, [LOST] * 3),
    ],
)
def test_dead_hosts_are_mended_where_every_domain_is_well(
    profile: str, name: str, hosts: list[dict[str, object]]
) -> None:
    """Without a person, each in the way that its failure needs."""
    left = ended(start("dead", fleet(*hosts), alarm(name), profile=profile))
    assert left.mutations
    assert statuses(left) == {Status.RESOLVED}
    assert len(left.serving(left.world.now)) == len(hosts)
