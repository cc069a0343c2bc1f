"""Context: the dependencies of a notifier, and the notifiers that a policy needs."""

from importlib import import_module
from typing import NamedTuple

from boto3.session import Session

from firstline.adapters.pagerduty.http_line import PATIENCE, Patience
from firstline.config.channels import Routes
from firstline.config.settings import Settings
from firstline.controller.ports.messaging import Clock, Notifier


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
    return notifier
