"""The production controller under one policy, over the record of what happened.

It has a store of its own, and so its own incidents, budgets, cooldowns and storms. Its reads are
the record's. While it does what was done then, the record has the outcomes. After the first fix
that differs the outcome is unknown, and the incident has diverged.
"""

import contextlib
import copy
from datetime import datetime

import msgspec

from firstline.config.profile import Profile
from firstline.config.settings import Home
from firstline.controller.ingest import receive
from firstline.controller.open_incident import check_storm
from firstline.controller.ports.messaging import Wake
from firstline.controller.reconcile import reconcile
from firstline.controller.record_external_event import Arrival, is_credible
from firstline.controller.system import System
from firstline.diagnosis import external_events as circumstances
from firstline.diagnosis.external_events import ExternalEvents
from firstline.errors import DependencyUnavailable
from firstline.ids import CommandId, IncidentId, InstanceId
from firstline.incidents import demotion as trust
from firstline.incidents.incident import Incident
from firstline.lab.redecide import ports as past
from firstline.lab.redecide.incident_record import RecordedReconcile
from firstline.lab.redecide.recorded_world import RecordedStore, RecordedWorld
from firstline.lab.redecide.redecision import (
    SETTINGS,
    WorkerDied,
    command_answers,
    sending_result,
    with_wakes,
)
from firstline.ledger.entries import DecisionMade, FixIntended
from firstline.ledger.export import DecodedEntry, decode_entry
from firstline.notifications.delivery import Accepted, Delivery
from firstline.notifications.notification import Notification
from firstline.notifications.pages import pending
from firstline.remediation.decision_record import DecisionInputs
from firstline.remediation.execution import Answer, FixOrder, LookOrder, Sending, Sent
from firstline.remediation.limits import Limits
from firstline.signal import Disposition, Signal
from firstline.signals import correlation as causes
from firstline.signals.classify import Classification, classify, with_profile_name

UNRECORDED_COMMAND = CommandId("unrecorded")
"""The command of an inspection that is not in the record; it is never answered."""


class UnrecordedFix(BaseException):
    """A fix that is not in the record: its outcome is unknown."""


class DecidedStep(msgspec.Struct, frozen=True, kw_only=True):
    """A decision: the step, its action and target, the rule, and the guards that denied."""

    step: str
    action: str | None = None
    target: str | None = None
    rule: str
    why: str
    denied: tuple[str, ...] = ()


class PolicyRunOutcomes:
    """`Outcomes` of one policy: pages are accepted, orders have the recorded outcome."""

    def __init__(self) -> None:
        self.current: RecordedReconcile | None = None
        self.missing: set[str] = set()
        self.pages: list[tuple[str, str]] = []
        self.fixes: list[tuple[str, str]] = []

    def send(self, order: LookOrder | FixOrder) -> Sending:
        """Return the recorded result; raises `WorkerDied` or `UnrecordedFix`."""
        fix = isinstance(order, FixOrder)
        if isinstance(order, FixOrder):
            self.fixes.append((order.action, order.target))
        intent = self.current.intent if self.current else None
        if intent is None or _order_key(order) != (intent.action, intent.targets):
            if fix:
                raise UnrecordedFix
            self.missing.add("what hosts would have answered to a look")
            return Sent(UNRECORDED_COMMAND)
        if self.current is None or self.current.outcome is None:
            raise WorkerDied
        return sending_result(self.current.outcome)

    def deliver(self, notification: Notification) -> Delivery:
        """Accept the page."""
        self.pages.append((notification.action, notification.key))
        return Accepted()


def _order_key(order: LookOrder | FixOrder) -> tuple[str, tuple[str, ...]]:
    if isinstance(order, FixOrder):
        return order.action, (order.target,)
    return "look_host", order.targets


