"""Delivery: the result of one try to send a notification."""

import msgspec

from firstline.config.channels import channel
from firstline.ledger.entries import PageDelivered


class Accepted(msgspec.Struct, frozen=True, tag="accepted"):
    """The vendor took it."""


class BadBody(msgspec.Struct, frozen=True, tag="bad-body"):
    """The vendor will never take it in this form."""

    why: str


class NotYet(msgspec.Struct, frozen=True, tag="not-yet"):
    """The vendor did not take it this time: throttled, in trouble, or out of reach."""

    why: str


type Delivery = Accepted | BadBody | NotYet


def is_alert(event: PageDelivered) -> bool:
    """True if *event* is of a trigger that pages the person on call."""
    return channel(event.channel).pages_on_call and event.action == "trigger"
