"""Initial worlds in which a P1's alarm is in ALARM and no event opens its incident."""

from collections.abc import Sequence

from firstline.lab.simulation import envelopes
from firstline.lab.simulation.initial_worlds import (
    ENCLAVE_ANSWERING,
    HEALTHY_HOSTS,
    UP,
    InitialWorld,
    PlannedEvent,
    alarm,
    fleet,
    world,
)
from firstline.lab.twin.scenario import MutePlan

UNREPAIRABLE = {"restart_helps": False, "replacement_helps": False}


def undelivered_alarm(name: str, at_seconds: int) -> PlannedEvent:
    """The alarm turns to ALARM at that time, and its event never comes."""
    return alarm(name, at_seconds)._replace(lost=True)


UNANNOUNCED_WORLDS: Sequence[InitialWorld] = (
    world(
        "an alarm is on before firstline is",
        fleet({}, {}),
        undelivered_alarm(HEALTHY_HOSTS, -3600),
    ),
    world("an event is lost", fleet({}, {}), undelivered_alarm(HEALTHY_HOSTS, 30)),
    world(
        "the event of a rise is lost",
        fleet({"restart_helps": False}, {**UP, "dies_at_seconds": 15, "restart_helps": False}),
        alarm("unhealthy-hosts"),
        undelivered_alarm(HEALTHY_HOSTS, 40),
    ),
    world(
        "an alarm outlasts its mute window",
        fleet(UNREPAIRABLE, UNREPAIRABLE),
        PlannedEvent(
            0,
            envelopes.muted(envelopes.alarm(HEALTHY_HOSTS), minutes=5),
            "alarm",
            HEALTHY_HOSTS,
        ),
    ),
    world(
        "an alarm is on in planned work",
        fleet({}, {}),
        undelivered_alarm(HEALTHY_HOSTS, -3600),
        mutes=(MutePlan(alarm=HEALTHY_HOSTS, until_seconds=400),),
    ),
    world(
        "a muted alarm outlasts the incident of another",
        fleet(UNREPAIRABLE, UNREPAIRABLE),
        alarm(HEALTHY_HOSTS),
        undelivered_alarm(ENCLAVE_ANSWERING, 5)._replace(follows_hosts=False),
        mutes=(MutePlan(alarm=ENCLAVE_ANSWERING, until_seconds=1440),),
    ),
)
