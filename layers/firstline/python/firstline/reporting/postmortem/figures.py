"""Key figures, at the top of a report."""

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
    record: Record, facts: IncidentFacts, fixed: tuple[Fix, ...], component: str
) -> tuple[Figure, ...]:
    """Each figure with its explanation, in the order of the report."""
    return (
        Figure(name="Severity", value=facts.severity),
        Figure(name="Condition", value=facts.condition, note=facts.rule and f"rule: {facts.rule}"),
        Figure(name="Component", value=component),
        Figure(name="Outcome", value=facts.outcome, tone=report_tone(tone(facts.outcome))),
        _paged(record, facts),
        _first_fix(facts, fixed),
        _recovered(facts),
        *_responses(record),
        *_locked(fixed),
        _wakes(record),
        _owner(facts),
    )


def _since(facts: IncidentFacts, at: datetime) -> str:
    return f"after {format_duration(at - facts.began_at)}"


def _paged(record: Record, facts: IncidentFacts) -> Figure:
    for at, page in timed(record, PageDelivered):
        taken = (page.action, page.outcome) == ("trigger", "accepted")
        if taken and channel(page.channel).notifies_a_person:
            note = _note(channel(page.channel))
            return Figure(name="First page", value=_since(facts, at), note=note)
    return Figure(name="First page", value="none")


def _note(traits: Channel) -> str:
    if traits.pages_on_call:
        return "accepted by PagerDuty"
    digest = "in the next business day's digest"
    return digest if traits.held_for_digest else f"sent to the {traits.name}, paged no one"


def _first_fix(facts: IncidentFacts, fixed: tuple[Fix, ...]) -> Figure:
    sent = [each for each in fixed if each.sent]
    if not sent:
        return Figure(name="First fix", value="none")
    note = f"{sent[0].action}; {tally(sent)}"
    return Figure(name="First fix", value=_since(facts, sent[0].intended_at), note=note)


def _recovered(facts: IncidentFacts) -> Figure:
    if facts.recovered_at is not None and facts.opened:
        by = "by a fix" if facts.outcome == Status.RESOLVED else "without a fix by firstline"
        return Figure(name="Recovery", value=_since(facts, facts.recovered_at), note=by)
    note = "escalated to on-call" if facts.outcome == Status.ESCALATED else ""
    return Figure(name="Recovery", value="not observed", note=note)


def _responses(record: Record) -> Iterator[Figure]:
    """The last measure of each severity's response: a late one is recorded twice."""
    last = {each.severity: each for each in events(record, ResponseMeasured)}
    for severity, response in sorted(last.items()):
        value = "met" if response.met else "missed" if response.responded else "missed, no response"
        target = (
            "no target"
            if response.target_seconds is None
            else f"target {response.target_seconds} s"
        )
        yield Figure(
            name=f"{severity} response",
            value=f"{value}: {response.seconds} s",
            note=target,
            tone=Tone.GOOD if response.met else Tone.BAD,
        )


def _locked(fixed: tuple[Fix, ...]) -> Iterator[Figure]:
    """Users whose vaults a fix locked: the last known vault processes of its hosts."""
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
    return Figure(name="Wakes", value=str(decided), note="each reconciles and decides once")


def _owner(facts: IncidentFacts) -> Figure:
    since = f"since {format_instant(facts.owned_since)}" if facts.owned_since else ""
    return Figure(name="Owner", value=facts.owner, note=since)
