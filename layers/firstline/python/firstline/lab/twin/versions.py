"""Versions: stored incidents that this code cannot read, for a while or for good.

Both backends show them as the real store does: the text is another than this code reads, and what
stands beside it is as it was written.
"""

from datetime import datetime, timedelta

from firstline.ids import IncidentId, SignalKey, incident_id
from firstline.incidents.incident import Incident
from firstline.lab.twin.store import Row, Stored, Tables, row_of
from firstline.lab.twin.world import World
from firstline.signal import Component, Condition, Severity
from firstline.signals import correlation

BEFORE = timedelta(hours=1)
"""How long before the start a spoilt incident was opened."""
SPOILT = "{}"
OURS, NEWER = '"schema":1', '"schema":2'


def as_found(world: World) -> Stored:
    """What this code finds in place of an aggregate's text, in the world as it is then."""

    def found(text: str, row: Row) -> str:
        return text.replace(OURS, NEWER, 1) if unreadable(world, row.opened_at) else text

    return found


def unreadable(world: World, opened_at: datetime) -> bool:
    """Whether an incident of that instant is one that only newer code reads now."""
    opened, now = (opened_at - world.start).total_seconds(), world.elapsed.total_seconds()
    return any(
        opened <= each.from_seconds <= now < each.until_seconds
        for each in world.scenario.unreadable
    )


def spoilt_ids(world: World) -> frozenset[IncidentId]:
    """The incidents that no code can read."""
    return frozenset(each.id for each in spoilt(world, ""))


def spoil(tables: Tables, world: World, fleet: str) -> None:
    """Put the scenario's spoilt incidents into the memory store's *tables*."""
    for number, held in enumerate(spoilt(world, fleet)):
        tables.incidents[held.id], tables.rows[held.id] = SPOILT, row_of(held)
        if not number and claims(world):
            tables.causes[held.cause] = held.id


def spoilt(world: World, fleet: str) -> tuple[Incident, ...]:
    """The scenario's spoilt incidents, as they were before that."""
    plan, at = world.scenario.spoilt, world.start - BEFORE
    condition = claims(world) or Condition.UNCLASSIFIED
    return tuple(
        Incident(
            id=incident_id(key),
            version=1,
            cause=correlation.correlation_key(fleet, condition),
            condition=condition,
            severity=Severity.P2,
            component=Component.ENCLAVE,
            rule="",
            alarm="",
            alarm_arn="",
            opening=key,
            signalled_at=at,
            opened_at=at,
            joined_at=at,
            next_wake_at=at,
        )
        for key in (SignalKey(f"spoilt {number}") for number in range(plan.count if plan else 0))
    )


def claims(world: World) -> Condition | None:
    """The condition whose cause the first of them has."""
    return world.scenario.spoilt.condition if world.scenario.spoilt else None
