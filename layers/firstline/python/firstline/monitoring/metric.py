"""Metric: one value for CloudWatch, made by the core and emitted by the functions."""

from typing import Literal

import msgspec

type Unit = Literal["Count", "Milliseconds", "Percent", "Seconds"]


class Metric(msgspec.Struct, frozen=True):
    """One value; ``by`` are its dimensions beside the fleet's."""

    name: str
    value: float
    unit: Unit
    by: tuple[tuple[str, str], ...] = ()
