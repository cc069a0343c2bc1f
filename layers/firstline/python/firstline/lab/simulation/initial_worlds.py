"""The initial worlds of runs. A seed chooses one; `known_failures` has the directed ones."""

import copy
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple, get_args

import msgspec

from firstline.diagnosis.evidence import AlarmState
from firstline.ids import InstanceId
from firstline.lab.simulation import envelopes
from firstline.lab.simulation.choices import Choices
from firstline.lab.simulation.envelopes import EnvelopeMaker
from firstline.lab.twin.scenario import Dependency, FaultPlan, HostPlan, Scenario

type Label = Literal[
    "alarm", "finding", "foreign", "future", "issue", "junk", "other", "replayed", "suppressed"
]

HEALTHY_HOSTS, UNHEALTHY_HOSTS, ENCLAVE_ANSWERING = (
    "healthy-hosts",
    "unhealthy-hosts",
    "enclave-answering",
)
UP: dict[str, Any] = {"enclave": "up"}


class PlannedEvent(NamedTuple):
    """An event that is delivered so long after the start, and what invariants need of it.

    ``alarm`` is the profile's name of the alarm that turned to ``state``, if one did. Without
    ``follows_hosts`` the alarm keeps its state whatever happens to the hosts. A ``lost`` event is
    never delivered; its alarm may have turned before the start.
    """

    at_seconds: int
    make: EnvelopeMaker
    label: Label = "other"
    alarm: str = ""
    state: AlarmState = AlarmState.ALARM
    subject: str = ""
    follows_hosts: bool = True
    lost: bool = False


class InitialWorld(msgspec.Struct, frozen=True, kw_only=True):
    """A scenario and its events; ``covers`` lists the known failures that it represents.

    With a ``random_fleet`` the choices decide the number of hosts and what is wrong with each.
    """

    scenario: Scenario
    events: tuple[PlannedEvent, ...]
    covers: tuple[str, ...] = ()
    random_fleet: bool = False

    @property
    def name(self) -> str:
        """Return the scenario's name."""
        return self.scenario.name


def fleet(*hosts: dict[str, Any]) -> tuple[HostPlan, ...]:
    """Return hosts by what is wrong with each; the default is an enclave that a restart repairs."""
    return tuple(HostPlan(id=host(number), **plan) for number, plan in enumerate(hosts))


def host(number: int) -> InstanceId:
    """Return the id of the host with that number."""
    return InstanceId(f"i-0a1b2c3d4e5f{number:05x}")


def alarm(
    name: str,
    at_seconds: int = 0,
    state: AlarmState = AlarmState.ALARM,
    **fields: Any,  # noqa: ANN401 - the state of the event, which is JSON
) -> PlannedEvent:
    """Return the event by which the alarm *name* turns to *state*; *fields* go into its state."""
    make = envelopes.alarm(name, state, **fields)
    return PlannedEvent(at_seconds, make, label="alarm", alarm=name, state=state)


def world(
    name: str,
    hosts: tuple[HostPlan, ...],
    *events: PlannedEvent,
    **settings: Any,  # noqa: ANN401 - as Scenario has them
) -> InitialWorld:
    """Return a world of these *hosts*; *settings* are ``covers`` and other scenario fields."""
    covers = settings.pop("covers", ())
    scenario = Scenario(name=name, hosts=hosts, **settings)
    return InitialWorld(scenario=scenario, events=events, covers=covers)


def outage(
    name: str, *dependencies: Dependency, seconds: int = 300, covers: tuple[str, ...] = ()
) -> InitialWorld:
    """Return a complete outage during which all of these dependencies fail for minutes."""
    faults = tuple(FaultPlan(dependency=each, until_seconds=seconds) for each in dependencies)
    return world(name, fleet({}, {}), alarm(HEALTHY_HOSTS), faults=faults, covers=covers)


REGION: tuple[Dependency, ...] = tuple(
    each for each in get_args(Dependency.__value__) if each != "pagerduty"
)
"""Every dependency in AWS."""
KMS: tuple[Dependency, ...] = ("store", "secrets", "wakes", "team")
"""Dependencies whose data is encrypted with a key of the account."""
PAGING: tuple[Dependency, ...] = ("pagerduty", "team")

