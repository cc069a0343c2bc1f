"""Starts in which a P1's alarm is in ALARM, and no event opens an incident of it."""

from collections.abc import Sequence

from firstline.lab.simulation import envelopes
from firstline.lab.simulation.starts import ASKED, UP, ZERO, Start, Told, alarm, fleet, start
from firstline.lab.twin.scenario import MutePlan

FOR_GOOD = {"restart_helps": False, "replacement_helps": False}


def lost(name: str, at_seconds: int) -> Told:
    """The alarm turns to ALARM then, and its event never comes."""
    return alarm(name, at_seconds)._replace(lost=True)


UNANNOUNCED: Sequence[Start] = (
    start("an alarm is on before firstline is", fleet({}, {}), lost(ZERO, -3600)),
    start("an event is lost", fleet({}, {}), lost(ZERO, 30)),
    start(
        "the event of a rise is lost",
        fleet({"restart_helps": False}, {**UP, "dies_at_seconds": 15, "restart_helps": False}),
        alarm("unhealthy-hosts"),
        lost(ZERO, 40),
    ),
    start(
        "an alarm outlasts its mute window",
        fleet(FOR_GOOD, FOR_GOOD),
        Told(0, envelopes.muted(envelopes.alarm(ZERO), minutes=5), "alarm", ZERO),
    ),
    start(
        "an alarm is on in planned work",
        fleet({}, {}),
        lost(ZERO, -3600),
        mutes=(MutePlan(alarm=ZERO, until_seconds=400),),
    ),
    start(
        "a muted alarm outlasts the incident of another",
        fleet(FOR_GOOD, FOR_GOOD),
        alarm(ZERO),
        lost(ASKED, 5)._replace(follows=False),
        mutes=(MutePlan(alarm=ASKED, until_seconds=1440),),
    ),
)
