"""The timeline (R39): the moments of `firstline.reporting.timeline`, in lanes and with a tone."""

import copy
from collections.abc import Iterable, Iterator

from firstline.ledger import entries
from firstline.ledger.chain import Kind
from firstline.ledger.export import DecodedEntry
from firstline.redaction import redact
from firstline.reporting import timeline
from firstline.reporting.postmortem.fixes import Fix
from firstline.reporting.postmortem.record import Record
from firstline.reporting.postmortem.report import Lane, Moment, report_tone
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
"""The lane by kind of entry; any other is a decision."""
_SIGNALS: dict[str, Tone] = {Disposition.INCIDENT: Tone.BAD, Disposition.RECOVERY: Tone.GOOD}
_VERDICTS = {True: Tone.GOOD, False: Tone.BAD, None: Tone.PLAIN}
_ROUTINE = {"wait": "waits", "look": "looks"}


def moments(
    chain: Iterable[DecodedEntry], record: Record, fixed: tuple[Fix, ...]
) -> tuple[Moment, ...]:
    """All moments, in the order of the chain; a fix lasts until its verdict."""
    return tuple(_mute_repeats(_moments(chain, record, fixed)))


def fold_moments(moments: Iterable[Moment]) -> tuple[tuple[Moment, int], ...]:
    """Each moment with its number of repetitions; routine folds until another event comes."""
    rows: list[tuple[Moment, int]] = []
    routine: dict[Lane, dict[tuple[str, str], int]] = {lane: {} for lane in Lane}
    for each in moments:
        since = routine[each.lane]
        key = (each.word, each.text)
        if each.tone is not Tone.QUIET:
            since.clear()
        if key in since:
            first, times = rows[since[key]]
            rows[since[key]] = (first, times + 1)
        else:
            since[key] = len(rows)
            rows.append((each, 1))
    return tuple(rows)


def _mute_repeats(moments: Iterable[Moment]) -> Iterator[Moment]:
    """A look with the same result as the one before is routine."""
    last = ""
    for each in moments:
        if each.lane is Lane.EVIDENCE:
            yield copy.replace(each, tone=Tone.QUIET) if each.text == last else each
            last = each.text
        else:
            yield each


def _moments(
    chain: Iterable[DecodedEntry], record: Record, fixed: tuple[Fix, ...]
) -> Iterator[Moment]:
    fixes = {each.entry: each for each in fixed}
    for (entry, words), read in zip(timeline.with_moments(chain), record, strict=True):
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
    """The tone of a fix; an action that takes back a fix repairs nothing."""
    return Tone.PLAIN if fix.helped and fix.undoing else _VERDICTS[fix.helped]


def _words(words: tuple[timeline.Moment, ...], event: timeline.Event) -> Iterator[timeline.Text]:
    """The texts of an entry; for an implied wait or look, that it happened."""
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
            return Tone.QUIET  # a tool's result proves nothing
        case entries.PageDelivered(action="resolve", outcome="accepted"):
            return Tone.GOOD
        case _:
            return report_tone(tone)
