"""Notifiers, wakes and time."""

from datetime import datetime, timedelta
from typing import Protocol

import msgspec

from firstline.ids import IncidentId
from firstline.notifications.delivery import Delivery
from firstline.notifications.notification import Notification


class Notifier(Protocol):
    """What delivers notifications on the channels that name it."""

    def deliver(self, notification: Notification) -> Delivery:
        """Send it once; it never raises."""


class Wake(msgspec.Struct, frozen=True):
    """*Look at this incident now.* A generation of 0 says that a signal joined it."""

    incident: IncidentId
    generation: int = 0


class Wakes(Protocol):
    """The delayed queue that feeds reconcile."""

    def queue(self, wake: Wake, delay: timedelta) -> None:
        """Deliver *wake* after *delay*; one beyond 15 minutes is left to the sweep."""


class Clock(Protocol):
    """The only source of time."""

    def now(self) -> datetime:
        """This instant, aware, in UTC."""

    def sleep(self, duration: timedelta) -> None:
        """Wait: between tries to page, and before a contested turn begins again."""
