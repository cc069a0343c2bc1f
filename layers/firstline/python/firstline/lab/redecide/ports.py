"""The ports over a record: each read is answered as it was answered then."""

from collections import defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Never

from firstline.config.channels import channel
from firstline.config.profile import AlarmDefinition
from firstline.controller.ports import Ports
from firstline.controller.ports.messaging import Wake
from firstline.diagnosis.evidence import (
    Alarms,
    Answering,
    Connections,
    Group,
    InstanceStatuses,
    Refreshes,
    TargetHealth,
    Unknown,
)
from firstline.diagnosis.preflight import Deployments, Image, KeyState, PreflightFacts
from firstline.errors import DependencyUnavailable
from firstline.ids import CommandId, InstanceId
from firstline.lab.redecide.recorded_world import (
    NEVER,
    Outcomes,
    RecordedStore,
    RecordedWorld,
)
from firstline.monitoring.alarm_metric import Window
from firstline.notifications.delivery import Accepted, Delivery, NotYet
from firstline.notifications.notification import Notification
from firstline.redaction import redact
from firstline.remediation.departure import Departure
from firstline.remediation.execution import Answer, FixOrder, LookOrder, OtherRefresh, Sending


class PastFleet:
    """`Fleet` over the record."""

    def __init__(self, present: RecordedWorld) -> None:
        self._present = present

    def group(self) -> Group:
        """See `firstline.controller.ports.readers.Fleet`."""
        return self._present.known("group", self._present.observed.group)

    def target_health(self) -> TargetHealth | Unknown:
        """See `firstline.controller.ports.readers.Fleet`."""
        return self._present.known("target_health", self._present.observed.target_health)

    def answering(self) -> Answering | Unknown:
        """See `firstline.controller.ports.readers.Fleet`."""
        return self._present.known("answering", self._present.observed.answering)

    def statuses(self, hosts: tuple[InstanceId, ...]) -> InstanceStatuses:
        """See `firstline.controller.ports.readers.Fleet`."""
        del hosts
        return self._present.known("statuses", self._present.observed.instance_statuses)

    def alarms(self, arns: tuple[str, ...]) -> Alarms:
        """See `firstline.controller.ports.readers.Fleet`."""
        return {arn: self._present.observed.alarms.get(arn, NEVER) for arn in arns}

    def firing(self, arns: tuple[str, ...]) -> Never:
        """A sweep asks, and what it opened is in the record."""
        del arns
        raise DependencyUnavailable(NEVER.why)

    def muted(self, arn: str) -> bool:
        """See `firstline.controller.ports.readers.Fleet`."""
        facts = self._present.preflight
        return redact(arn) in self._present.known("preflight", facts.muted if facts else NEVER)


class PastHosts:
    """`Hosts` over the record."""

    def __init__(self, present: RecordedWorld, deeds: Outcomes) -> None:
        self._present = present
        self._deeds = deeds

    def look(self, order: LookOrder) -> Sending:
        """See `firstline.controller.ports.executors.Hosts`."""
        return self._deeds.send(order)

    def fix(self, order: FixOrder) -> Sending:
        """See `firstline.controller.ports.executors.Hosts`."""
        return self._deeds.send(order)

    def answers(self, command: CommandId) -> dict[InstanceId, Answer]:
        """See `firstline.controller.ports.executors.Hosts`."""
        if command not in self._present.answers:
            raise DependencyUnavailable(NEVER.why)
        return self._present.answers[command]

    def find(self, order: FixOrder, since: datetime) -> CommandId | None:
        """See `firstline.controller.ports.executors.Hosts`."""
        del order, since
        found = _found(self._present)
        return None if isinstance(found, OtherRefresh) else found

    def connections(self, hosts: tuple[InstanceId, ...]) -> Connections:
        """See `firstline.controller.ports.executors.Hosts`."""
        del hosts
        return self._present.known("connections", self._present.observed.connections)


class PastScaling:
    """`Scaling` over the record."""

    def __init__(self, present: RecordedWorld, deeds: Outcomes) -> None:
        self._present = present
        self._deeds = deeds

    def fix(self, order: FixOrder) -> Sending:
        """See `firstline.controller.ports.executors.Scaling`."""
        return self._deeds.send(order)

    def find(self, order: FixOrder, since: datetime) -> CommandId | OtherRefresh | None:
        """See `firstline.controller.ports.executors.Scaling`."""
        del order, since
        return _found(self._present)

    def departure(self, host: InstanceId, since: datetime) -> Departure | None:
        """See `firstline.controller.ports.executors.Scaling`."""
        del host, since
        return self._present.observed.departure

    def refreshes(self) -> Refreshes:
        """See `firstline.controller.ports.executors.Scaling`: read again before a fix."""
        facts = self._present.preflight
        if not self._present.preflight_read:
            return self._present.known("refreshes", self._present.observed.refreshes)
        return self._present.known("preflight", facts.refreshes if facts else NEVER)