class PolicyRun:
    """One policy's firstline; ``diverged`` has the incidents that left the record, and why."""

    def __init__(self, profile: Profile, home: Home, alarms: dict[str, str], at: datetime) -> None:
        self.profile = profile
        self.outcomes = PolicyRunOutcomes()
        self.present = RecordedWorld(at, at)
        self.store = RecordedStore(self.present)
        self.wakes = past.PastWakes(self.present)
        self.diverged: dict[IncidentId, str] = {}
        self._escalated = False
        self._demoted: set[str] = set()
        ports = past.ports(self.present, self.store, self.outcomes, self.wakes)
        settings = copy.replace(SETTINGS, home=home, alarms=alarms, mode="enforce")
        self._system = System(ports, profile, settings)

    # --- what happens ------------------------------------------------------------------------

    def known(self, signal: Signal) -> Signal:
        """Return *signal* under this policy's name for it."""
        return with_profile_name(signal, self.profile, self._system.settings.alarms)

    def judge(self, signal: Signal) -> Classification:
        """Return the classification of *signal* by this policy."""
        return classify(signal, self.profile, self._system.settings.home)

    def record_only(self, signal: Signal, classification: Classification) -> bool:
        """True if *signal* opens and joins nothing; only its state is then recorded.

        That is the latest OK of an alarm, and active external events.
        """
        if classification.disposition is Disposition.INCIDENT or not self._joins_nothing(
            classification
        ):
            return False
        if classification.disposition is Disposition.RECOVERY:
            self.record_recovery(signal.arn, signal.at)
        elif circumstances.is_external_event(signal) and is_credible(signal, classification):
            around, group = self.store.tables.circumstances, self.profile.fleet.group
            around[group] = around.get(group, ExternalEvents()).with_signal(signal)
        return True

    def _joins_nothing(self, classification: Classification) -> bool:
        """True if nothing is open that *classification* could join."""
        joins = {classification.correlation_key, causes.storm_key(self.profile.fleet.name)}
        return joins.isdisjoint(self.store.tables.causes)

    def exceeds_storm_limit(self, signal: Signal, classification: Classification) -> bool:
        """True if *signal* would be one too many, and part of a storm."""
        one, _ = check_storm(Arrival(signal, classification), self._system)
        return one.classification.correlation_key == causes.storm_key(self.profile.fleet.name)

    def receive(self, signal: Signal, classification: Classification) -> None:
        """Process *signal*."""
        with contextlib.suppress(
            DependencyUnavailable
        ):  # what contends for the same thing is not in a past
            receive(signal, classification, self._system)

    def record_recovery(self, arn: str, at: datetime) -> None:
        """Record an alarm's OK: an earlier signal that comes later is late."""
        known = self.store.tables.heard.get(arn, at)
        self.store.tables.heard[arn] = max(known, at)

    def reconcile(
        self, id_: IncidentId, turn: RecordedReconcile | None, inputs: DecisionInputs
    ) -> DecidedStep | None:
        """Reconcile once; None if the incident is not open or has diverged."""
        incident = self.incident(id_)
        if incident is None or id_ in self.diverged or not self.has_open(id_):
            return None
        incident = with_wakes(incident, inputs, self.store)
        self.present.read(inputs, _known_answers(incident, inputs))
        self.outcomes.current = turn
        if turn is not None:
            self.store.tables.approvals[id_] = list(turn.approvals)
        if isinstance(inputs.observed.limits, Limits) and turn is not None:
            self._apply_operator_changes(inputs.observed.limits)
        return self._decide(incident, inputs)

    def _apply_operator_changes(self, then: Limits) -> None:
        """Apply the recorded pauses, external events and promotions; the rest is own."""
        tables, group = self.store.tables, self.profile.fleet.group
        tables.switch, tables.circumstances[group] = then.switch, then.circumstances
        demoted = {each.action for each in then.lease.trusts if each.demoted}
        for action in sorted(self._demoted - demoted):
            own = tables.leases.get(group, then.lease)
            tables.leases[group] = copy.replace(own, trusts=trust.reinstate(own.trusts, action))
        self._demoted = demoted

    def _decide(self, incident: Incident, inputs: DecisionInputs) -> DecidedStep | None:
        entries = self.store.tables.entries[incident.id]
        before, fixes = len(entries), len(self.outcomes.fixes)
        settings = copy.replace(self._system.settings, mode=inputs.mode)
        system = copy.replace(self._system, settings=settings)
        try:
            reconcile(Wake(incident.id, incident.wake_generation), system)
        except UnrecordedFix:
            self.diverged[incident.id] = "a fix that was not done then"
        except (WorkerDied, DependencyUnavailable):
            pass
        self._check_fix_repeated(incident.id, self.outcomes.fixes[fixes:])
        step = _step([decode_entry(each) for each in entries[before:]])
        self._escalated = step is not None and step.step == "escalate"
        return step

    def _check_fix_repeated(self, id_: IncidentId, done: list[tuple[str, str]]) -> None:
        """Mark the incident as diverged if a recorded fix is not repeated."""
        intent = self.outcomes.current.intent if self.outcomes.current else None
        if isinstance(intent, FixIntended) and not done:
            self.diverged.setdefault(id_, "a fix that was done then, and would not be")

    # --- what is there -----------------------------------------------------------------------

    def incident(self, id_: IncidentId) -> Incident | None:
        """Return the incident of that id, if this policy opened it."""
        text = self.store.tables.incidents.get(id_)
        return self.store.tables.incident(id_, text) if text is not None else None

    def has_open(self, id_: IncidentId) -> bool:
        """True if it is open here, or a page is pending."""
        incident = self.incident(id_)
        return incident is not None and (not incident.ended or _has_pending_page(incident))

    def incident_ids(self) -> tuple[IncidentId, ...]:
        """Return every stored incident."""
        return tuple(self.store.tables.incidents)

    def missing_facts(self) -> set[str]:
        """Return the facts that the last reconcile read and the record lacks."""
        facts = self.present.missing | self.outcomes.missing
        self.outcomes.missing = set()
        # an escalation reads these for a person: no decision depends on them
        return facts - {"preflight", "refreshes"} if self._escalated else facts

    def forget(self, id_: IncidentId) -> None:
        """Delete an incident that ended or diverged."""
        tables = self.store.tables
        for each in (tables.incidents, tables.rows, tables.inboxes, tables.entries):
            each.pop(id_, None)
        tables.hosts.pop(id_, None)
        tables.approvals.pop(id_, None)
        for key in [key for key, open_ in tables.causes.items() if open_ == id_]:
            del tables.causes[key]


def _has_pending_page(incident: Incident) -> bool:
    """True if a trigger is pending; a resolve is not waited for."""
    return any(
        each.action == "trigger" and each.traits.pages_on_call for each in pending(incident.pages)
    )


def _known_answers(
    incident: Incident, inputs: DecisionInputs
) -> dict[CommandId, dict[InstanceId, Answer]]:
    known = command_answers(incident, inputs)
    known.pop(UNRECORDED_COMMAND, None)
    return known


def _step(entries: list[DecodedEntry]) -> DecidedStep | None:
    """Return the decision among a reconcile's entries."""
    for each in entries:
        event = each.event
        if isinstance(event, DecisionMade):
            return DecidedStep(
                step=event.step_type,
                action=event.plan.action if event.plan else None,
                target=event.plan.target if event.plan else None,
                rule=event.rule,
                why=event.why,
                denied=tuple(guard for guard, _ in event.denials),
            )
    return None
