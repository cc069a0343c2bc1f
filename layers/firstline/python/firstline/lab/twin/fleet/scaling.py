"""The `Scaling` port over the twin's group, in memory."""

from datetime import datetime

from firstline.diagnosis.evidence import Refresh, Refreshes
from firstline.errors import DependencyUnavailable
from firstline.ids import CommandId, InstanceId
from firstline.lab.twin.effects import Effects
from firstline.lab.twin.fleet.group import NoRefresh, Preferences, RefreshInProgress
from firstline.lab.twin.world import Mutation, World
from firstline.remediation.departure import (
    Activity,
    Departure,
    find_departure,
    find_termination,
    is_leaving,
)
from firstline.remediation.execution import (
    FixOrder,
    ListedRefresh,
    OtherRefresh,
    Refused,
    Sending,
    Sent,
    Unsettled,
    cancel_refusal,
    cancelled_refresh,
    find_refresh,
)


class MemoryScaling:
    """`Scaling` over the world."""

    def __init__(self, world: World, effects: Effects) -> None:
        self._world = world
        self._effects = effects

    def fix(self, order: FixOrder) -> Sending:
        """See `firstline.controller.ports.executors.Scaling`."""
        if order.action == "cancel_refresh" and (why := self._withheld(order)) is not None:
            return Refused(why)
        try:
            return Sent(self._effects.effect("fleet", "scaling.fix", lambda: self._change(order)))
        except RefreshInProgress:
            return Refused("InstanceRefreshInProgress")
        except NoRefresh:
            return Refused("ActiveInstanceRefreshNotFound")
        except DependencyUnavailable as error:
            return Unsettled(str(error))

    def find(self, order: FixOrder, since: datetime) -> CommandId | OtherRefresh | None:
        """See `firstline.controller.ports.executors.Scaling`."""
        return self._effects.effect("fleet", "scaling.find", lambda: self._find(order, since))

    def departure(self, host: InstanceId, since: datetime) -> Departure | None:
        """See `firstline.controller.ports.executors.Scaling`."""
        return self._effects.effect(
            "fleet", "scaling.departure", lambda: self._departure(host, since)
        )

    def refreshes(self) -> Refreshes:
        """See `firstline.controller.ports.executors.Scaling`."""
        return self._effects.effect("fleet", "scaling.refreshes", self._refreshes)

    def _withheld(self, order: FixOrder) -> str | None:
        try:
            return cancel_refusal(order, self.refreshes())
        except DependencyUnavailable as error:
            return str(error)

    def _change(self, order: FixOrder) -> CommandId:
        now, given = self._world.now, order.parameters
        hosts = tuple(each.plan.id for each in self._world.group.in_service(now))
        touched = {
            "replace_instance": (InstanceId(given.get("InstanceId", "")),),
            "refresh_fleet": hosts,
        }
        command = self._changed(order)
        done = Mutation(now, order.token, order.action, touched.get(order.action, ()), given)
        self._world.mutations.append(done)
        return command

    def _changed(self, order: FixOrder) -> CommandId:
        group, given = self._world.group, order.parameters
        match order.action:
            case "replace_instance":
                host = InstanceId(given["InstanceId"])
                return CommandId(group.replace(host, self._world.now).id)
            case "refresh_fleet":
                return CommandId(group.refresh(_preferences(given)).id)
            case "cancel_refresh":
                return CommandId(group.cancel().id)
            case _:
                group.scale_to(int(given["DesiredCapacity"]))
                return CommandId(f"desired-{given['DesiredCapacity']}")

    def _departure(self, host: InstanceId, since: datetime) -> Departure | None:
        return find_departure(self._activities(), host, since)

    def _activities(self) -> list[Activity]:
        return [each for each in self._world.group.activities if each.at <= self._world.now]

    def _find(self, order: FixOrder, since: datetime) -> CommandId | OtherRefresh | None:
        group, until = self._world.group, self._world.now
        match order.action:
            case "replace_instance":
                host = InstanceId(order.parameters["InstanceId"])
                states = {each.plan.id: state for each, state in group.listed(until)}
                found = find_termination(self._activities(), host, since)
                return found if is_leaving(states.get(host)) else None
            case "refresh_fleet":
                ours = _preferences(order.parameters)
                begun = (
                    ListedRefresh(
                        CommandId(each.id), each.started_at, ours=each.preferences == ours
                    )
                    for each in reversed(group.refreshes)
                    if each.started_at <= until
                )
                return find_refresh(order, since, begun)
            case "cancel_refresh":
                return cancelled_refresh(order, self._refreshes())
            case _:
                wanted = order.parameters["DesiredCapacity"]
                return CommandId(f"desired-{wanted}") if group.desired == int(wanted) else None

    def _refreshes(self) -> Refreshes:
        known = (
            Refresh(each.id, each.status(self._world.now), each.started_at)
            for each in reversed(self._world.group.refreshes)
        )
        return Refreshes(tuple(known))


def _preferences(given: dict[str, str]) -> Preferences:
    """Return a refresh's preferences as the twin's group takes them."""
    return Preferences(
        min_healthy=int(given["MinHealthyPercentage"]),
        canary=int(given["CanaryPercentage"]),
        delay=int(given["CheckpointDelay"]),
        warmup=int(given["InstanceWarmup"]),
    )
