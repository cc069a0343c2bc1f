"""Starts: the worlds that runs begin in. A seed chooses one; `directed` has the known failures."""

import copy
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple, get_args

import msgspec

from firstline.diagnosis.evidence import AlarmState
from firstline.ids import InstanceId
from firstline.lab.simulation import envelopes
from firstline.lab.simulation.choices import Choices
from firstline.lab.simulation.envelopes import Make
from firstline.lab.twin.scenario import Dependency, FaultPlan, HostPlan, Scenario

type Label = Literal[
    "alarm", "finding", "foreign", "future", "issue", "junk", "other", "replayed", "suppressed"
]

ZERO, SOME, ASKED = "healthy-hosts", "unhealthy-hosts", "enclave-answering"
UP: dict[str, Any] = {"enclave": "up"}


class Told(NamedTuple):
    """What is told so long after the start, and what checkers must know of it.

    ``alarm`` is the profile's name of the alarm that turned to ``state``, if one did; one that does
    not ``follow`` the fleet stays so, whatever becomes of the hosts. What is ``lost`` is never
    delivered, and its alarm may have turned before the start.
    """

    at_seconds: int
    make: Make
    label: Label = "other"
    alarm: str = ""
    state: AlarmState = AlarmState.ALARM
    about: str = ""
    follows: bool = True
    lost: bool = False


class Start(msgspec.Struct, frozen=True, kw_only=True):
    """A world and what is told in it; ``shows`` are the known failures that it stands for.

    In one that is ``drawn`` the choices say how many hosts there are, and what is wrong with each.
    """

    scenario: Scenario
    told: tuple[Told, ...]
    shows: tuple[str, ...] = ()
    drawn: bool = False

    @property
    def name(self) -> str:
        """What happens."""
        return self.scenario.name


def fleet(*hosts: dict[str, Any]) -> tuple[HostPlan, ...]:
    """Hosts by what is wrong with each; nothing said is an enclave that a restart mends."""
    return tuple(HostPlan(id=host(number), **plan) for number, plan in enumerate(hosts))


def host(number: int) -> InstanceId:
    """The id of the host with that number."""
    return InstanceId(f"i-0a1b2c3d4e5f{number:05x}")


def alarm(
    name: str,
    at_seconds: int = 0,
    state: AlarmState = AlarmState.ALARM,
    **told: Any,  # noqa: ANN401 - the state of the event, which is JSON
) -> Told:
    """The alarm *name* turns to *state*."""
    make = envelopes.alarm(name, state, **told)
    return Told(at_seconds, make, label="alarm", alarm=name, state=state)


def start(name: str, hosts: tuple[HostPlan, ...], *told: Told, **world: Any) -> Start:  # noqa: ANN401 - as Scenario has them
    """A world of these *hosts*; *world* are its scenario's other fields, and ``shows``."""
    shows = world.pop("shows", ())
    scenario = Scenario(name=name, hosts=hosts, **world)
    return Start(scenario=scenario, told=told, shows=shows)


def down(
    name: str, *dependencies: Dependency, seconds: int = 300, shows: tuple[str, ...] = ()
) -> Start:
    """All of these fail for minutes, in the midst of a complete outage."""
    faults = tuple(FaultPlan(dependency=each, until_seconds=seconds) for each in dependencies)
    return start(name, fleet({}, {}), alarm(ZERO), faults=faults, shows=shows)


REGION: tuple[Dependency, ...] = tuple(
    each for each in get_args(Dependency.__value__) if each != "pagerduty"
)
"""All that is AWS's."""
KMS: tuple[Dependency, ...] = ("store", "secrets", "wakes", "team")
"""What is encrypted with a key of the account's, and fails with it."""
PAGING: tuple[Dependency, ...] = ("pagerduty", "team")

