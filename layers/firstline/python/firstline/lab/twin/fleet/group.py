"""The twin's Auto Scaling group: what it launches, terminates and refreshes.

A launched instance is in service after two minutes, a typical figure. A refresh replaces its
canary, waits at the checkpoint, and then replaces the others: together where nothing must stay
healthy, else one after the other.
"""

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from firstline.ids import InstanceId, digest
from firstline.lab.twin.fleet.hosts import TYPICAL, Host, Timings
from firstline.lab.twin.scenario import Scenario
from firstline.remediation.departure import Activity


class RefreshInProgress(Exception):
    """A group has one refresh at a time."""


class NoRefresh(Exception):
    """There is no refresh to cancel."""


class Preferences(NamedTuple):
    """A refresh's preferences: percentages, and seconds."""

    min_healthy: int
    canary: int
    delay: int
    warmup: int


BY_HAND = Preferences(min_healthy=90, canary=50, delay=3600, warmup=300)
"""The preferences of a person's refresh."""
OF_OLD = timedelta(days=3)


@dataclass
class GroupRefresh:
    """One refresh, with its pending replacements."""

    id: str
    started_at: datetime
    ends_at: datetime
    pending: list[tuple[datetime, InstanceId]]
    preferences: Preferences
    cancelled_at: datetime | None = None
    by_hand: bool = False

    def status(self, now: datetime) -> str:
        """Return Auto Scaling's status of it."""
        if self.cancelled_at is not None:
            return "Cancelled"
        return "Successful" if now >= self.ends_at else "InProgress"


class Leaves(NamedTuple):
    """The group's description and cause of an instance that leaves."""

    description: str
    cause: str


LEAVES = {
    "terminated": Leaves(
        "Terminating EC2 instance: {}{draining}",
        "At {at} instance {} was taken out of service in response to a user request.",
    ),
    "unhealthy": Leaves(
        "Terminating EC2 instance: {}{draining}",
        "At {at} an instance was taken out of service in response to an ELB system health check"
        " failure.",
    ),
    "detached": Leaves(
        "Detaching EC2 instance: {}",
        "At {at} instance {} was detached in response to a user request.",
    ),
    "standby": Leaves(
        "Moving EC2 instance to Standby: {}",
        "At {at} instance {} was moved to standby in response to a user request.",
    ),
}
DRAINING = " - Waiting For ELB Connection Draining."


