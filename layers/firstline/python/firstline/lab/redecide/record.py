"""Record: a ledger's entries as the story of one incident, turn by turn.

A turn is one reconcile that was committed: what came to the incident before its decision, the
decision, and what was done about it. Of a turn that was lost in a race, or with its worker, there
is no entry, and it changed nothing.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from firstline.config.settings import Home
from firstline.errors import InvalidInput
from firstline.ids import IncidentId, SignalKey
from firstline.incidents.approvals import Approval
from firstline.ledger.chain import Kind
from firstline.ledger.entries import (
    ActionReported,
    DecisionMade,
    FixIntended,
    FixReported,
    LookIntended,
    LookReported,
    SignalReceived,
    SignalsJoined,
)
from firstline.ledger.export import DecodedEntry
from firstline.remediation import decision_record as basis
from firstline.remediation.decision_record import DecisionInputs
from firstline.signal import Mark, Signal, SignalKind, is_plausible

HOME = Home("111122223333", "us-east-1")
"""Entries do not tell the account: in the past it is this one."""


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """What was heard and learnt before a decision, the decision, and what was done about it."""

    heard: tuple[DecodedEntry, ...]
    decision: DecodedEntry
    deeds: tuple[DecodedEntry, ...] = ()

    @property
    def basis(self) -> DecisionInputs | None:
        """What the decision rested on; None where its entry is from before that was recorded."""
        made = self.decision.event
        return basis.read_inputs(made) if isinstance(made, DecisionMade) else None

    @property
    def arrivals(self) -> tuple[tuple[DecodedEntry, ...], ...]:
        """What signals and people said before the decision, by the commits that took it in.

        One commit tells all its signals in one entry, its last. A worker that pages commits that
        at once, and may not live to decide.
        """
        found: list[tuple[DecodedEntry, ...]] = [()]
        for each in self.heard:
            if each.kind in {Kind.APPROVAL, Kind.SIGNAL}:
                found[-1] = (*found[-1], each)
            if each.kind == Kind.SIGNAL:
                found.append(())
        return tuple(each for each in found if each)

    def of(self, kind: Kind) -> tuple[DecodedEntry, ...]:
        """The entries of a kind that stand before the decision."""
        return tuple(each for each in self.heard if each.kind == kind)

    @property
    def answers(self) -> tuple[Approval, ...]:
        """What people answered to plans before the decision."""
        return said(self.of(Kind.APPROVAL))

    @property
    def intent(self) -> LookIntended | FixIntended | None:
        """What was about to be done after it."""
        events = (each.event for each in self.deeds)
        return next((it for it in events if isinstance(it, LookIntended | FixIntended)), None)

    @property
    def outcome(self) -> ActionReported | None:
        """What came of sending that."""
        events = (each.event for each in self.deeds)
        return next((it for it in events if isinstance(it, LookReported | FixReported)), None)


class Story(msgspec.Struct, frozen=True, kw_only=True):
    """One incident as its ledger tells it; ``ends`` are the entries after its last decision."""

    id: IncidentId
    opening: DecodedEntry
    turns: tuple[Turn, ...]
    ends: tuple[DecodedEntry, ...] = ()


def story(entries: Iterable[DecodedEntry]) -> Story | None:
    """The story of an incident's entries, in order; None for any other chain; `InvalidInput`."""
    told = list(entries)
    for each in told:
        each.checked()
    if not told or not told[0].opens:
        return None
    opening, *rest = told
    turns: list[Turn] = []
    heard: list[DecodedEntry] = []
    while rest:
        entry = rest.pop(0)
        if entry.kind != Kind.DECISION:
            heard.append(entry)
            continue
        deeds = _deeds(entry, rest)
        turns.append(Turn(heard=tuple(heard), decision=entry, deeds=deeds))
        heard, rest = [], rest[len(deeds) :]
    return Story(id=opening.entry.incident, opening=opening, turns=tuple(turns), ends=tuple(heard))


def said(entries: Iterable[DecodedEntry]) -> tuple[Approval, ...]:
    """The answers of people that *entries* of their kind tell."""
    return tuple(msgspec.convert(each.data, type=Approval) for each in entries)


_DEEDS = {Kind.INTENT, Kind.OUTCOME, Kind.PROPOSAL, Kind.HAND_OVER, Kind.METRIC}


def _deeds(decision: DecodedEntry, after: Sequence[DecodedEntry]) -> tuple[DecodedEntry, ...]:
    """What a turn recorded behind its decision, at the same instant: never more than two."""
    found: list[DecodedEntry] = []
    for each in after[:2]:
        done = each.kind in _DEEDS and each.at == decision.at
        answers = each.kind == Kind.OUTCOME and not (found and _answer_to(each, found[0]))
        if not done or answers:
            break
        found.append(each)
    return tuple(found)


def _answer_to(outcome: DecodedEntry, intent: DecodedEntry) -> bool:
    """Whether *outcome* is what came of sending *intent*, and not what a later turn learnt."""
    said, meant = outcome.event, intent.event
    return (
        isinstance(said, LookReported | FixReported)
        and isinstance(meant, LookIntended | FixIntended)
        and said.token == meant.token
    )


def signals(entry: DecodedEntry) -> tuple[Signal, ...]:
    """The signals that an entry of their kind tells, in its order."""
    return tuple(_signal(each, number, entry.at) for number, each in enumerate(received(entry)))


def received(entry: DecodedEntry) -> tuple[SignalReceived, ...]:
    """Each signal that an entry of their kind holds."""
    event = entry.event
    return event.signals if isinstance(event, SignalReceived | SignalsJoined) else ()


def _signal(event: SignalReceived, number: int, received_at: datetime) -> Signal:
    """A signal as it was judged; its key is its place, for the entry has only a digest of it.

    Raises `InvalidInput` for one without its instant.
    """
    if event.signalled_at is None:
        raise InvalidInput(f"the signal of {event.subject} has no signalled_at")
    words = dict(event.words)
    return Signal(
        key=SignalKey(f"{number:04}|{event.key_digest}"),
        kind=SignalKind(event.source_kind or _kind(event.source)),
        source=event.source,
        subject=event.subject,
        state=event.state,
        at=event.signalled_at if is_plausible(event.signalled_at) else received_at,
        account=HOME.account,
        region=HOME.region if event.region is None else event.region,
        arn=event.arn,
        metric=words.pop("metric", ""),
        dimensions=words,
        marks=tuple(map(Mark, event.marks)),
        drill=event.drill or "",
    )


def _kind(source: str) -> SignalKind:
    return SignalKind.ALARM if source == "cloudwatch.alarm" else SignalKind.UNREAD
