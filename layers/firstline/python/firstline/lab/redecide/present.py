"""Present: what the record says of one turn, and the store that a past is lived with.

Nothing is guessed. What was never read is unknown, and `Present.missing` says that it was asked
for; what was never done, or never answered, is for the `Deeds` to say.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

import msgspec

from firstline.controller.ports.store import LoadedIncident
from firstline.diagnosis.evidence import NOT_NEEDED, Unknown
from firstline.diagnosis.preflight import PreflightFacts
from firstline.errors import DependencyUnavailable
from firstline.ids import CommandId, IncidentId, InstanceId
from firstline.lab.twin.scenario import Dependency
from firstline.lab.twin.store import MemoryStore
from firstline.notifications.delivery import Delivery
from firstline.notifications.notification import Notification
from firstline.remediation.decision_record import DecisionInputs, ObservedFacts
from firstline.remediation.execution import Answer, FixOrder, LookOrder, Sending
from firstline.remediation.limits import Limits
from firstline.signals.storm import Openings

NEVER = Unknown("it was never recorded")


class Present(msgspec.Struct):
    """What the record says of one turn, and what it was asked for in vain.

    ``now`` is told until the incident was read and once after that, and ``later`` from then on:
    what came before the decision took its time.
    ``answers`` are those of the commands that are waited for. Where ``storm_unread`` nobody could
    read then what had opened before.
    """

    now: datetime
    later: datetime
    seen: ObservedFacts = ObservedFacts(limits=NEVER)
    around: PreflightFacts | None = None
    answers: dict[CommandId, dict[InstanceId, Answer]] = {}
    looked_around: bool = False
    storm_unread: bool = False
    loaded: bool = False
    missing: set[str] = set()

    def read(
        self, basis: DecisionInputs, answers: dict[CommandId, dict[InstanceId, Answer]]
    ) -> None:
        """Another turn, which rested on *basis*."""
        self.seen, self.around, self.answers = basis.seen, basis.around, answers
        self.looked_around = self.storm_unread = self.loaded = False
        self.missing = set()

    def known[T](self, name: str, fact: T | Unknown) -> T:
        """*fact*; raises `DependencyUnavailable` with the reason why it was not known."""
        if fact in (NOT_NEEDED, NEVER):
            self.missing.add(name)
            raise DependencyUnavailable(NEVER.why)
        if isinstance(fact, Unknown):
            raise DependencyUnavailable(fact.why)
        return fact


class Deeds(Protocol):
    """What came of sending an order, or of posting a page."""

    def send(self, order: LookOrder | FixOrder) -> Sending:
        """What is known of it; may end the turn by an exception of its own."""
        ...

    def deliver(self, notification: Notification) -> Delivery:
        """Whether PagerDuty took it."""
        ...


class Plain:
    """`Effects` of requests that never fail."""

    def effect[T](self, dependency: Dependency, name: str, act: Callable[[], T]) -> T:
        """Run *act*."""
        del dependency, name
        return act()


class PastStore(MemoryStore):
    """A store of its own; whether limits and openings could be read is as it was then."""

    def __init__(self, present: Present) -> None:
        super().__init__(Plain())
        self._present = present

    def load(self, incident: IncidentId) -> LoadedIncident | None:
        """See `firstline.controller.ports.store.Store`."""
        self._present.loaded = True
        return super().load(incident)

    def limits(self, group: str) -> Limits:
        """See `firstline.controller.ports.store.Store`."""
        self._present.known("limits", self._present.seen.limits)
        return super().limits(group)

    def openings(self, fleet: str) -> Openings:
        """See `firstline.controller.ports.store.Store`."""
        if self._present.storm_unread:
            raise DependencyUnavailable(NEVER.why)
        return super().openings(fleet)