class PastPreflight:
    """`PreflightReader` over the record; its key is asked for first."""

    def __init__(self, present: RecordedWorld) -> None:
        self._present = present

    def key(self) -> KeyState | None:
        """See `firstline.controller.ports.readers.Around`."""
        self._present.preflight_read = True
        return self._known(lambda facts: facts.key)

    def stack(self) -> Deployments | None:
        """See `firstline.controller.ports.readers.Around`."""
        return self._known(lambda facts: facts.stack)

    def parameters(self) -> Deployments | None:
        """See `firstline.controller.ports.readers.Around`."""
        return self._known(lambda facts: facts.parameters)

    def builds(self) -> Deployments | None:
        """See `firstline.controller.ports.readers.Around`."""
        return self._known(lambda facts: facts.builds)

    def image_published(self) -> str | None:
        """See `firstline.controller.ports.readers.Around`."""
        image = self._image()
        return image.published if image else None

    def images_allowed(self, key: str) -> tuple[str, ...]:
        """See `firstline.controller.ports.readers.Around`."""
        del key
        image = self._image()
        return image.allowed if image else ()

    def _image(self) -> Image | None:
        return self._known(lambda facts: facts.image)

    def _known[T](self, of: Callable[[PreflightFacts], T | Unknown]) -> T:
        facts = self._present.preflight
        return self._present.known("preflight", of(facts) if facts else NEVER)


class PastInvestigation:
    """`InvestigationReader`: no decision uses it; its results are in entries of the end."""

    def metrics(self, start: datetime) -> Never:
        """See `firstline.controller.ports.readers.Background`."""
        raise DependencyUnavailable(f"metrics around {start}: {NEVER.why}")

    def alarm_metric(self, alarm: AlarmDefinition, window: Window) -> Never:
        """See `firstline.controller.ports.readers.Background`."""
        raise DependencyUnavailable(f"{window.count} values of {alarm.metric}: {NEVER.why}")

    def external_metric(self, arn: str, signalled_at: datetime, until: datetime) -> Never:
        """See `firstline.controller.ports.readers.Background`."""
        raise DependencyUnavailable(
            f"values of {arn} around {signalled_at} to {until}: {NEVER.why}"
        )

    def issues(self) -> Never:
        """See `firstline.controller.ports.readers.Background`."""
        raise DependencyUnavailable(NEVER.why)

    def launch_template(self) -> Never:
        """See `firstline.controller.ports.readers.Background`."""
        raise DependencyUnavailable(NEVER.why)

    def releases(self, since: datetime) -> Never:
        """See `firstline.controller.ports.readers.Background`."""
        raise DependencyUnavailable(f"releases since {since}: {NEVER.why}")

    def placement(self, hosts: tuple[InstanceId, ...]) -> Never:
        """See `firstline.controller.ports.readers.Background`."""
        raise DependencyUnavailable(f"{len(hosts)} placements: {NEVER.why}")

    def lets_out(self, groups: tuple[str, ...], port: int) -> Never:
        """See `firstline.controller.ports.readers.Background`."""
        raise DependencyUnavailable(f"{len(groups)} groups and port {port}: {NEVER.why}")

    def routes(self, vpcs: tuple[str, ...]) -> Never:
        """See `firstline.controller.ports.readers.Background`."""
        raise DependencyUnavailable(f"{len(vpcs)} routes: {NEVER.why}")

    def peerings(self, ids: tuple[str, ...]) -> Never:
        """See `firstline.controller.ports.readers.Background`."""
        raise DependencyUnavailable(f"{len(ids)} peerings: {NEVER.why}")


class PastNotifier:
    """`Notifier` over the record."""

    def __init__(self, deeds: Outcomes) -> None:
        self._deeds = deeds

    def deliver(self, notification: Notification) -> Delivery:
        """See `firstline.controller.ports.messaging.Notifier`."""
        if channel(notification.channel).pages_on_call:
            return self._deeds.deliver(notification)
        return Accepted()


class PastClock:
    """`Clock`: the present's instant."""

    def __init__(self, present: RecordedWorld) -> None:
        self._present = present

    def now(self) -> datetime:
        """See `firstline.controller.ports.messaging.Clock`."""
        now = self._present.now
        if self._present.loaded:
            self._present.now, self._present.loaded = self._present.later, False
        return now

    def sleep(self, duration: timedelta) -> None:
        """See `firstline.controller.ports.messaging.Clock`: nobody waits for the past."""


class PastWakes:
    """`Wakes` as a list of (when, wake)."""

    def __init__(self, present: RecordedWorld) -> None:
        self.waiting: list[tuple[datetime, Wake]] = []
        self._present = present

    def queue(self, wake: Wake, delay: timedelta) -> None:
        """See `firstline.controller.ports.messaging.Wakes`."""
        self.waiting.append((self._present.now + delay, wake))


def ports(present: RecordedWorld, store: RecordedStore, deeds: Outcomes, wakes: PastWakes) -> Ports:
    """All of them."""
    return Ports(
        store=store,
        fleet=PastFleet(present),
        hosts=PastHosts(present, deeds),
        scaling=PastScaling(present, deeds),
        preflight=PastPreflight(present),
        investigation=PastInvestigation(),
        notifiers=defaultdict(lambda: PastNotifier(deeds)),
        wakes=wakes,
        clock=PastClock(present),
    )


def _found(present: RecordedWorld) -> CommandId | OtherRefresh | None:
    """What the search of then came to; a search that did not happen, or failed, tells nothing."""
    if not present.observed.searched:
        raise DependencyUnavailable(NEVER.why)
    return present.observed.search_result


def delivered(accepted: bool) -> Delivery:  # noqa: FBT001 - it is what was recorded
    """A delivery of then."""
    return Accepted() if accepted else NotYet("it was not taken then")
