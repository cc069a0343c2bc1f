"""People, wakes and time: who is told, and when reconcile looks again."""

from datetime import datetime, timedelta
from typing import Protocol

import msgspec

from firstline.ids import IncidentId
from firstline.notifications.delivery import Delivery


class Pager(Protocol):
    """PagerDuty Events API v2."""

    def routing_key(self) -> str:
        """The integration's key from Secrets Manager, kept for five minutes."""

    def post(self, routing_key: str, body: dict[str, object]) -> Delivery:
        """Post *body* (without its routing key) once, within three seconds."""

    def change(self, routing_key: str, body: dict[str, object]) -> Delivery:
        """Post a change event once; it notifies nobody."""

    def note(self, alert: str, content: str) -> Delivery:
        """Put a note on the latest incident of the dedup key *alert* once; it notifies nobody."""


class Team(Protocol):
    """The team's topic: what is minor is told there, and wakes nobody."""

    def publish(self, subject: str, message: str) -> Delivery:
        """Publish it once."""


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