COMMON: Sequence[InitialWorld] = (
    world("a complete outage", fleet({}, {}, {}), alarm(HEALTHY_HOSTS), covers=("S07", "S21")),
    world("one dead host", fleet({}, UP, UP), alarm(UNHEALTHY_HOSTS), covers=("S05", "S22")),
    world("restarts do not help", fleet({"restart_helps": False}, UP), alarm(UNHEALTHY_HOSTS)),
    world(
        "nothing helps",
        fleet({"restart_helps": False, "replacement_helps": False}),
        alarm(HEALTHY_HOSTS),
        covers=("S14",),
    ),
    world("a lost host", fleet({"reachable": False}, UP), alarm(UNHEALTHY_HOSTS), covers=("S18",)),
    world("it recovers by itself", fleet({"recovers_at_seconds": 20}, UP), alarm(UNHEALTHY_HOSTS)),
    world("two troubles at once", fleet({}, {}), alarm(HEALTHY_HOSTS), alarm("host-memory", 5)),
    InitialWorld(scenario=Scenario(name="a fleet that was drawn"), events=(), random_fleet=True),
    outage("the Region is in trouble", *REGION),
    outage("KMS fails what it encrypts", *KMS),
    outage("the hosts cannot be reached", "hosts"),
    outage("the group cannot be read", "fleet"),
    outage("the queue of wakes is down", "wakes"),
    world("NATS fails", fleet(*[{"nats": "unreachable"}] * 3), alarm(HEALTHY_HOSTS)),
    world("NATS is lost", fleet(*[{"nats": "unreachable"}] * 2), alarm("nats-connected")),
    world(
        "the way to NATS is gone",
        fleet({"nats": "unreachable"}),
        alarm("nats-disconnections"),
        peering="expired",
    ),
    world("the key is disabled", fleet({}, UP), alarm(UNHEALTHY_HOSTS), key="Disabled"),
    world("no capacity", fleet({"reachable": False}, UP), alarm(UNHEALTHY_HOSTS), launches=False),
    world("somebody refreshes", fleet({}, UP), alarm(UNHEALTHY_HOSTS), refreshing=True),
    world(
        "a fix waits for a person",
        fleet({}, UP),
        alarm(UNHEALTHY_HOSTS),
        autonomy={"restart_enclave": "approve"},
    ),
    world(
        "some of a fleet die for good",
        fleet(*[{"restart_helps": False}] * 3, UP),
        alarm(HEALTHY_HOSTS),
    ),
)
"""Each kind of failure, and each dependency that may fail."""

FLEET_SIZES = (2, 1, 3, 5, 10, 25, 50)
HOST_KINDS: tuple[dict[str, Any], ...] = (
    UP,
    {},
    {"restart_helps": False},
    {"restart_helps": False, "replacement_helps": False},
    {"reachable": False},
    {"registered": False},
    {"parent": "down"},
    {"enclave": "hung", "log_counts": {"backlog_dropped": 7}},
    {"nats": "lost"},
    {"enclave": "up", "dies_at_seconds": 90},
    {"recovers_at_seconds": 60},
    {"relapses_after_seconds": 200},
    {"protected": True, "restart_helps": False},
    {"parent": "looping"},
    {"ec2": "impaired", "reachable": False, "enclave": "up", "nats": "lost"},
    {"masked": True},
    {"enclave_start_seconds": 90},
)
"""What may be wrong with a host."""


def draw_fleet(choices: Choices) -> InitialWorld:
    """Return a fleet of one to fifty hosts with the load balancer's alarm over it."""
    size = FLEET_SIZES[choices.pick(len(FLEET_SIZES), 0.7)]
    often = 1 / size if size > SICK_MAX else 0.6
    plans = [{}, *(HOST_KINDS[choices.pick(len(HOST_KINDS), often)] for _ in range(size - 1))]
    hosts = fleet(*plans)
    some = any(each.enclave == "up" and each.parent == "up" for each in hosts)
    first = alarm(UNHEALTHY_HOSTS if some else HEALTHY_HOSTS)
    return world(f"a fleet of {size} that was drawn", hosts, first)


SICK_MAX = 5
"""In a larger fleet about one host is sick in addition to the first."""


OUTAGES: tuple[tuple[Dependency, ...], ...] = (
    ("store",),
    ("pagerduty",),
    ("hosts",),
    ("fleet",),
    ("wakes",),
    ("preflight",),
    ("secrets",),
    REGION,
    KMS,
    PAGING,
)
OUTAGE_PROBABILITY = 0.15


def add_outage(initial: InitialWorld, choices: Choices) -> InitialWorld:
    """Return *initial*, occasionally with an outage of some dependencies."""
    number = choices.pick(len(OUTAGES) + 1, OUTAGE_PROBABILITY)
    if not number:
        return initial
    since, length = 60 * choices.pick(5, 0.8), 60 * (1 + choices.pick(4, 0.7))
    faults = tuple(
        FaultPlan(dependency=each, from_seconds=since, until_seconds=since + length)
        for each in OUTAGES[number - 1]
    )
    scenario = copy.replace(initial.scenario, faults=(*initial.scenario.faults, *faults))
    return copy.replace(initial, scenario=scenario)
