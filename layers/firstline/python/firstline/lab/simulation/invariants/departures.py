"""Departures: a host that leaves its group in the midst of its fix."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from firstline.ids import InstanceId
from firstline.lab.simulation.invariants.acting import SKEW
from firstline.lab.simulation.left import Left
from firstline.lab.twin.fleet.hosts import Host
from firstline.ledger.entries import FixReported, FixVerified

READ_BEFORE = timedelta(seconds=90)
"""A verdict may rest on a group that was read so long before."""


def departures_are_no_verdict(left: Left) -> Iterator[str]:
    """I23: a host that somebody took away is no failure of its fix, one replaced for health is."""
    for told in left.of(FixVerified, FixReported):
        event, host = told.event, left.world.hosts.get(InstanceId(told.event.target))
        if host is None or event.action == "replace_instance":
            continue
        went, said = _went(left, host), f"{told.incident}: {event.action} on {event.target}"
        if isinstance(event, FixVerified):
            since, until = left.intents[event.token].at + SKEW, told.at - READ_BEFORE
            failed_by_hand = host.plan.leaves != "unhealthy" and not event.helped
            if went and since < went < until and failed_by_hand:
                yield f"{said} failed, and its host was taken away"
        elif event.outcome == "target-left":
            if went and host.plan.leaves == "unhealthy":
                yield f"{said} has no verdict, and its host was replaced for its health"
            if host.terminated_at is None or host.terminated_at > told.at + SKEW:
                yield f"{said} has no verdict, and its host is there"


def _went(left: Left, host: Host) -> datetime | None:
    """When it left its group as the start has it, and not by a fix before that."""
    seconds = host.plan.leaves_at_seconds
    at = left.world.start + timedelta(seconds=seconds or 0)
    return at if seconds is not None and host.terminated_at == at else None
