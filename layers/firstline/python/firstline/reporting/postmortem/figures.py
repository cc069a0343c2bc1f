"""Key figures: what a reader wants to know before the story."""

from collections.abc import Iterator
from datetime import datetime

from firstline.config.channels import Channel, channel
from firstline.incidents.incident import Status
from firstline.ledger.entries import DecisionMade, PageDelivered, ResponseMeasured
from firstline.reporting.events import events, timed
from firstline.reporting.postmortem.fixes import Fix
from firstline.reporting.postmortem.formatting import format_duration, format_instant, pluralise
from firstline.reporting.postmortem.incident_facts import IncidentFacts
from firstline.reporting.postmortem.record import Record
from firstline.reporting.postmortem.report import Figure, report_tone
from firstline.reporting.tally import tally
from firstline.reporting.tones import Tone, tone


def figures(
    record: Record, stands: IncidentFacts, fixed: tuple[Fix, ...], component: str
) -> tuple[Figure, ...]:
    """Each with what stands behind it, in the order in which they are shown."""
    return (
        Figure(name="Severity", value=stands.severity),
        Figure(
            name="Condition", value=stands.condition, note=stands.rule and f"rule: {stands.rule}"
        ),
        Figure(name="Component", value=component),
        Figure(name="Outcome", value=stands.outcome, tone=report_tone(tone(stands.outcome))),
        _paged(record, stands),
        _first_fix(stands, fixed),
        _recovered(stands),
        *_responses(record),
        *_locked(fixed),
        _wakes(record),
        _owner(stands),
    )


def _since(stands: IncidentFacts, at: datetime) -> str:
    return f"after {format_duration(at - stands.began_at)}"


def _paged(record: Record, stands: IncidentFacts) -> Figure:
    for at, page in timed(record, PageDelivered):
        taken = (page.action, page.outcome) == ("trigger", "accepted")
        if taken and channel(page.channel).notifies_a_person:
            note = _note(channel(page.channel))
            return Figure(name="First page", value=_since(stands, at), note=note)
    return Figure(name="First page", value="none")


def _note(traits: Channel) -> str:
    if traits.pages_on_call:
        return "PagerDuty took it"
    digest = "in the next business day's digest"
    return digest if traits.held_for_digest else f"sent to the {traits.name}, paged no one"


def _first_fix(stands: IncidentFacts, fixed: tuple[Fix, ...]) -> Figure:
    sent = [each for each in fixed if each.sent]
    if not sent:
        return Figure(name="First fix", value="none")
    note = f"{sent[0].action}; {tally(sent)}"
    return Figure(name="First fix", value=_since(stands, sent[0].intended_at), note=note)


def _recovered(stands: IncidentFacts) -> Figure:
    if stands.recovered_at is not None and stands.opened:
        by = "by a fix" if stands.outcome == Status.RESOLVED else "by itself, or by people"
        return Figure(name="Recovery", value=_since(stands, stands.recovered_at), note=by)
    note = "given to a person" if stands.outcome == Status.HANDED_OVER else ""
    return Figure(name="Recovery", value="not seen", note=note)


def _responses(record: Record) -> Iterator[Figure]:
    """The last word on each severity's response: one that was late is told twice."""
    last = {each.severity: each for each in events(record, ResponseMeasured)}
    for severity, told in sorted(last.items()):
        value = "met" if told.met else "missed" if told.responded else "missed, no response"
        target = "no target" if told.target_seconds is None else f"target {told.target_seconds} s"
        yield Figure(
            name=f"{severity} response",
            value=f"{value}: {told.seconds} s",
            note=target,
            tone=Tone.GOOD if told.met else Tone.BAD,
        )


def _locked(fixed: tuple[Fix, ...]) -> Iterator[Figure]:
    """Users whose vaults a fix locked: processes that ran on its hosts when last looked at."""
    counts = {host: number for each in fixed if each.sent for host, number in each.vaults.items()}
    if not counts:
        return
    counted = [number for number in counts.values() if number is not None]
    uncounted = [host for host, number in counts.items() if number is None]
    total = sum(counted)
    value = f"at least {total}" if uncounted and counted else str(total) if counted else "unknown"
    note = "vault processes before the fix"
    if uncounted:
        note = f"not counted on {pluralise(len(uncounted), 'host')}"
    yield Figure(name="Vaults locked by fixes", value=value, note=note)


def _wakes(record: Record) -> Figure:
    decided = sum(1 for _ in events(record, DecisionMade))
    return Figure(name="Wakes", value=str(decided), note="each looked anew and decided once")


def _owner(stands: IncidentFacts) -> Figure:
    since = f"since {format_instant(stands.owned_since)}" if stands.owned_since else ""
    return Figure(name="Owner", value=stands.owner, note=since)