COMMON: Sequence[Start] = (
    start("a complete outage", fleet({}, {}, {}), alarm(ZERO), shows=("S07", "S21")),
    start("one dead host", fleet({}, UP, UP), alarm(SOME), shows=("S05", "S22")),
    start("restarts do not help", fleet({"restart_helps": False}, UP), alarm(SOME)),
    start(
        "nothing helps",
        fleet({"restart_helps": False, "replacement_helps": False}),
        alarm(ZERO),
        shows=("S14",),
    ),
    start("a lost host", fleet({"reachable": False}, UP), alarm(SOME), shows=("S18",)),
    start("it recovers by itself", fleet({"recovers_at_seconds": 20}, UP), alarm(SOME)),
    start("two troubles at once", fleet({}, {}), alarm(ZERO), alarm("host-memory", 5)),
    Start(scenario=Scenario(name="a fleet that was drawn"), told=(), drawn=True),
    down("the Region is in trouble", *REGION),
    down("KMS fails what it encrypts", *KMS),
    down("the hosts cannot be reached", "hosts"),
    down("the group cannot be read", "fleet"),
    down("the queue of wakes is down", "wakes"),
    start("NATS fails", fleet(*[{"nats": "unreachable"}] * 3), alarm(ZERO)),
    start("NATS is lost", fleet(*[{"nats": "unreachable"}] * 2), alarm("nats-connected")),
    start(
        "the way to NATS is gone",
        fleet({"nats": "unreachable"}),
        alarm("nats-disconnections"),
        peering="expired",
    ),
    start("the key is disabled", fleet({}, UP), alarm(SOME), key="Disabled"),
    start("no capacity", fleet({"reachable": False}, UP), alarm(SOME), launches=False),
    start("somebody refreshes", fleet({}, UP), alarm(SOME), refreshing=True),
    start(
        "a fix waits for a person",
        fleet({}, UP),
        alarm(SOME),
        autonomy={"restart_enclave": "approve"},
    ),
    start(
        "some of a fleet die for good",
        fleet(*[{"restart_helps": False}] * 3, UP),
        alarm(ZERO),
    ),
)
"""Each kind of trouble, and each dependency that may fail."""

SIZES = (2, 1, 3, 5, 10, 25, 50)
KINDS: tuple[dict[str, Any], ...] = (
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
"""What may be the matter with a host."""


def draw(choices: Choices) -> Start:
    """A fleet of one to fifty hosts, and what the load balancer's alarms say of it."""
    size = SIZES[choices.pick(len(SIZES), 0.7)]
    often = 1 / size if size > SICK_MAX else 0.6
    plans = [{}, *(KINDS[choices.pick(len(KINDS), often)] for _ in range(size - 1))]
    hosts = fleet(*plans)
    some = any(each.enclave == "up" and each.parent == "up" for each in hosts)
    first = alarm(SOME if some else ZERO)
    return start(f"a fleet of {size} that was drawn", hosts, first)


SICK_MAX = 5
"""In a larger fleet about one host is sick beside the first."""


OUTAGES: tuple[tuple[Dependency, ...], ...] = (
    ("store",),
    ("pagerduty",),
    ("hosts",),
    ("fleet",),
    ("wakes",),
    ("around",),
    ("secrets",),
    REGION,
    KMS,
    PAGING,
)
OUTAGE_RARELY = 0.15


def troubled(begun: Start, choices: Choices) -> Start:
    """*begun*, and now and then something that fails as a whole in its midst."""
    number = choices.pick(len(OUTAGES) + 1, OUTAGE_RARELY)
    if not number:
        return begun
    since, length = 60 * choices.pick(5, 0.8), 60 * (1 + choices.pick(4, 0.7))
    faults = tuple(
        FaultPlan(dependency=each, from_seconds=since, until_seconds=since + length)
        for each in OUTAGES[number - 1]
    )
    scenario = copy.replace(begun.scenario, faults=(*begun.scenario.faults, *faults))
    return copy.replace(begun, scenario=scenario)
