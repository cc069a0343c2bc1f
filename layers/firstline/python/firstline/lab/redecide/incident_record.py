"""The record of one incident: its ledger entries, reconcile by reconcile.

A reconcile is one that was committed: the entries before its decision, the decision, and what was
done about it. A reconcile that lost a race, or died, left no entry and changed nothing.
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
from firstline.remediation import decision_record
from firstline.remediation.decision_record import DecisionInputs
from firstline.signal import Mark, Signal, SignalKind, is_plausible

HOME = Home("111122223333", "us-east-1")
"""Entries do not name the account; recorded incidents have this one."""


class RecordedReconcile(msgspec.Struct, frozen=True, kw_only=True):
    """A decision, the entries before it, and those about what was done after it."""

    entries_before: tuple[DecodedEntry, ...]
    decision: DecodedEntry
    entries_after: tuple[DecodedEntry, ...] = ()

    @property
    def inputs(self) -> DecisionInputs | None:
        """Return the decision's inputs, or None if its entry predates their recording."""
        made = self.decision.event
        return decision_record.read_inputs(made) if isinstance(made, DecisionMade) else None

    @property
    def arrivals(self) -> tuple[tuple[DecodedEntry, ...], ...]:
        """Return the signals and approvals before the decision, by commit.

        The signals of a commit are in one entry, its last. A worker that pages commits them at
        once, and may die before it decides.
        """
        commits: list[tuple[DecodedEntry, ...]] = [()]
        for each in self.entries_before:
            if each.kind in {Kind.APPROVAL, Kind.SIGNAL}:
                commits[-1] = (*commits[-1], each)
            if each.kind == Kind.SIGNAL:
                commits.append(())
        return tuple(each for each in commits if each)

    def entries_of(self, kind: Kind) -> tuple[DecodedEntry, ...]:
        """Return the entries of *kind* before the decision."""
        return tuple(each for each in self.entries_before if each.kind == kind)

    @property
    def approvals(self) -> tuple[Approval, ...]:
        """Return the approvals and denials before the decision."""
        return approvals(self.entries_of(Kind.APPROVAL))

    @property
    def intent(self) -> LookIntended | FixIntended | None:
        """Return what was about to be done after the decision."""
        events = (each.event for each in self.entries_after)
        return next((it for it in events if isinstance(it, LookIntended | FixIntended)), None)

    @property
    def outcome(self) -> ActionReported | None:
        """Return the outcome of the intent."""
        events = (each.event for each in self.entries_after)
        return next((it for it in events if isinstance(it, LookReported | FixReported)), None)


class IncidentRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One incident by its ledger; ``tail`` has the entries after its last decision."""

    id: IncidentId
    opening: DecodedEntry
    reconciles: tuple[RecordedReconcile, ...]
    tail: tuple[DecodedEntry, ...] = ()


def incident_record(entries: Iterable[DecodedEntry]) -> IncidentRecord | None:
    """Return the record of an incident's entries, or None for any other chain.

    Raises `InvalidInput`.
    """
    recorded = list(entries)
    for each in recorded:
        each.checked()
    if not recorded or not recorded[0].opens:
        return None
    opening, *rest = recorded
    reconciles: list[RecordedReconcile] = []
    entries_before: list[DecodedEntry] = []
    while rest:
        entry = rest.pop(0)
        if entry.kind != Kind.DECISION:
            entries_before.append(entry)
            continue
        entries_after = _following(entry, rest)
        reconciles.append(
            RecordedReconcile(
                entries_before=tuple(entries_before), decision=entry, entries_after=entries_after
            )
        )
        entries_before, rest = [], rest[len(entries_after) :]
    return IncidentRecord(
        id=opening.entry.incident,
        opening=opening,
        reconciles=tuple(reconciles),
        tail=tuple(entries_before),
    )


def approvals(entries: Iterable[DecodedEntry]) -> tuple[Approval, ...]:
    """Return the approvals that *entries* of their kind contain."""
    return tuple(msgspec.convert(each.data, type=Approval) for each in entries)


_KINDS_FOLLOWING = {Kind.INTENT, Kind.OUTCOME, Kind.PROPOSAL, Kind.ESCALATION, Kind.METRIC}


def _following(decision: DecodedEntry, after: Sequence[DecodedEntry]) -> tuple[DecodedEntry, ...]:
    """Return the entries behind a decision at the same instant: never more than two."""
    following: list[DecodedEntry] = []
    for each in after[:2]:
        done = each.kind in _KINDS_FOLLOWING and each.at == decision.at
        unrelated = each.kind == Kind.OUTCOME and not (
            following and _is_outcome_of(each, following[0])
        )
        if not done or unrelated:
            break
        following.append(each)
    return tuple(following)


def _is_outcome_of(outcome: DecodedEntry, intent: DecodedEntry) -> bool:
    """True if *outcome* is that of *intent*, and not one that a later reconcile recorded."""
    reported, intended = outcome.event, intent.event
    return (
        isinstance(reported, LookReported | FixReported)
        and isinstance(intended, LookIntended | FixIntended)
        and reported.token == intended.token
    )


def signals(entry: DecodedEntry) -> tuple[Signal, ...]:
    """Return the signals in an entry of their kind, in its order."""
    return tuple(
        _signal(each, number, entry.at) for number, each in enumerate(signal_events(entry))
    )


def signal_events(entry: DecodedEntry) -> tuple[SignalReceived, ...]:
    """Return the events of the signals in an entry of their kind."""
    event = entry.event
    return event.signals if isinstance(event, SignalReceived | SignalsJoined) else ()


def _signal(event: SignalReceived, number: int, received_at: datetime) -> Signal:
    """Return the signal as it was classified; its key is its place, since an entry has a digest.

    Raises `InvalidInput` for an event without its instant.
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
