"""Re-decide a recorded incident from its own record by the production controller (I26).

The same inputs must give the same decision. A difference is reported exactly: the code has changed
since, or the record is wrong.
"""

import contextlib
import copy
from collections.abc import Iterator, Mapping
from datetime import datetime

import msgspec

from firstline.config.profile import Profile
from firstline.controller import inbox
from firstline.controller.ports.messaging import Wake
from firstline.controller.ports.store import Change, InboxSignal, LoadedIncident
from firstline.controller.reconcile import reconcile
from firstline.controller.system import System
from firstline.controller.unit_of_work import IncidentUnitOfWork
from firstline.ids import CommandId, Digest, InstanceId
from firstline.incidents import incident as incidents
from firstline.incidents.incident import Incident
from firstline.lab.nowhere import nowhere
from firstline.lab.redecide import compare
from firstline.lab.redecide import ports as past
from firstline.lab.redecide.compare import Difference
from firstline.lab.redecide.incident_record import (
    HOME,
    IncidentRecord,
    RecordedReconcile,
    approvals,
    signal_events,
    signals,
)
from firstline.lab.redecide.recorded_world import RecordedStore, RecordedWorld
from firstline.ledger.chain import Kind, Provenance
from firstline.ledger.entries import ActionReported, PageDelivered, SignalReceived
from firstline.ledger.export import DecodedEntry, decode_entry
from firstline.notifications.delivery import Delivery
from firstline.notifications.notification import Notification
from firstline.remediation.decision_record import DecisionInputs
from firstline.remediation.execution import (
    Answer,
    FixOrder,
    LookOrder,
    Refused,
    Sending,
    Sent,
    Unsettled,
)
from firstline.remediation.limits import Limits
from firstline.signal import Signal
from firstline.signals import correlation as causes
from firstline.signals import episodes
from firstline.signals.classify import Classification, classify

SETTINGS = nowhere(HOME, code="again")


class RedecisionResult(msgspec.Struct, frozen=True, kw_only=True):
    """The result for one incident; ``why`` says why it could not be re-decided.

    ``incident`` is the one after the last reconcile, ``sent`` the alerts by key and action.
    """

    decisions: int = 0
    differences: tuple[Difference, ...] = ()
    incident: Incident | None = None
    sent: dict[tuple[str, str], Notification] = {}
    why: str = ""


class WorkerDied(BaseException):
    """The recorded worker died here; nothing in the controller may catch this."""


class RecordedOutcomes:
    """`Outcomes` as one reconcile recorded them."""

    def __init__(self) -> None:
        self.current: RecordedReconcile | None = None
        self.sent: dict[tuple[str, str], Notification] = {}

    def send(self, order: LookOrder | FixOrder) -> Sending:
        """Return the outcome's entry; raises `WorkerDied` if there is none."""
        del order
        outcome = self.current.outcome if self.current else None
        if outcome is None:
            raise WorkerDied
        return sending_result(outcome)

    def deliver(self, notification: Notification) -> Delivery:
        """Accept the page if an entry of the reconcile says so for its key and action."""
        pages = self.current.entries_of(Kind.PAGE) if self.current else ()
        key, action = notification.key, notification.action
        self.sent[key, action] = notification
        events = (each.event for each in pages)
        accepted = {
            (it.key, it.action, it.outcome) for it in events if isinstance(it, PageDelivered)
        }
        return past.delivered((key, action, "accepted") in accepted)


def redecide(record: IncidentRecord, policies: Mapping[Digest, Profile]) -> RedecisionResult:
    """Re-decide each reconcile of *record* under the policy that its entry names."""
    entries = (record.opening, *(turn.decision for turn in record.reconciles))
    lacking = sorted({each.policy for each in entries} - set(policies))
    if lacking:
        return RedecisionResult(why=f"the export lacks the policy {lacking[0]}")
    inputs = [(turn, it) for turn in record.reconciles if (it := turn.inputs) is not None]
    if len(inputs) < len(record.reconciles):
        return RedecisionResult(why="it was recorded before decisions told what they rest on")
    redecision = Redecision(record, policies)
    differences = (
        *redecision.open_incident(),
        *(each for turn, it in inputs for each in redecision.reconcile(turn, it)),
    )
    return RedecisionResult(
        decisions=len(record.reconciles),
        differences=differences,
        incident=redecision.incident(),
        sent=redecision.outcomes.sent,
    )


