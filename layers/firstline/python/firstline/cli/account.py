"""Account for a replay: its ledgers and pages as the lines of `firstline.cli.output`."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Protocol

import msgspec

from firstline.actions.catalogue import ACTIONS
from firstline.cli.output import ActionLine, DenialLine, PageLine, ReplayLine
from firstline.ledger import Entry
from firstline.signals import Disposition
from firstline.twin.alerts import Received
from firstline.twin.replay import Chapter, Replayed


class Said(Protocol):
    """An entry that was read, wherever it was."""

    @property
    def kind(self) -> str:
        """What it records."""
        ...

    @property
    def at(self) -> datetime:
        """When."""
        ...

    @property
    def data(self) -> dict[str, Any]:
        """What it says."""
        ...


class Told(msgspec.Struct, frozen=True):
    """What an entry says: its kind, when, and its data."""

    kind: str
    at: datetime
    data: dict[str, Any]


def told(entry: Entry) -> Told:
    """The entry's body, read."""
    return msgspec.json.decode(entry.body, type=Told)


def lines(replayed: Replayed) -> tuple[ReplayLine, ...]:
    """One line for each ledger; one for a replay of which nothing was recorded."""
    if not replayed.chapters:
        return (_unrecorded(replayed),)
    return tuple(_line(chapter, replayed) for chapter in replayed.chapters)


def _line(chapter: Chapter, replayed: Replayed) -> ReplayLine:
    incident = chapter.incident
    read = [told(each) for each in chapter.entries]
    disposition = read[0].data["disposition"]
    pages = [each for each in replayed.pages if each.key.split(":")[0] == chapter.id]
    return ReplayLine(
        incident=incident.id if incident else None,
        severity=incident.severity if incident else None,
        condition=incident.condition if incident else None,
        disposition=disposition,
        outcome=incident.status if incident else _noted(disposition),
        pages=tuple(_page(each, replayed.start) for each in pages),
        actions=tuple(actions(read, replayed.start)),
        denials=tuple(denials(read)),
        entries=len(chapter.entries),
        ledger_head=chapter.entries[-1].hash,
        virtual_seconds=since(replayed.end, replayed.start),
    )


def _unrecorded(replayed: Replayed) -> ReplayLine:
    """The store never took anything: what was paged is with a person, and nothing else is."""
    return ReplayLine(
        incident=None,
        severity=None,
        condition=None,
        disposition=Disposition.INCIDENT if replayed.pages else None,
        outcome="handed-over" if replayed.pages else None,
        pages=tuple(_page(each, replayed.start) for each in replayed.pages),
        actions=(),
        denials=(),
        entries=0,
        ledger_head=None,
        virtual_seconds=since(replayed.end, replayed.start),
    )


def _noted(disposition: str) -> str:
    """The outcome of a signal that opened nothing."""
    match disposition:
        case Disposition.REJECTED:
            return "rejected"
        case Disposition.CONTEXT:
            return "observed"
        case _:
            return "ignored"


def _page(page: Received, start: datetime) -> PageLine:
    payload: Any = page.body.get("payload", {})
    return PageLine(
        event_action=page.action,
        dedup_key=page.key,
        severity=payload.get("severity"),
        at_seconds=since(page.at, start),
        body=page.body,
    )


def actions(read: Sequence[Said], start: datetime) -> Iterator[ActionLine]:
    """Each intent's targets, with the last outcome that bears the intent's token."""
    outcomes = {each.data["token"]: each.data for each in read if each.kind == "outcome"}
    for each in read:
        if each.kind != "intent":
            continue
        outcome = outcomes.get(each.data["token"], {})
        for target in each.data["targets"]:
            yield ActionLine(
                action=each.data["action"],
                kind=ACTIONS[each.data["action"]].kind,
                target=target,
                outcome=_outcome(outcome, target),
                at_seconds=since(each.at, start),
            )


def _outcome(outcome: dict[str, Any], target: str) -> str | None:
    """``done``, ``failed``, ``unknown`` or ``not-sent``; a look is done where a host reported."""
    if "hosts" not in outcome:
        said: str | None = outcome.get("outcome")
        return said
    return "done" if outcome["hosts"][target].get("type") == "report" else "unknown"


def denials(read: Sequence[Said]) -> Iterator[DenialLine]:
    """Each guard's no to each plan, once."""
    lines = (
        DenialLine(
            guard=answer["guard"],
            action=each.data["plan"]["action"],
            target=each.data["plan"]["target"],
            why=answer["denial"]["why"],
        )
        for each in read
        for answer in each.data.get("guards", ())
        if answer["denial"] is not None
    )
    return iter(dict.fromkeys(lines))


def since(at: datetime, start: datetime) -> int:
    return round((at - start).total_seconds())
