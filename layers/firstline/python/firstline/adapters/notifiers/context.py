"""Context: the dependencies of a notifier, and the notifiers that a policy needs."""

from importlib import import_module
from typing import NamedTuple

from boto3.session import Session

from firstline.adapters.dns import run_detached
from firstline.adapters.pagerduty.http_line import PATIENCE, Patience
from firstline.config.channels import Routes
from firstline.config.settings import Settings
from firstline.controller.ports.messaging import Clock, Notifier
from firstline.notifications.delivery import Delivery, NotYet
from firstline.notifications.notification import Notification

SHIPPED = frozenset({"pagerduty", "sns"})
"""The notifiers that bound each request themselves."""


class Context(NamedTuple):
    """The dependencies of a notifier; *patience* bounds each request to a vendor."""

    settings: Settings
    session: Session
    clock: Clock
    patience: Patience = PATIENCE


def notifiers(routes: Routes, context: Context) -> dict[str, Notifier]:
    """The notifiers of *routes* and of the shipped channels, by name."""
    return {each: _notifier(each, context) for each in sorted(routes.notifiers)}


def _notifier(name: str, context: Context) -> Notifier:
    notifier: Notifier = import_module(f"firstline.adapters.notifiers.{name}").notifier(context)
    return notifier if name in SHIPPED else Contained(notifier, name, context.patience.deadline)


class Contained:
    """A notifier of others, which can neither raise nor hold a page back.

    It gets *limit_seconds*; its late answer is not read. No text of its error is kept, because it
    may quote a secret.
    """

    def __init__(self, notifier: Notifier, name: str, limit_seconds: float) -> None:
        self.notifier = notifier
        self._name = name
        self._limit_seconds = limit_seconds

    def deliver(self, notification: Notification) -> Delivery:
        """Send it once; a failure of any kind is `NotYet`."""
        answer = run_detached(lambda: self.notifier.deliver(notification))
        try:
            return answer.result(self._limit_seconds)
        except TimeoutError:
            return NotYet(f"{self._name} did not answer in time")
        except Exception as error:  # noqa: BLE001 - the code is not firstline's
            return NotYet(f"{self._name} failed: {type(error).__name__}")
