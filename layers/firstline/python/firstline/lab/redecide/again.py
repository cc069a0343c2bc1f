"""Again: a recorded incident, decided anew by the production controller from its own record (I26).

The same inputs must give the same decision. Where they do not, the exact difference is told: the
code has changed since, or the record is not what it says.
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
from firstline.lab.redecide.present import PastStore, Present
from firstline.lab.redecide.record import HOME, Story, Turn, received, said, signals
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


class Compared(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one incident; one that cannot be decided again says why not.

    ``incident`` is the one that the last turn left, ``sent`` are alerts by key and action.
    """

    decisions: int = 0
    differences: tuple[Difference, ...] = ()
    incident: Incident | None = None
    sent: dict[tuple[str, str], Notification] = {}
    why: str = ""


class Lost(BaseException):
    """The worker of then died here: nothing in the controller may catch this."""


class TurnDeeds:
    """`Deeds` as one turn records them."""

    def __init__(self) -> None:
        self.turn: Turn | None = None
        self.sent: dict[tuple[str, str], Notification] = {}

    def send(self, order: LookOrder | FixOrder) -> Sending:
        """What the outcome's entry says; raises `Lost` where there is none."""
        del order
        outcome = self.turn.outcome if self.turn else None
        if outcome is None:
            raise Lost
        return sending(outcome)

    def deliver(self, notification: Notification) -> Delivery:
        """Accepted, if an entry of the turn says so of the page's key and action."""
        pages = self.turn.of(Kind.PAGE) if self.turn else ()
        key, action = notification.key, notification.action
        self.sent[key, action] = notification
        wanted = (key, action, "accepted")
        events = (each.event for each in pages)
        found = {(it.key, it.action, it.outcome) for it in events if isinstance(it, PageDelivered)}
        return past.delivered(wanted in found)


def again(story: Story, policies: Mapping[Digest, Profile]) -> Compared:
    """Decide each turn of *story* anew, under the policy that its entry names."""
    entries = (story.opening, *(turn.decision for turn in story.turns))
    lacking = sorted({each.policy for each in entries} - set(policies))
    if lacking:
        return Compared(why=f"the export lacks the policy {lacking[0]}")
    grounds = [(turn, it) for turn in story.turns if (it := turn.basis) is not None]
    if len(grounds) < len(story.turns):
        return Compared(why="it was recorded before decisions told what they rest on")
    told = Again(story, policies)
    differences = (*told.open(), *(each for turn, it in grounds for each in told.turn(turn, it)))
    return Compared(
        decisions=len(story.turns),
        differences=differences,
        incident=told.held(),
        sent=told.deeds.sent,
    )


