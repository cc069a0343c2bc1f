"""The result of a run, read once for all invariants: the ledger and the world's true state."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple, Never

from firstline.config.profile import seconds
from firstline.controller.ports.store import OperatorAnswer
from firstline.diagnosis.evidence import AlarmState
from firstline.ids import IncidentId, InstanceId
from firstline.lab.simulation.initial_worlds import Label
from firstline.lab.simulation.run import Run
from firstline.lab.twin.fleet.hosts import Host
from firstline.lab.twin.scenario import FaultPlan, UnreadablePlan
from firstline.ledger.chain import Entry
from firstline.ledger.entries import FixIntended, LedgerEvent, UnknownEvent
from firstline.ledger.export import decode_entry

if TYPE_CHECKING:
    from firstline.incidents.incident import Incident
    from firstline.lab.twin.pager.alerts import Received
    from firstline.lab.twin.world import Mutation

EVIDENCE_AGE_MAX = timedelta(seconds=120)
"""The maximum age of the evidence behind a fix."""
SAMPLE_INTERVAL = timedelta(seconds=10)
INSTANT = timedelta(microseconds=1)


class RecordedEvent[E](NamedTuple):
    """An entry of the ledger: its incident, its instant, and the event that it records."""

    incident: IncidentId
    at: datetime
    event: E


class RunResult:
    """The final state of one run."""

    def __init__(self, run: Run) -> None:
        tables = run.backend.store.tables
        self.run = run
        self.world = run.world
        self.policy = run.profile.policy
        self.incidents: tuple[Incident, ...] = tuple(run.backend.store.readable())
        self.by_id = {each.id: each for each in self.incidents}
        self.entries: tuple[RecordedEvent[LedgerEvent | UnknownEvent], ...] = tuple(
            _record(id_, entry) for id_, each in tables.entries.items() for entry in each
        )
        self.received: tuple[Received, ...] = tuple(run.backend.pager.alerts.received)
        self.mutations: tuple[Mutation, ...] = tuple(run.world.mutations)
        self.refused_tokens = frozenset(
            command.comment for command in run.world.commands.values() if command.refused
        )
        self.intents = {each.event.token: each for each in self.events(FixIntended)}

    def events[A, B = Never, C = Never](
        self, first: type[A], second: type[B] | None = None, third: type[C] | None = None
    ) -> Iterator[RecordedEvent[A | B | C]]:
        """Yield the entries that record an event of one of these types, in ledger order."""
        for each in self.entries:
            event = each.event
            if (
                isinstance(event, first)
                or (second is not None and isinstance(event, second))
                or (third is not None and isinstance(event, third))
            ):
                yield RecordedEvent(each.incident, each.at, event)

    @cached_property
    def journal(self) -> tuple[RecordedEvent[LedgerEvent | UnknownEvent] | OperatorAnswer, ...]:
        """Return the entries and the approvals in the order of their commits."""
        return tuple(
            each if isinstance(each, OperatorAnswer) else _record(each.incident, each)
            for each in self.run.backend.store.tables.journal
        )

    def bodies(self, label: Label) -> list[bytes]:
        """Return the delivered events with that *label*."""
        return [each.body for each in self.run.event_feed.delivered if each.planned.label == label]

    def subjects(self, label: Label) -> set[str]:
        """Return the subjects of the delivered events with that *label*."""
        return {
            each.planned.subject
            for each in self.run.event_feed.delivered
            if each.planned.label == label
        }

    def triggered_at(self, key: str) -> list[datetime]:
        """Return the instants at which PagerDuty accepted triggers under *key*."""
        return [each.at for each in self.received if (each.key, each.action) == (key, "trigger")]

    def served_throughout(
        self, host: InstanceId, at: datetime, since: timedelta = EVIDENCE_AGE_MAX
    ) -> bool:
        """True if *host* served at every sample from *since* before *at* on.

        The last sample is just before *at*, because a host that is terminated at *at* no longer
        serves.
        """
        known = self.world.hosts.get(host)
        return known is not None and all(map(known.serves, _samples(at - INSTANT, since)))

    def serving(self, at: datetime) -> list[Host]:
        """Return the hosts that serve at *at*."""
        return [each for each in self.world.hosts.values() if each.serves(at)]

    def served_once(
        self, host: InstanceId, at: datetime, since: timedelta = EVIDENCE_AGE_MAX
    ) -> bool:
        """True if *host* served at any sample from *since* before *at* on."""
        known = self.world.hosts.get(host)
        return known is not None and any(map(known.serves, _samples(at, since)))

    def any_alarm_fired(self, at: datetime, since: timedelta) -> bool:
        """True if an alarm was in ALARM between *since* before *at* and *at*."""
        return any(
            began <= at and (ended is None or ended > at - since)
            for began, ended in self.run.event_feed.firing_windows
        )

    def had_faults(self, since: datetime, until: datetime) -> bool:
        """True if a fault or an outage was active between these instants."""
        return any(began <= until and ended >= since for began, ended in self.fault_windows)

    @property
    def fault_windows(self) -> list[tuple[datetime, datetime]]:
        """Return the begin and end of each fault and outage."""
        return [*self.run.scheduler.fault_windows, *self._spans(self.world.scenario.faults)]

    @property
    def unreadable_windows(self) -> list[tuple[datetime, datetime]]:
        """Return the spans in which incidents were readable by newer code alone."""
        return self._spans(self.world.scenario.unreadable)

    def _spans(
        self, plans: Sequence[FaultPlan | UnreadablePlan]
    ) -> list[tuple[datetime, datetime]]:
        spans = [(seconds(each.from_seconds), seconds(each.until_seconds)) for each in plans]
        return [(self.world.start + since, self.world.start + until) for since, until in spans]

    def actions_disabled(self, at: datetime) -> bool:
        """True if the alarms' actions were disabled at *at*."""
        seconds = self.world.scenario.actions_disabled_at_seconds
        return seconds is not None and at >= self.world.start + timedelta(seconds=seconds)

    def alarm_state(self, arn: str, at: datetime) -> AlarmState | None:
        """Return the state of an alarm at *at*."""
        alarm = self.world.alarms.get(arn)
        return alarm.state_at(at) if alarm else None


def _samples(at: datetime, since: timedelta) -> Iterator[datetime]:
    return (at - number * SAMPLE_INTERVAL for number in range(since // SAMPLE_INTERVAL + 1))


def _record(id_: IncidentId, entry: Entry) -> RecordedEvent[LedgerEvent | UnknownEvent]:
    record = decode_entry(entry)
    return RecordedEvent(id_, record.at, record.checked())
