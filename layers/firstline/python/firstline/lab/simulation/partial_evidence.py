"""Partial evidence: answers without the data that was requested."""

import copy

from firstline.diagnosis.evidence import (
    Answering,
    Connections,
    Group,
    InstanceStatuses,
    TargetHealth,
    Unknown,
)


def drop_evidence[T](answer: T) -> T:
    """Return *answer* without the requested data; what is no evidence is unchanged."""
    partial: object = answer
    match answer:
        case Group():
            partial = copy.replace(answer, instances=())
        case TargetHealth():
            partial = TargetHealth({})
        case Connections():
            partial = Connections({})
        case InstanceStatuses():
            partial = InstanceStatuses({})
        case Answering():
            partial = Unknown("no data point")
        case dict():
            partial = {}
        case _:
            pass
    return partial  # type: ignore[return-value]  # what the port's method may give
