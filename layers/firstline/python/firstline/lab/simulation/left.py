"""Left: what a run left behind, read once for all checkers: the ledger, and the world's truth."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple, Never

from firstline.config.profile import seconds
from firstline.controller.ports.store import OperatorAnswer
from firstline.diagnosis.evidence import AlarmState
from firstline.ids import IncidentId, InstanceId
from firstline.lab.simulation.run import Run
from firstline.lab.simulation.starts import Label
from firstline.lab.twin.fleet.hosts import Host
from firstline.lab.twin.scenario import FaultPlan, UnreadablePlan
from firstline.ledger.chain import Entry
from firstline.ledger.entries import FixIntended, LedgerEvent, UnknownEvent
from firstline.ledger.export import decode_entry

if TYPE_CHECKING:
    from firstline.incidents.incident import Incident
    from firstline.lab.twin.pager.alerts import Received
    from firstline.lab.twin.world import Mutation

BEFORE = timedelta(seconds=120)
"""As old as evidence may be on which a fix rests."""
GLANCE = timedelta(seconds=10)
INSTANT = timedelta(microseconds=1)


class Told[E](NamedTuple):
    """An entry of the ledger: of which incident, when, and what it records."""

    incident: IncidentId
    at: datetime
    event: E


class Left:
    """One run's end."""

    def __init__(self, run: Run) -> None:
        tables = run.door.store.tables
        self.run = run
        self.world = run.world
        self.policy = run.profile.policy
        self.held: tuple[Incident, ...] = tuple(run.door.store.readable())
        self.by_id = {each.id: each for each in self.held}
        self.entries: tuple[Told[LedgerEvent | UnknownEvent], ...] = tuple(
            _read(id_, entry) for id_, each in tables.entries.items() for entry in each
        )
        self.received: tuple[Received, ...] = tuple(run.door.pager.alerts.received)
        self.mutations: tuple[Mutation, ...] = tuple(run.world.mutations)
        self.refused = frozenset(
            command.comment for command in run.world.commands.values() if command.refused
        )
        self.intents = {each.event.token: each for each in self.of(FixIntended)}

    def of[A, B = Never, C = Never](
        self, first: type[A], second: type[B] | None = None, third: type[C] | None = None
    ) -> Iterator[Told[A | B | C]]:
        """The entries that record an event of one of these types, in the ledger's order."""
        for each in self.entries:
            event = each.event
            if (
                isinstance(event, first)
                or (second is not None and isinstance(event, second))
                or (third is not None and isinstance(event, third))
            ):
                yield Told(each.incident, each.at, event)

    @cached_property
    def journal(self) -> tuple[Told[LedgerEvent | UnknownEvent] | OperatorAnswer, ...]:
        """The entries, and people's answers, in the order in which they were committed."""
        return tuple(
            each if isinstance(each, OperatorAnswer) else _read(each.incident, each)
            for each in self.run.door.store.tables.journal
        )

    def labelled(self, label: Label) -> list[bytes]:
        """The events of the start that bear *label*."""
        return [each.body for each in self.run.news.heard if each.told.label == label]

    def about(self, label: Label) -> set[str]:
        """What the events of the start with *label* are about."""
        return {each.told.about for each in self.run.news.heard if each.told.label == label}

    def triggered(self, key: str) -> list[datetime]:
        """When PagerDuty took triggers under *key*."""
        return [each.at for each in self.received if (each.key, each.action) == (key, "trigger")]

    def served(self, host: InstanceId, at: datetime, since: timedelta = BEFORE) -> bool:
        """Whether *host* served at every glance from *since* before *at* on.

        The last is just before *at*: what is terminated at that instant serves no more.
        """
        known = self.world.hosts.get(host)
        return known is not None and all(map(known.serves, _glances(at - INSTANT, since)))

    def serving(self, at: datetime) -> list[Host]:
        """The hosts that serve at *at*."""
        return [each for each in self.world.hosts.values() if each.serves(at)]

    def seen_serving(self, host: InstanceId, at: datetime, since: timedelta = BEFORE) -> bool:
        """Whether *host* served at any glance from *since* before *at* on."""
        known = self.world.hosts.get(host)
        return known is not None and any(map(known.serves, _glances(at, since)))

    def fired(self, at: datetime, since: timedelta) -> bool:
        """Whether any alarm of the world was in ALARM between *since* before *at* and *at*."""
        return any(
            began <= at and (ended is None or ended > at - since)
            for began, ended in self.run.news.firing
        )

    def troubled(self, since: datetime, until: datetime) -> bool:
        """Whether anything was in trouble between these instants."""
        return any(began <= until and over >= since for began, over in self.troubles)

    @property
    def troubles(self) -> list[tuple[datetime, datetime]]:
        """When each fault and each outage began, and when it was over."""
        return [*self.run.scheduler.troubles, *self._spans(self.world.scenario.faults)]

    @property
    def unreadable(self) -> list[tuple[datetime, datetime]]:
        """When incidents were of newer code, and until when."""
        return self._spans(self.world.scenario.unreadable)

    def _spans(
        self, plans: Sequence[FaultPlan | UnreadablePlan]
    ) -> list[tuple[datetime, datetime]]:
        spans = [(seconds(each.from_seconds), seconds(each.until_seconds)) for each in plans]
        return [(self.world.start + since, self.world.start + until) for since, until in spans]

    def disabled(self, at: datetime) -> bool:
        """Whether somebody had disabled the alarms' actions then."""
        seconds = self.world.scenario.actions_disabled_at_seconds
        return seconds is not None and at >= self.world.start + timedelta(seconds=seconds)

    def state(self, arn: str, at: datetime) -> AlarmState | None:
        """The state of an alarm then."""
        found = self.world.alarms.get(arn)
        return found.state_at(at) if found else None


def _glances(at: datetime, since: timedelta) -> Iterator[datetime]:
    return (at - number * GLANCE for number in range(since // GLANCE + 1))


def _read(id_: IncidentId, entry: Entry) -> Told[LedgerEvent | UnknownEvent]:
    told = decode_entry(entry)
    return Told(id_, told.at, told.checked())
