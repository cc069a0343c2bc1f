"""Stored incidents that this code cannot read, for a while or for good.

Both backends show them as the real store does: the text is foreign, the other attributes are as
written.
"""

from datetime import datetime, timedelta

from firstline.ids import IncidentId, SignalKey, incident_id
from firstline.incidents.incident import SCHEMA, Incident
from firstline.lab.twin.store import Row, Stored, Tables, row_of
from firstline.lab.twin.world import World
from firstline.signal import Component, Condition, Severity
from firstline.signals import correlation

BEFORE = timedelta(hours=1)
"""A spoilt incident was opened so long before the start."""
SPOILT = "{}"
OURS, NEWER = f'"schema":{SCHEMA}', f'"schema":{SCHEMA + 1}'


def stored_text(world: World) -> Stored:
    """Return the function that gives the text that this code reads of an aggregate."""

    def found(text: str, row: Row) -> str:
        return text.replace(OURS, NEWER, 1) if unreadable(world, row.opened_at) else text

    return found


def unreadable(world: World, opened_at: datetime) -> bool:
    """True if only newer code can now read an incident of that instant."""
    opened, now = (opened_at - world.start).total_seconds(), world.elapsed.total_seconds()
    return any(
        opened <= each.from_seconds <= now < each.until_seconds
        for each in world.scenario.unreadable
    )


def spoilt_ids(world: World) -> frozenset[IncidentId]:
    """Return the incidents that no code can read."""
    return frozenset(each.id for each in spoilt_incidents(world, ""))


def store_spoilt(tables: Tables, world: World, fleet: str) -> None:
    """Put the scenario's spoilt incidents into the memory store's *tables*."""
    for number, held in enumerate(spoilt_incidents(world, fleet)):
        tables.incidents[held.id], tables.rows[held.id] = SPOILT, row_of(held)
        if not number and spoilt_condition(world):
            tables.causes[held.correlation_key] = held.id


def spoilt_incidents(world: World, fleet: str) -> tuple[Incident, ...]:
    """Return the scenario's spoilt incidents as they were before."""
    plan, at = world.scenario.spoilt, world.start - BEFORE
    condition = spoilt_condition(world) or Condition.UNCLASSIFIED
    return tuple(
        Incident(
            id=incident_id(key),
            version=1,
            correlation_key=correlation.correlation_key(fleet, condition),
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


def spoilt_condition(world: World) -> Condition | None:
    """Return the condition whose correlation key the first of them has."""
    return world.scenario.spoilt.condition if world.scenario.spoilt else None
