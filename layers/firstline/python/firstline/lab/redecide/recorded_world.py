"""The recorded world of one reconcile, and the store that goes with it.

Nothing is guessed. What was never read is unknown, and `RecordedWorld.missing` names it; what was
never done, or never answered, is for the `Outcomes`.
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


class RecordedWorld(msgspec.Struct):
    """The record of one reconcile, and the facts that it lacks.

    The clock is ``now`` until the incident was read and once after that, and then ``later``: the
    work before the decision took time. ``answers`` are those of the pending commands. With
    ``storm_unread`` the earlier openings could not be read then.
    """

    now: datetime
    later: datetime
    observed: ObservedFacts = ObservedFacts(limits=NEVER)
    preflight: PreflightFacts | None = None
    answers: dict[CommandId, dict[InstanceId, Answer]] = {}
    preflight_read: bool = False
    storm_unread: bool = False
    loaded: bool = False
    missing: set[str] = set()

    def read(
        self, inputs: DecisionInputs, answers: dict[CommandId, dict[InstanceId, Answer]]
    ) -> None:
        """Load another reconcile, with its *inputs*."""
        self.observed, self.preflight, self.answers = inputs.observed, inputs.preflight, answers
        self.preflight_read = self.storm_unread = self.loaded = False
        self.missing = set()

    def known[T](self, name: str, fact: T | Unknown) -> T:
        """Return *fact*; raises `DependencyUnavailable` if it was not known."""
        if fact in (NOT_NEEDED, NEVER):
            self.missing.add(name)
            raise DependencyUnavailable(NEVER.why)
        if isinstance(fact, Unknown):
            raise DependencyUnavailable(fact.why)
        return fact


class Outcomes(Protocol):
    """The outcomes of orders and pages."""

    def send(self, order: LookOrder | FixOrder) -> Sending:
        """Return the result of an order; may end the reconcile by an exception of its own."""
        ...

    def deliver(self, notification: Notification) -> Delivery:
        """Return the vendor's answer to a notification."""
        ...


class NoFaults:
    """`Effects` of requests that never fail."""

    def effect[T](self, dependency: Dependency, name: str, act: Callable[[], T]) -> T:
        """Run *act*."""
        del dependency, name
        return act()


class RecordedStore(MemoryStore):
    """A store of its own; limits and openings are readable as they were then."""

    def __init__(self, present: RecordedWorld) -> None:
        super().__init__(NoFaults())
        self._present = present

    def load(self, incident: IncidentId) -> LoadedIncident | None:
        """See `firstline.controller.ports.store.Store`."""
        self._present.loaded = True
        return super().load(incident)

    def limits(self, group: str) -> Limits:
        """See `firstline.controller.ports.store.Store`."""
        self._present.known("limits", self._present.observed.limits)
        return super().limits(group)

    def openings(self, fleet: str) -> Openings:
        """See `firstline.controller.ports.store.Store`."""
        if self._present.storm_unread:
            raise DependencyUnavailable(NEVER.why)
        return super().openings(fleet)
