"""Partial evidence: answers that come without what was asked for."""

import copy

from firstline.diagnosis.evidence import (
    Answering,
    Connections,
    Group,
    InstanceStatuses,
    TargetHealth,
    Unknown,
)


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
        case InstanceStatuses():
            lacking = InstanceStatuses({})
        case Answering():
            lacking = Unknown("no data point")
        case dict():
            lacking = {}
        case _:
            pass
    return lacking  # type: ignore[return-value]  # what the port's method may give
