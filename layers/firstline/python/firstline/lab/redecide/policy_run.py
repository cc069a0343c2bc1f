"""Side: the production controller under one policy, in a past that others lived through.

It has a store of its own, and so its own incidents, budgets, cooldowns and storms. What it reads
is the record's. As long as it does what was done then, the record tells what came of it; from the
first fix on that was not done, or not done again, nobody knows, and it is left to itself no more.
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
from firstline.incidents import incident as incidents
from firstline.incidents.incident import Incident
from firstline.lab.redecide import ports as past
from firstline.lab.redecide.again import SETTINGS, Lost, answers, sending, woken
from firstline.lab.redecide.present import PastStore, Present
from firstline.lab.redecide.record import Turn
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

UNRECORDED = CommandId("unrecorded")
"""The command of a look that nobody did then: it is never answered."""


class Unrecorded(BaseException):
    """A fix that was not done then: nobody knows what would have come of it."""


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """What a side decided in a turn: the step, about what, by which rule, and who said no."""

    step: str
    action: str | None = None
    target: str | None = None
    rule: str
    why: str
    denied: tuple[str, ...] = ()


class SideDeeds:
    """`Deeds` of one side: pages are taken, and orders are answered where they were then."""

    def __init__(self) -> None:
        self.turn: Turn | None = None
        self.missing: set[str] = set()
        self.pages: list[tuple[str, str]] = []
        self.fixes: list[tuple[str, str]] = []

    def send(self, order: LookOrder | FixOrder) -> Sending:
        """As it was then; raises `Lost`, or `Unrecorded` for a fix that was not done."""
        fix = isinstance(order, FixOrder)
        if isinstance(order, FixOrder):
            self.fixes.append((order.action, order.target))
        intent = self.turn.intent if self.turn else None
        if intent is None or _ordered(order) != (intent.action, intent.targets):
            if fix:
                raise Unrecorded
            self.missing.add("what hosts would have answered to a look")
            return Sent(UNRECORDED)
        if self.turn is None or self.turn.outcome is None:
            raise Lost
        return sending(self.turn.outcome)

    def deliver(self, notification: Notification) -> Delivery:
        """The vendor takes it."""
        self.pages.append((notification.action, notification.key))
        return Accepted()


def _ordered(order: LookOrder | FixOrder) -> tuple[str, tuple[str, ...]]:
    if isinstance(order, FixOrder):
        return order.action, (order.target,)
    return "look_host", order.targets


class Side:
    """One policy's firstline. ``left`` are the incidents that the record tells no more of."""

    def __init__(self, profile: Profile, home: Home, alarms: dict[str, str], at: datetime) -> None:
        self.profile = profile
        self.deeds = SideDeeds()
        self.present = Present(at, at)
        self.store = PastStore(self.present)
        self.wakes = past.PastWakes(self.present)
        self.left: dict[IncidentId, str] = {}
        self._handed_over = False
        self._demoted: set[str] = set()
        ports = past.ports(self.present, self.store, self.deeds, self.wakes)
        settings = copy.replace(SETTINGS, home=home, alarms=alarms, mode="enforce")
        self._system = System(ports, profile, settings)

    # --- what happens ------------------------------------------------------------------------

    def known(self, signal: Signal) -> Signal:
        """*signal* under the name that this policy knows it by."""
        return with_profile_name(signal, self.profile, self._system.settings.alarms)

    def judge(self, signal: Signal) -> Classification:
        """What *signal* means by this policy."""
        return classify(signal, self.profile, self._system.settings.home)

    def notes(self, signal: Signal, found: Classification) -> bool:
        """Whether *signal* opens and joins nothing; then it leaves only what is remembered of it.

        That is the latest instant of an alarm that is OK, and what goes on around the fleet.
        """
        if found.disposition is Disposition.INCIDENT or not self._alone(found):
            return False
        if found.disposition is Disposition.RECOVERY:
            self.heard(signal.arn, signal.at)
        elif circumstances.is_external_event(signal) and is_credible(signal, found):
            around, group = self.store.tables.circumstances, self.profile.fleet.group
            around[group] = around.get(group, ExternalEvents()).with_signal(signal)
        return True

    def _alone(self, found: Classification) -> bool:
        """Whether nothing is open that *found* could join."""
        joins = {found.cause, causes.storm_key(self.profile.fleet.name)}
        return joins.isdisjoint(self.store.tables.causes)

    def storms(self, signal: Signal, found: Classification) -> bool:
        """Whether *signal* would be one too many, and part of a storm."""
        one, _ = check_storm(Arrival(signal, found), self._system)
        return one.classification.cause == causes.storm_key(self.profile.fleet.name)

    def hear(self, signal: Signal, found: Classification) -> None:
        """Take in *signal*."""
        with contextlib.suppress(
            DependencyUnavailable
        ):  # what contends for the same thing is not in a past
            receive(signal, found, self._system)

    def heard(self, arn: str, at: datetime) -> None:
        """What is remembered of an alarm that is OK: an earlier word that comes later is late."""
        known = self.store.tables.heard.get(arn, at)
        self.store.tables.heard[arn] = max(known, at)

    def turn(self, id_: IncidentId, turn: Turn | None, basis: DecisionInputs) -> Step | None:
        """One reconcile; None where nothing is decided: it is not open, or was left."""
        held = self.held(id_)
        if held is None or id_ in self.left or not self.has_open(id_):
            return None
        held = woken(held, basis, self.store)
        self.present.read(basis, _answers(held, basis))
        self.deeds.turn = turn
        if turn is not None:
            self.store.tables.approvals[id_] = list(turn.answers)
        if isinstance(basis.seen.limits, Limits) and turn is not None:
            self._people(basis.seen.limits)
        return self._decided(held, basis)

    def _people(self, then: Limits) -> None:
        """What was paused, went on around the fleet, and was promoted by then; the rest is own."""
        tables, group = self.store.tables, self.profile.fleet.group
        tables.switch, tables.circumstances[group] = then.switch, then.circumstances
        demoted = {each.action for each in then.lease.trusts if each.demoted}
        for action in sorted(self._demoted - demoted):
            own = tables.leases.get(group, then.lease)
            tables.leases[group] = copy.replace(own, trusts=trust.reinstate(own.trusts, action))
        self._demoted = demoted

    def _decided(self, held: Incident, basis: DecisionInputs) -> Step | None:
        entries = self.store.tables.entries[held.id]
        before, fixes = len(entries), len(self.deeds.fixes)
        settings = copy.replace(self._system.settings, mode=basis.mode)
        system = copy.replace(self._system, settings=settings)
        try:
            reconcile(Wake(held.id, held.wake_generation), system)
        except Unrecorded:
            self.left[held.id] = "a fix that was not done then"
        except (Lost, DependencyUnavailable):
            pass
        self._same_fix(held.id, self.deeds.fixes[fixes:])
        step = _step([decode_entry(each) for each in entries[before:]])
        self._handed_over = step is not None and step.step == "hand-over"
        return step

    def _same_fix(self, id_: IncidentId, done: list[tuple[str, str]]) -> None:
        """What was fixed then and is not now leads out of the record, too."""
        intent = self.deeds.turn.intent if self.deeds.turn else None
        if isinstance(intent, FixIntended) and not done:
            self.left.setdefault(id_, "a fix that was done then, and would not be")

    # --- what is there -----------------------------------------------------------------------

    def held(self, id_: IncidentId) -> Incident | None:
        """The incident of that id, if this side opened it."""
        text = self.store.tables.incidents.get(id_)
        return incidents.decode(text) if text is not None else None

    def has_open(self, id_: IncidentId) -> bool:
        """Whether it is open here, or owes a page."""
        held = self.held(id_)
        return held is not None and (not held.ended or _owes(held))

    def opened(self) -> tuple[IncidentId, ...]:
        """Every incident that is kept."""
        return tuple(self.store.tables.incidents)

    def missing(self) -> set[str]:
        """What was asked for in the last turn, and never recorded."""
        found = self.present.missing | self.deeds.missing
        self.deeds.missing = set()
        # a hand-over looks up what goes on around the fleet for a person: no decision rests on it
        return found - {"around", "refreshes"} if self._handed_over else found

    def forget(self, id_: IncidentId) -> None:
        """Nothing more comes of an incident that has ended, or was left."""
        tables = self.store.tables
        for each in (tables.incidents, tables.rows, tables.inboxes, tables.entries):
            each.pop(id_, None)
        tables.approvals.pop(id_, None)
        for cause in [cause for cause, open_ in tables.causes.items() if open_ == id_]:
            del tables.causes[cause]


def _owes(held: Incident) -> bool:
    """Whether a person is still to be told of it: what ends an alert is not waited for."""
    return any(
        each.action == "trigger" and each.traits.pages_on_call for each in pending(held.pages)
    )


def _answers(held: Incident, basis: DecisionInputs) -> dict[CommandId, dict[InstanceId, Answer]]:
    known = answers(held, basis)
    known.pop(UNRECORDED, None)
    return known


def _step(made: list[DecodedEntry]) -> Step | None:
    """The decision among the entries that a turn made."""
    for each in made:
        event = each.event
        if isinstance(event, DecisionMade):
            return Step(
                step=event.step_type,
                action=event.plan.action if event.plan else None,
                target=event.plan.target if event.plan else None,
                rule=event.rule,
                why=event.why,
                denied=tuple(guard for guard, _ in event.denials),
            )
    return None
