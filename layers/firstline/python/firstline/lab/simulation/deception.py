"""Deception: evidence that says the opposite of what is, or comes without what was asked for."""

import copy

from firstline.diagnosis.evidence import (
    Answering,
    Connections,
    Group,
    HostReport,
    TargetHealth,
    Unknown,
)
from firstline.diagnosis.probe_outcome import ProbeOutcome
from firstline.remediation.execution import Answered

OPPOSITES = {
    "healthy": "unhealthy",
    "unhealthy": "healthy",
    "Online": "ConnectionLost",
    "ConnectionLost": "Online",
}


def lie[T](told: T) -> T:
    """The opposite of *told*, as its reader would say it."""
    lying: object = told
    match told:
        case TargetHealth(states):
            lying = TargetHealth({host: OPPOSITES[each] for host, each in states.items()})
        case Connections(states):
            lying = Connections({host: OPPOSITES[each] for host, each in states.items()})
        case Answering():
            lies = ProbeOutcome.TIMEOUT if told.answers else ProbeOutcome.ANSWERED
            lying = copy.replace(told, answers=not told.answers, outcome=lies)
        case dict():
            lying = {host: _lying(each) for host, each in told.items()}
        case _:
            pass
    return lying  # type: ignore[return-value]  # of the same type by its own branch


def _lying(answer: object) -> object:
    """A host that runs its enclave says that there is none, and the other way round."""
    if not isinstance(answer, Answered) or not isinstance(answer.report, HostReport):
        return answer
    runs = answer.report.enclave_state == "RUNNING"
    report = copy.replace(
        answer.report,
        enclave_state="none" if runs else "RUNNING",
        parent_unit="active",
        parent_healthy=not runs,
    )
    return copy.replace(answer, report=report)


def missing[T](told: T) -> T:
    """*told* without what was asked for."""
    lacking: object = told
    match told:
        case Group():
            lacking = copy.replace(told, instances=())
        case TargetHealth():
            lacking = TargetHealth({})
        case Connections():
            lacking = Connections({})
        case Answering():
            lacking = Unknown("no data point")
        case dict():
            lacking = {}
        case _:
            pass
    return lacking  # type: ignore[return-value]  # what the port's method may give
