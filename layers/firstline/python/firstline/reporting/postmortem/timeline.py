"""The timeline (R39): the moments of `firstline.reporting.timeline`, in lanes and with a tone."""

import copy
from collections.abc import Iterable, Iterator

from firstline.ledger import entries
from firstline.ledger.chain import Kind
from firstline.ledger.export import DecodedEntry as Exported
from firstline.redaction import redact
from firstline.reporting import timeline
from firstline.reporting.postmortem.fixes import Fix
from firstline.reporting.postmortem.record import Record
from firstline.reporting.postmortem.report import Lane, Moment, settled
from firstline.reporting.tones import Tone
from firstline.signal import Disposition

_LANES: dict[str, Lane] = {
    Kind.SIGNAL: Lane.SIGNALS,
    Kind.PAGE: Lane.PAGES,
    Kind.RESPONSE: Lane.PAGES,
    Kind.INTENT: Lane.FIXES,
    Kind.OUTCOME: Lane.FIXES,
    Kind.VERIFICATION: Lane.VERIFICATION,
}
"""Whatever is not named is somebody's decision."""
_SIGNALS: dict[str, Tone] = {Disposition.INCIDENT: Tone.BAD, Disposition.RECOVERY: Tone.GOOD}
_VERDICTS = {True: Tone.GOOD, False: Tone.BAD, None: Tone.PLAIN}
_ROUTINE = {"wait": "waits", "look": "looks"}


def moments(
    chain: Iterable[Exported], record: Record, fixed: tuple[Fix, ...]
) -> tuple[Moment, ...]:
    """All that happened, in the order of the chain; a fix lasts until its verdict."""
    return tuple(_quieted(_moments(chain, record, fixed)))


def folded(found: Iterable[Moment]) -> tuple[tuple[Moment, int], ...]:
    """Each moment with how often it came: what is routine is told once while nothing else is."""
    rows: list[tuple[Moment, int]] = []
    routine: dict[Lane, dict[tuple[str, str], int]] = {lane: {} for lane in Lane}
    for each in found:
        since = routine[each.lane]
        said = (each.word, each.text)
        if each.tone is not Tone.QUIET:
            since.clear()
        if said in since:
            first, times = rows[since[said]]
            rows[since[said]] = (first, times + 1)
        else:
            since[said] = len(rows)
            rows.append((each, 1))
    return tuple(rows)


def _quieted(found: Iterable[Moment]) -> Iterator[Moment]:
    """A look that brought the same as the one before is routine."""
    seen = ""
    for each in found:
        if each.lane is Lane.EVIDENCE:
            yield copy.replace(each, tone=Tone.QUIET) if each.text == seen else each
            seen = each.text
        else:
            yield each


def _moments(chain: Iterable[Exported], record: Record, fixed: tuple[Fix, ...]) -> Iterator[Moment]:
    fixes = {each.entry: each for each in fixed}
    for (entry, words), read in zip(timeline.beside(chain), record, strict=True):
        fix = fixes.get(read.entry.sequence)
        for number, (word, text, tone) in enumerate(_words(words, read.event)):
            yield Moment(
                at=read.at,
                lane=_lane(entry.kind, read.event),
                word=word,
                text=redact(text),
                tone=_verdict(fix) if fix else _tone(read.event, number, tone),
                entry=read.entry.sequence,
                until=(fix.judged_at or fix.answered_at) if fix else None,
            )


def _verdict(fix: Fix) -> Tone:
    """What takes back a fix of ours has not mended anything."""
    return Tone.PLAIN if fix.helped and fix.undoing else _VERDICTS[fix.helped]


def _words(words: tuple[timeline.Moment, ...], event: timeline.Event) -> Iterator[timeline.Text]:
    """What is said of an entry; of a wait or a look that others explain, that it was."""
    yield from ((each.word, each.text, each.tone) for each in words)
    if not words and isinstance(event, entries.DecisionMade) and event.step_type in _ROUTINE:
        yield _ROUTINE[event.step_type], event.why, Tone.QUIET


def _lane(kind: str, event: timeline.Event) -> Lane:
    if isinstance(event, entries.LookReported | entries.HostsInspected):
        return Lane.EVIDENCE
    return _LANES.get(kind, Lane.DECISIONS)


def _tone(event: timeline.Event, number: int, tone: Tone) -> Tone:
    match event:
        case entries.SignalReceived() | entries.SignalsJoined():
            return _SIGNALS.get(event.signals[number].disposition, Tone.PLAIN)
        case entries.FixReported(outcome="done"):
            return Tone.QUIET  # a tool's word proves nothing
        case entries.PageDelivered(action="resolve", outcome="accepted"):
            return Tone.GOOD
        case _:
            return settled(tone)