class Redecision:
    """One incident in a store of its own, reconcile by reconcile."""

    def __init__(self, record: IncidentRecord, policies: Mapping[Digest, Profile]) -> None:
        self._record = record
        self._policies = policies
        self.outcomes = RecordedOutcomes()
        self._present = RecordedWorld(record.opening.at, record.opening.at)
        self._store = RecordedStore(self._present)
        wakes = past.PastWakes(self._present)
        self._ports = past.ports(self._present, self._store, self.outcomes, wakes)

    def open_incident(self) -> Iterator[Difference]:
        """Open the incident as it was opened, and compare."""
        entry = self._record.opening
        profile = self._policies[entry.policy]
        (signal,), (event,) = signals(entry), signal_events(entry)
        classification = classify_as_then(signal, event, profile)
        by = Provenance(policy=entry.policy, code=entry.code)
        begun = episodes.open_incident(
            signal, classification, profile, entry.at, by, id_=self._record.id
        )
        opens = begun.incident.correlation_key
        self._store.commit(Change(incident=begun.incident, entries=(begun.entry,), opens=opens))
        yield from compare.classification_differences(entry, event, classification)

    def reconcile(self, turn: RecordedReconcile, inputs: DecisionInputs) -> Iterator[Difference]:
        """Decide on the recorded observation, and compare."""
        profile = self._policies[turn.decision.policy]
        yield from _joined_differences(turn, profile)
        settings = copy.replace(SETTINGS, mode=inputs.mode)
        system = System(self._ports, profile, settings)
        entries = self._store.tables.entries[self._record.id]
        before = len(entries)
        self.outcomes.current = turn
        *earlier, last = turn.arrivals or ((),)
        for each in earlier:
            self._merge(each, system)
        self._set_inbox(last)
        incident = with_wakes(self.incident(), inputs, self._store)
        self._set_world((*last, turn.decision)[0].at, turn.decision.at, incident, inputs)
        with contextlib.suppress(WorkerDied):
            reconcile(Wake(incident.id, incident.wake_generation), system)
        yield from compare.reconcile_differences(
            turn, [decode_entry(each) for each in entries[before:]]
        )

    def incident(self) -> Incident:
        """Return the incident as stored."""
        tables, id_ = self._store.tables, self._record.id
        return tables.incident(id_, tables.incidents[id_])

    def _set_inbox(self, arrived: tuple[DecodedEntry, ...]) -> LoadedIncident:
        """Store the signals and approvals that arrived, and return the loaded incident."""
        received = [
            each for entry in arrived if entry.kind == Kind.SIGNAL for each in signals(entry)
        ]
        approvals_given = approvals(each for each in arrived if each.kind == Kind.APPROVAL)
        tables, id_ = self._store.tables, self._record.id
        waiting = tuple(InboxSignal(id_, each) for each in received)
        tables.inboxes[id_] = {each.place: each for each in waiting}
        tables.approvals[id_] = list(approvals_given)
        return LoadedIncident(self.incident(), waiting, approvals_given)

    def _merge(self, arrived: tuple[DecodedEntry, ...], system: System) -> None:
        """Commit what a worker committed that died before its decision."""
        loaded = self._set_inbox(arrived)
        draft = IncidentUnitOfWork(loaded.incident, system, arrived[0].at)
        inbox.merge_and_page(draft, loaded)
        draft.commit()

    def _set_world(
        self, now: datetime, later: datetime, incident: Incident, inputs: DecisionInputs
    ) -> None:
        """Set the recorded world of this reconcile."""
        self._present.now, self._present.later = now, later
        self._present.read(inputs, command_answers(incident, inputs))
        if isinstance(limits := inputs.observed.limits, Limits):
            tables, group = self._store.tables, limits.lease.group
            tables.leases[group], tables.switch = limits.lease, limits.switch
            tables.circumstances[group] = limits.circumstances


def with_wakes(incident: Incident, inputs: DecisionInputs, store: RecordedStore) -> Incident:
    """Return *incident* with its recorded number of wakes, and store it."""
    if inputs.wakes is None or inputs.wakes == incident.wakes:
        return incident
    incident = copy.replace(incident, wakes=inputs.wakes)
    store.tables.incidents[incident.id] = incidents.encode_aggregate(incident)
    return incident


def classify_as_then(signal: Signal, event: SignalReceived, profile: Profile) -> Classification:
    """Return the class of *signal* by *profile*, in a storm if it was in one then."""
    classification = classify(signal, profile, HOME)
    storm = causes.storm_key(profile.fleet.name)
    return (
        episodes.storm_classification(classification, profile)
        if event.correlation_key == storm
        else classification
    )


def command_answers(
    incident: Incident, inputs: DecisionInputs
) -> dict[CommandId, dict[InstanceId, Answer]]:
    """Return the recorded answers to each command that *incident* waits for."""
    known: dict[CommandId, dict[InstanceId, Answer]] = {}
    current, observed = incident.current, inputs.observed
    if current and current.command and current.hosts and observed.fix:
        known[current.command] = {current.hosts[0]: observed.fix}
    if incident.look and incident.look.command and observed.look is not None:
        known[incident.look.command] = observed.look
    return known


def sending_result(event: ActionReported) -> Sending:
    """Return the result of a recorded sending."""
    match event.outcome:
        case "sent" | "another":
            return Sent(CommandId(event.command or ""))
        case "unknown":
            return Unsettled(event.detail or "")
        case _:
            return Refused(event.detail or "")


def _joined_differences(turn: RecordedReconcile, profile: Profile) -> Iterator[Difference]:
    """Yield differences in the classification of the signals that joined."""
    for entry in turn.entries_of(Kind.SIGNAL):
        for signal, event in zip(signals(entry), signal_events(entry), strict=True):
            yield from compare.classification_differences(
                entry, event, classify_as_then(signal, event, profile)
            )
