"""One value for CloudWatch, computed by the core and emitted by the functions."""

from typing import Literal

import msgspec

type Unit = Literal["Count", "Milliseconds", "Percent", "Seconds"]


class Metric(msgspec.Struct, frozen=True):
    """One value; ``by`` are dimensions in addition to the fleet's."""

    name: str
    value: float
    unit: Unit
    by: tuple[tuple[str, str], ...] = ()
