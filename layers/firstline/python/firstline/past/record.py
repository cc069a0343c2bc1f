"""Record: a ledger's entries as the story of one incident, turn by turn.

A turn is one reconcile that was committed: what came to the incident before its decision, the
decision, and what was done about it. Of a turn that was lost in a race, or with its worker, there
is no entry, and it changed nothing.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec

from firstline import basis
from firstline.basis import Basis
from firstline.export import Recorded
from firstline.ids import IncidentId, SignalKey
from firstline.ledger import Kind
from firstline.settings import Home
from firstline.signals import Disposition, Mark, Signal, SignalKind

HOME = Home("111122223333", "us-east-1")
"""Entries do not tell the account: in the past it is this one."""


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """What was heard and learnt before a decision, the decision, and what was done about it."""

    heard: tuple[Recorded, ...]
    decision: Recorded
    deeds: tuple[Recorded, ...] = ()

    @property
    def basis(self) -> Basis | None:
        """What the decision rested on; None where its entry is from before that was recorded."""
        return basis.read(self.decision.data)

    @property
    def arrivals(self) -> tuple[tuple[Recorded, ...], ...]:
        """What signals and people said before the decision, by the commits that took it in.

        One commit tells all its signals in one entry, its last. A worker that pages commits that
        at once, and may not live to decide.
        """
        found: list[tuple[Recorded, ...]] = [()]
        for each in self.heard:
            if each.kind in {Kind.APPROVAL, Kind.SIGNAL}:
                found[-1] = (*found[-1], each)
            if each.kind == Kind.SIGNAL:
                found.append(())
        return tuple(each for each in found if each)

    def of(self, kind: Kind) -> tuple[Recorded, ...]:
        """The entries of a kind that stand before the decision."""
        return tuple(each for each in self.heard if each.kind == kind)

    def done(self, kind: Kind) -> Recorded | None:
        """The entry of a kind that stands behind it, if there is one."""
        return next((each for each in self.deeds if each.kind == kind), None)


class Story(msgspec.Struct, frozen=True, kw_only=True):
    """One incident as its ledger tells it; ``ends`` are the entries after its last decision."""

    id: IncidentId
    opening: Recorded
    turns: tuple[Turn, ...]
    ends: tuple[Recorded, ...] = ()


def story(entries: Iterable[Recorded]) -> Story | None:
    """The story that an incident's entries tell, in order; None for any other chain."""
    told = list(entries)
    if not told or told[0].kind != Kind.SIGNAL or "disposition" not in told[0].data:
        return None
    if told[0].data["disposition"] != Disposition.INCIDENT:
        return None
    opening, *rest = told
    turns: list[Turn] = []
    heard: list[Recorded] = []
    while rest:
        entry = rest.pop(0)
        if entry.kind != Kind.DECISION:
            heard.append(entry)
            continue
        deeds = _deeds(entry, rest)
        turns.append(Turn(heard=tuple(heard), decision=entry, deeds=deeds))
        heard, rest = [], rest[len(deeds) :]
    return Story(id=opening.entry.incident, opening=opening, turns=tuple(turns), ends=tuple(heard))


_DEEDS = {Kind.INTENT, Kind.OUTCOME, Kind.PROPOSAL, Kind.HAND_OVER}


def _deeds(decision: Recorded, after: Sequence[Recorded]) -> tuple[Recorded, ...]:
    """What a turn recorded behind its decision, at the same instant: never more than two."""
    found: list[Recorded] = []
    for each in after[:2]:
        done = each.kind in _DEEDS and each.at == decision.at
        answers = each.kind == Kind.OUTCOME and not (found and _answer_to(each, found[0]))
        if not done or answers:
            break
        found.append(each)
    return tuple(found)


def _answer_to(outcome: Recorded, intent: Recorded) -> bool:
    """Whether *outcome* is what came of sending *intent*, and not what a later turn learnt."""
    return outcome.data["token"] == intent.data.get("token") and "hosts" not in outcome.data


def signals(entry: Recorded) -> tuple[Signal, ...]:
    """The signals that an entry of their kind tells, in its order."""
    return tuple(
        _signal(told, number) for number, told in enumerate(entry.data.get("joined", [entry.data]))
    )


def _signal(told: dict[str, Any], number: int) -> Signal:
    """A signal as it was judged; its key is its place, for the entry tells only a digest of it."""
    words = dict(told.get("words", {}))
    return Signal(
        key=SignalKey(f"{number:04}|{told['key_digest']}"),
        kind=SignalKind(told.get("kind", _kind(told["source"]))),
        source=told["source"],
        subject=told["subject"],
        state=told["state"],
        at=datetime.fromisoformat(told["signalled_at"]),
        account=HOME.account,
        region=told.get("region", HOME.region),
        arn=told.get("arn", ""),
        metric=words.pop("metric", ""),
        dimensions=words,
        marks=tuple(map(Mark, told["marks"])),
        drill=told.get("drill", ""),
    )


def _kind(source: str) -> SignalKind:
    return SignalKind.ALARM if source == "cloudwatch.alarm" else SignalKind.UNREAD
