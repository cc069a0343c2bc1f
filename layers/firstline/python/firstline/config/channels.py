"""Channels: the ways by which people are notified, each with its traits.

The policy's ``[routes]`` says which severity goes where. A channel that is not listed here is
delivered by the notifier of its own name, a module of ``adapters/notifiers``: it reaches people
who look at it, never the person on call, and nothing waits for it.
"""

from collections.abc import Iterator
from importlib.util import find_spec
from typing import Annotated

import msgspec

from firstline.config.toml_document import Fault
from firstline.signal import Severity

CHANGE = "change"
"""Change events beside PagerDuty's alerts."""
NOTE = "note"
"""Notes on PagerDuty's incidents."""
PAGER = "pager"
"""Alerts of PagerDuty."""


class Channel(msgspec.Struct, frozen=True, kw_only=True):
    """One channel.

    ``notifier`` names the module of ``adapters/notifiers`` that delivers it. A notification on a
    ``required`` channel is tried until it is taken, and counts as the response to an incident; on
    any other it is dropped after some tries, and nothing waits for it. What is ``held_for_digest``
    is sent on the next business day, together with others. Ingest tries at once, several times,
    what is ``retried_at_once``.
    """

    name: str
    notifier: str
    notifies_a_person: bool = True
    required: bool = False
    pages_on_call: bool = False
    held_for_digest: bool = False
    retried_at_once: bool = False

    @property
    def awaited(self) -> bool:
        """True if it is required now, and not on the next business day."""
        return self.required and not self.held_for_digest


_SHIPPED = {
    each.name: each
    for each in (
        Channel(
            name=PAGER,
            notifier="pagerduty",
            required=True,
            pages_on_call=True,
            retried_at_once=True,
        ),
        Channel(name="team", notifier="sns", required=True),
        Channel(name="digest", notifier="sns", required=True, held_for_digest=True),
        Channel(name=CHANGE, notifier="pagerduty", notifies_a_person=False, retried_at_once=True),
        Channel(name=NOTE, notifier="pagerduty", notifies_a_person=False, retried_at_once=True),
    )
}

type ChannelName = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9_]{0,30}\Z")]
type Route = Annotated[tuple[ChannelName, ...], msgspec.Meta(min_length=1, max_length=5)]


class Routes(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The channels of each severity: every one is used."""

    P1: Route = (PAGER,)
    P2: Route = (PAGER,)
    P3: Route = ("team",)
    P4: Route = ("digest",)

    def of(self, severity: Severity) -> tuple[str, ...]:
        """The channels of *severity* that are sent at once, those that page on call first."""
        names = [each for each in self._all(severity) if not channel(each).held_for_digest]
        return tuple(sorted(names, key=lambda each: not channel(each).pages_on_call))

    def digests(self, severity: Severity) -> tuple[str, ...]:
        """The channels of *severity* that are sent on the next business day."""
        return tuple(each for each in self._all(severity) if channel(each).held_for_digest)

    @property
    def notifiers(self) -> frozenset[str]:
        """All notifiers that the shipped channels and these routes need."""
        routed = {name for severity in Severity for name in self._all(severity)}
        return frozenset(channel(name).notifier for name in routed | set(_SHIPPED))

    def faults(self) -> Iterator[Fault]:
        """Routes that page a minor trouble, or nobody for a grave one, or that go nowhere."""
        for severity in Severity:
            names = self._all(severity)
            pages = any(channel(name).pages_on_call for name in names)
            if severity.pages and not pages:
                yield Fault(("routes", severity), f"a {severity} must page: add {PAGER!r}")
            if pages and not severity.pages:
                yield Fault(("routes", severity), f"a {severity} must not page: remove {PAGER!r}")
            for index, name in enumerate(names):
                if why := _unroutable(name, names[:index]):
                    yield Fault(("routes", severity, index), why)

    def _all(self, severity: Severity) -> tuple[str, ...]:
        route: tuple[str, ...] = getattr(self, severity)
        return route


def channel(name: str) -> Channel:
    """The channel *name*; one that is not shipped has a notifier of its own name.

    >>> channel("pager").pages_on_call
    True
    >>> channel("chat").notifier
    'chat'
    """
    return _SHIPPED.get(name) or Channel(name=name, notifier=name)


def _unroutable(name: str, before: tuple[str, ...]) -> str | None:
    if name in before:
        return f"{name!r} is listed twice: remove one"
    if not channel(name).notifies_a_person:
        return f"{name!r} notifies no person: remove it"
    if find_spec(f"firstline.adapters.notifiers.{channel(name).notifier}") is None:
        routable = ", ".join(each.name for each in _SHIPPED.values() if each.notifies_a_person)
        return f"{name!r} is not a channel: use one of {routable}, or add its notifier"
    return None