@dataclass
class AutoScaling:
    """One group over the world's hosts; ``now`` is the world's clock."""

    scenario: Scenario
    start: datetime
    now: Callable[[], datetime]
    timings: Timings = TYPICAL
    hosts: dict[InstanceId, Host] = field(default_factory=dict)
    activities: list[Activity] = field(default_factory=list)
    refreshes: list[GroupRefresh] = field(default_factory=list)
    desired: int = 0

    def __post_init__(self) -> None:
        self.hosts = {
            each.id: Host(each, self.start, None, self.timings) for each in self.scenario.hosts
        }
        self.desired = self.scenario.desired or len(self.hosts)
        hour, old = timedelta(hours=1), self.start - OF_OLD
        if self.scenario.refresh_cancelled:
            self.refreshes = [GroupRefresh("refresh-old", old, old + hour, [], BY_HAND, old)]
        if self.scenario.refreshing:
            other = GroupRefresh("refresh-other", self.start, self.start + hour, [], BY_HAND)
            self.refreshes.append(other)

    @property
    def boot(self) -> timedelta:
        """Return the time until a new instance is in service."""
        return timedelta(seconds=self.scenario.boot_seconds)

    def in_service(self, at: datetime) -> list[Host]:
        """Return the hosts in service at *at*."""
        return [each for each in self.hosts.values() if each.in_service(at)]

    def listed(self, at: datetime) -> list[tuple[Host, str]]:
        """Return each host that the group lists at *at*, with its lifecycle state."""
        hosts = self.hosts.values()
        booting = [(each, "Pending") for each in hosts if each.boots(at)]
        aside = [
            (each, "Standby")
            for each in hosts
            if each.plan.leaves == "standby" and each.terminated_at and each.terminated_at <= at
        ]
        return [(each, "InService") for each in self.in_service(at)] + booting + aside

    def replace(self, id_: InstanceId, at: datetime) -> Activity:
        """Terminate an instance and launch another in its place."""
        return self._leave(id_, "terminated", at)

    def _leave(self, id_: InstanceId, how: str, at: datetime) -> Activity:
        """Take an instance out of service, and launch another unless it is on standby."""
        old = self.hosts[id_]
        old.terminated_at = at
        if how == "standby":
            self.desired -= 1
        else:
            self._launch(old, at)
        leaves, draining = LEAVES[how], DRAINING if self.scenario.health_check_type == "ELB" else ""
        activity = Activity(
            id=f"activity-{len(self.activities)}",
            description=leaves.description.format(id_, draining=draining),
            cause=leaves.cause.format(id_, at=f"{at:%Y-%m-%dT%H:%M:%SZ}"),
            at=at,
        )
        self.activities.append(activity)
        return activity

    def _launch(self, old: Host, at: datetime) -> None:
        """Launch an instance in the place of *old*."""
        helps = old.plan.replacement_helps
        fresh = copy.replace(
            old.plan,
            id=self._new_id(),
            enclave="up" if helps else "down",
            parent="up",
            reachable=True,
            ec2="ok",
            masked=False,
            restarted_by_hand_at_seconds=None,
            stopped_by_hand_at_seconds=None,
            obstacle=None if helps else old.plan.obstacle,
            registered=True,
            restart_helps=helps,
            leaves_at_seconds=None,
        )
        if self.scenario.launches:
            self.hosts[fresh.id] = Host(fresh, self.start, at + self.boot, self.timings, at)

    def fail_launch(self, at: datetime) -> None:
        """Record a failed launch: the group has fewer than it wants, and tries on."""
        if self.scenario.desired is None and not self.scenario.launches:
            self.desired = max(self.desired, len(self.in_service(at)) + 1)

    def scale_to(self, desired: int) -> None:
        """Launch what is missing to *desired*."""
        model = next(iter(self.hosts.values())).plan
        for _ in range(desired - self.desired if self.scenario.launches else 0):
            fresh = copy.replace(
                model, id=self._new_id(), enclave="up", parent="up", leaves_at_seconds=None
            )
            at = self.now()
            self.hosts[fresh.id] = Host(fresh, self.start, at + self.boot, self.timings, at)
        self.desired = desired

    def refresh(self, preferences: Preferences, *, by_hand: bool = False) -> GroupRefresh:
        """Start to replace every instance in service; raises `RefreshInProgress`."""
        now = self.now()
        if any(each.status(now) == "InProgress" for each in self.refreshes):
            raise RefreshInProgress
        old = sorted(each.plan.id for each in self.in_service(now))
        first = -(-len(old) * preferences.canary // 100)
        warm = self.boot + timedelta(seconds=preferences.warmup)
        resumed = now + warm + timedelta(seconds=preferences.delay)
        apart = timedelta(0) if preferences.min_healthy == 0 else warm
        pending = [(now, each) for each in old[:first]]
        pending += [(resumed + n * apart, each) for n, each in enumerate(old[first:])]
        name = f"refresh-{len(self.refreshes)}"
        ends_at = pending[-1][0] + warm
        begun = GroupRefresh(name, now, ends_at, pending, preferences, by_hand=by_hand)
        self.refreshes.append(begun)
        self.advance(now)
        return begun

    def cancel(self) -> GroupRefresh:
        """Cancel the active refresh; raises `NoRefresh`."""
        now = self.now()
        for each in self.refreshes:
            if each.status(now) == "InProgress":
                each.cancelled_at, each.pending = now, []
                return each
        raise NoRefresh

    def advance(self, to: datetime) -> None:
        """Carry out the replacements and departures that are due by *to*."""
        for host in list(self.hosts.values()):
            seconds = host.plan.leaves_at_seconds
            at = self.start + timedelta(seconds=seconds or 0)
            if seconds is not None and at <= to and host.terminated_at is None:
                self._leave(host.plan.id, host.plan.leaves, at)
        for refresh in self.refreshes:
            due = [each for each in refresh.pending if each[0] <= to]
            refresh.pending = [each for each in refresh.pending if each[0] > to]
            for at, id_ in due:
                if self.hosts[id_].terminated_at is None:
                    self.replace(id_, at)

    def _new_id(self) -> InstanceId:
        return InstanceId(f"i-{digest(f'launched {len(self.hosts)}'.encode())[:17]}")
