"""Departures: a host that leaves its group during its fix."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from firstline.ids import InstanceId
from firstline.lab.simulation.invariants.fixes import SKEW
from firstline.lab.simulation.run_result import RunResult
from firstline.lab.twin.fleet.hosts import Host
from firstline.ledger.entries import FixReported, FixVerified

READ_BEFORE = timedelta(seconds=90)
"""The maximum age of the group behind a verdict."""


def departures_get_no_verdict(result: RunResult) -> Iterator[str]:
    """I23: a host that a person removed is no failed fix; one replaced for health is."""
    for record in result.events(FixVerified, FixReported):
        event, host = record.event, result.world.hosts.get(InstanceId(record.event.target))
        if host is None or event.action == "replace_instance":
            continue
        departed_at, subject = (
            _departed_at(result, host),
            f"{record.incident}: {event.action} on {event.target}",
        )
        if isinstance(event, FixVerified):
            since, until = result.intents[event.token].at + SKEW, record.at - READ_BEFORE
            failed_by_hand = host.plan.leaves != "unhealthy" and not event.helped
            if departed_at and since < departed_at < until and failed_by_hand:
                yield f"{subject} failed, and its host was taken away"
        elif event.outcome == "target-left":
            if departed_at and host.plan.leaves == "unhealthy":
                yield f"{subject} has no verdict, and its host was replaced for its health"
            if host.terminated_at is None or host.terminated_at > record.at + SKEW:
                yield f"{subject} has no verdict, and its host is there"


def _departed_at(result: RunResult, host: Host) -> datetime | None:
    """Return when the host left its group as planned, and not by an earlier fix."""
    seconds = host.plan.leaves_at_seconds
    at = result.world.start + timedelta(seconds=seconds or 0)
    return at if seconds is not None and host.terminated_at == at else None
