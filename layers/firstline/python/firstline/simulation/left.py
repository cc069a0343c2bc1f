"""Left: what a run left behind, read once for all checkers: the ledger, and the world's truth."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from firstline import incident as incidents
from firstline.evidence import AlarmState
from firstline.ids import IncidentId, InstanceId
from firstline.simulation.run import Run
from firstline.simulation.starts import Label
from firstline.twin.hosts import Host

if TYPE_CHECKING:
    from firstline.incident import Incident
    from firstline.twin.alerts import Received
    from firstline.twin.world import Mutation

BEFORE = timedelta(seconds=120)
"""As old as evidence may be on which a fix rests."""
GLANCE = timedelta(seconds=10)


class Told(NamedTuple):
    """An entry of the ledger: whose, when, and what it says."""

    incident: IncidentId
    at: datetime
    kind: str
    data: dict[str, Any]


class Left:
    """One run's end."""

    def __init__(self, run: Run) -> None:
        tables = run.door.store.tables
        self.run = run
        self.world = run.world
        self.policy = run.profile.policy
        self.held: tuple[Incident, ...] = tuple(map(incidents.decode, tables.incidents.values()))
        self.by_id = {each.id: each for each in self.held}
        self.entries: tuple[Told, ...] = tuple(
            _read(id_, entry.body) for id_, each in tables.entries.items() for entry in each
        )
        self.received: tuple[Received, ...] = tuple(run.door.pager.alerts.received)
        self.mutations: tuple[Mutation, ...] = tuple(run.world.mutations)
        self.intents = {each.data["token"]: each for each in self.of("intent")}

    def of(self, kind: str) -> Iterator[Told]:
        """The entries of a kind."""
        return (each for each in self.entries if each.kind == kind)

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
        """Whether *host* served at every glance from *since* before *at* on."""
        known = self.world.hosts.get(host)
        return known is not None and all(map(known.serves, _glances(at, since)))

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

    def state(self, arn: str, at: datetime) -> AlarmState | None:
        """The state of an alarm then."""
        found = self.world.alarms.get(arn)
        return found.state_at(at) if found else None


def _glances(at: datetime, since: timedelta) -> Iterator[datetime]:
    return (at - number * GLANCE for number in range(since // GLANCE + 1))


def _read(id_: IncidentId, body: str) -> Told:
    entry = msgspec.json.decode(body)
    return Told(id_, datetime.fromisoformat(entry["at"]), entry["kind"], entry["data"])
