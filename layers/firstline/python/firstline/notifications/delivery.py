"""Delivery: what came of one try to send a notification."""

import msgspec


class Accepted(msgspec.Struct, frozen=True, tag="accepted"):
    """PagerDuty took it (202)."""


class BadBody(msgspec.Struct, frozen=True, tag="bad-body"):
    """PagerDuty will never take this body (400)."""

    why: str


class NotYet(msgspec.Struct, frozen=True, tag="not-yet"):
    """PagerDuty did not take it this time: throttled, in trouble, or out of reach."""

    why: str


type Delivery = Accepted | BadBody | NotYet
