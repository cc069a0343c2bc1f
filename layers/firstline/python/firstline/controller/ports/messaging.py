"""Ports of notifiers, wakes and time."""

from datetime import datetime, timedelta
from typing import Protocol

import msgspec

from firstline.ids import IncidentId
from firstline.notifications.delivery import Delivery
from firstline.notifications.notification import Notification


class Notifier(Protocol):
    """Delivers notifications on the channels that name it."""

    def deliver(self, notification: Notification) -> Delivery:
        """Send it once; it never raises."""


class Wake(msgspec.Struct, frozen=True):
    """A request to reconcile this incident now. Generation 0 means that a signal joined it."""

    incident: IncidentId
    generation: int = 0


class Wakes(Protocol):
    """The delayed queue that feeds reconcile."""

    def queue(self, wake: Wake, delay: timedelta) -> None:
        """Deliver *wake* after *delay*; the sweep handles delays beyond 15 minutes."""


class Clock(Protocol):
    """The only source of time."""

    def now(self) -> datetime:
        """This instant, aware, in UTC."""

    def sleep(self, duration: timedelta) -> None:
        """Wait between tries of a page, or before a retry on conflict."""