class Again:
    """One incident in a store of its own, turn by turn."""

    def __init__(self, story: Story, policies: Mapping[Digest, Profile]) -> None:
        self._story = story
        self._policies = policies
        self.deeds = TurnDeeds()
        self._present = Present(story.opening.at, story.opening.at)
        self._store = PastStore(self._present)
        wakes = past.PastWakes(self._present)
        self._ports = past.ports(self._present, self._store, self.deeds, wakes)

    def open(self) -> Iterator[Difference]:
        """Open it as it was opened."""
        entry = self._story.opening
        profile = self._policies[entry.policy]
        (signal,), (event,) = signals(entry), received(entry)
        found = judged(signal, event, profile)
        by = Provenance(policy=entry.policy, code=entry.code)
        begun = episodes.open_incident(signal, found, profile, entry.at, by, id_=self._story.id)
        opens = begun.incident.cause
        self._store.commit(Change(incident=begun.incident, entries=(begun.entry,), opens=opens))
        yield from compare.classification(entry, event, found)

    def turn(self, turn: Turn, rests_on: DecisionInputs) -> Iterator[Difference]:
        """Decide on what was seen then."""
        profile = self._policies[turn.decision.policy]
        yield from _joined(turn, profile)
        settings = copy.replace(SETTINGS, mode=rests_on.mode)
        system = System(self._ports, profile, settings)
        entries = self._store.tables.entries[self._story.id]
        before = len(entries)
        self.deeds.turn = turn
        *earlier, last = turn.arrivals or ((),)
        for each in earlier:
            self._take_in(each, system)
        self._put(last)
        held = woken(self.held(), rests_on, self._store)
        self._set((*last, turn.decision)[0].at, turn.decision.at, held, rests_on)
        with contextlib.suppress(Lost):
            reconcile(Wake(held.id, held.wake_generation), system)
        yield from compare.turn(turn, [decode_entry(each) for each in entries[before:]])

    def held(self) -> Incident:
        """The incident as it stands."""
        return incidents.decode(self._store.tables.incidents[self._story.id])

    def _put(self, arrived: tuple[DecodedEntry, ...]) -> LoadedIncident:
        """What came between: signals and people's words."""
        told = [each for entry in arrived if entry.kind == Kind.SIGNAL for each in signals(entry)]
        answered = said(each for each in arrived if each.kind == Kind.APPROVAL)
        tables, id_ = self._store.tables, self._story.id
        waiting = tuple(InboxSignal(id_, each) for each in told)
        tables.inboxes[id_] = {each.place: each for each in waiting}
        tables.approvals[id_] = list(answered)
        return LoadedIncident(self.held(), waiting, answered)

    def _take_in(self, arrived: tuple[DecodedEntry, ...], system: System) -> None:
        """What a worker of then committed that did not live to decide."""
        loaded = self._put(arrived)
        draft = IncidentUnitOfWork(loaded.incident, system, arrived[0].at)
        inbox.merge_and_page(draft, loaded)
        draft.commit()

    def _set(
        self, now: datetime, later: datetime, held: Incident, rests_on: DecisionInputs
    ) -> None:
        """The present of this turn."""
        self._present.now, self._present.later = now, later
        self._present.read(rests_on, answers(held, rests_on))
        if isinstance(limits := rests_on.seen.limits, Limits):
            tables, group = self._store.tables, limits.lease.group
            tables.leases[group], tables.switch = limits.lease, limits.switch
            tables.circumstances[group] = limits.circumstances


def woken(held: Incident, rests_on: DecisionInputs, store: PastStore) -> Incident:
    """*held* after as many wakes as it had had by then, in the store too."""
    if rests_on.wakes is None or rests_on.wakes == held.wakes:
        return held
    held = copy.replace(held, wakes=rests_on.wakes)
    store.tables.incidents[held.id] = incidents.encode(held)
    return held


def judged(signal: Signal, event: SignalReceived, profile: Profile) -> Classification:
    """What *signal* means by *profile*, in a storm if it was one of a storm then."""
    found = classify(signal, profile, HOME)
    storm = causes.storm_key(profile.fleet.name)
    return episodes.storm_classification(found, profile) if event.cause == storm else found


def answers(held: Incident, rests_on: DecisionInputs) -> dict[CommandId, dict[InstanceId, Answer]]:
    """What each command that *held* waits for was known to have answered."""
    known: dict[CommandId, dict[InstanceId, Answer]] = {}
    current, seen = held.current, rests_on.seen
    if current and current.command and current.hosts and seen.fix:
        known[current.command] = {current.hosts[0]: seen.fix}
    if held.look and held.look.command and seen.look is not None:
        known[held.look.command] = seen.look
    return known


def sending(event: ActionReported) -> Sending:
    """What came of the sending."""
    match event.outcome:
        case "sent" | "another":
            return Sent(CommandId(event.command or ""))
        case "unknown":
            return Unsettled(event.detail or "")
        case _:
            return Refused(event.detail or "")


def _joined(turn: Turn, profile: Profile) -> Iterator[Difference]:
    """Whether the signals that joined are still taken for what they were."""
    for entry in turn.of(Kind.SIGNAL):
        for signal, event in zip(signals(entry), received(entry), strict=True):
            yield from compare.classification(entry, event, judged(signal, event, profile))
