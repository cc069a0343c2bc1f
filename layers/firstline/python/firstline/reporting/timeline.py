"""Timeline: a chain's entries in short sentences: the instant, the event, and the reason."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from firstline.config import channels
from firstline.config.channels import Channel, channel
from firstline.diagnosis.evidence import HostReport, Unknown
from firstline.ledger import entries
from firstline.ledger.chain import Entry
from firstline.ledger.export import DecodedEntry, decode_entry
from firstline.reporting.postmortem.formatting import group
from firstline.reporting.tones import Tone

type Event = entries.LedgerEvent | entries.UnknownEvent
type Text = tuple[str, str, Tone]
"""A moment without its instant."""

IMPLIED_RULES = frozenset({"FixUnderWay", "LookUnderWay", "VerifyFix", "ConfirmTargets"})
"""Rules whose waits and looks follow from the lines around them."""


class Moment(NamedTuple):
    """One line: instant, one verb for the event, text, and tone."""

    at: datetime
    word: str
    text: str
    tone: Tone = Tone.PLAIN


def moments(chain: Iterable[Entry]) -> Iterator[Moment]:
    """The moments of a ledger's entries; a wait is shown once while its reason stays the same."""
    for _, lines in with_moments(map(decode_entry, chain)):
        yield from lines


def with_moments(
    chain: Iterable[DecodedEntry],
) -> Iterator[tuple[DecodedEntry, tuple[Moment, ...]]]:
    """Each entry with its moments; an entry that others imply has none."""
    waited_for = ""
    for entry in chain:
        moments_of_entry: list[Moment] = []
        for moment in (Moment(entry.at, *each) for each in _texts(entry.event)):
            if moment.word == "waits" and moment.text == waited_for:
                continue
            waited_for = moment.text if moment.word == "waits" else ""
            moments_of_entry.append(moment)
        yield entry, tuple(moments_of_entry)


def format_elapsed(passed: timedelta) -> str:
    """Minutes and seconds, and hours where there are any."""
    total = round(passed.total_seconds())
    hours, rest = divmod(total, 3600)
    minutes, seconds = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def _texts(event: Event) -> Iterator[Text]:
    """The texts of signals and decisions; the next two functions have the rest."""
    match event:
        case entries.SignalReceived() | entries.SignalsJoined():
            for signal in event.signals:
                what = f"{signal.subject} {signal.state}".strip()
                yield "receives", f"{what}: {signal.why}", Tone.PLAIN
        case entries.DecisionMade():
            yield from _decision(event)
        case entries.PageDelivered(channel=channels.NOTE, outcome="accepted"):
            return  # its change event has the same text
        case entries.PageDelivered():
            yield _page(event)
        case entries.ResponseMeasured():
            yield _response(event)
        case _:
            yield from _action_texts(event)


def _action_texts(event: Event) -> Iterator[Text]:
    match event:
        case entries.FixIntended():
            where = ", ".join(event.targets)
            yield "executes", f"{event.action} on {where} (token {event.token[:8]})", Tone.WARNING
        case entries.HostsInspected():
            reports = group((describe_report(report), host) for host, report in event.hosts.items())
            for report, hosts in reports.items():
                yield "reads", f"{', '.join(hosts)}: {report}", Tone.PLAIN
        case entries.LookReported():
            yield from _reported(event, ", ".join(event.targets))
        case entries.FixReported():
            yield from _reported(event, event.target)
        case entries.HostsVerified():
            yield from _verified(event)
        case entries.FixVerified(helped=False):
            yield "verifies", f"{event.action} on {event.target} did not help", Tone.BAD
        case entries.LookIntended() | entries.FixVerified():
            return  # the lines around them imply it
        case entries.AlarmMetricRead():
            return  # nothing happened: a report plots it
        case _:
            yield _operator_text(event)


def _operator_text(event: Event) -> Text:
    match event:
        case entries.IncidentEscalated():
            text = "escalates", f"to {event.owner}; next: {event.next}", Tone.PLAIN
        case entries.PlanProposed():
            text = _proposal(event)
        case entries.PlanAnswered():
            text = _answer(event)
        case entries.ActionDemoted():
            failed = f"{event.failed} fixes failed; it now requires an approval"
            text = "demotes", f"{event.action}: {failed}", Tone.BAD
        case entries.ActionPromoted():
            text = "promotes", f"{event.action}{_by(event.by)}", Tone.WARNING
        case entries.PauseChanged():
            text = event.change, f"fixes of {event.scope}{_by(event.by)}", Tone.WARNING
        case entries.DrillAnnounced():
            drill = f"a drill, in dry-run until {_instant(event.until)}, by {event.by}"
            text = event.change, drill, Tone.WARNING
        case _:
            text = "records", f"{event.kind}, in an unknown format", Tone.QUIET
    return text


def _page(event: entries.PageDelivered) -> Text:
    if event.outcome == "accepted":
        tries = f" (try {event.tries})" if event.tries > 1 else ""
        word = _word(channel(event.channel))
        tone = Tone.ALERT if word == "pages" else Tone.QUIET
        why = f": {event.why}" if event.why else ""
        return word, f"{event.summary or f'{event.action} {event.key}'}{tries}{why}", tone
    state = "not retried" if event.outcome == "dropped" else "pending"
    return "fails", f"{event.action} {event.key} not sent, {state}: {event.why}", Tone.BAD


def _word(traits: Channel) -> str:
    if traits.pages_on_call:
        return "pages"
    return "notifies" if traits.notifies_a_person else "notes"


def _decision(event: entries.DecisionMade) -> Iterator[Text]:
    match event.step_type:
        case "wait" | "look" if event.rule in IMPLIED_RULES:
            return
        case "wait":
            yield "waits", event.why, Tone.QUIET
        case "look":
            yield "inspects", event.why, Tone.QUIET
        case "fix":
            passed = f"{len(event.guards)} guards passed"
            what = f"{event.plan.action} on {event.plan.target}" if event.plan else "a fix"
            yield "decides", f"{what}: {', '.join(event.facts)}; {passed}", Tone.PLAIN
        case "request-approval":
            return  # the proposal has a line
        case "raise-severity":
            yield "raises", f"to {event.raised_to}: {event.why}", Tone.WARNING
        case "escalate":
            yield "escalates", event.why, Tone.BAD
        case "close":
            yield "closes", event.why, Tone.GOOD
        case _:
            yield "records", f"{event.kind}, in an unknown format", Tone.QUIET


def _proposal(event: entries.PlanProposed) -> Text:
    text = f"{event.action} on {event.target} (plan {event.plan[:12]})"
    if event.approvable:
        return "proposes", f"{text}, until {_instant(event.until)}", Tone.WARNING
    return "recommends", text, Tone.WARNING


def _answer(event: entries.PlanAnswered) -> Text:
    word, tone = ("approved", Tone.GOOD) if event.granted else ("denied", Tone.BAD)
    late = "" if event.counts else "; too late, it has no effect"
    why = f": {event.why}" if event.why else ""
    return word, f"by {event.by}{why}{late}", tone


def _reported(event: entries.LookReported | entries.FixReported, where: str) -> Iterator[Text]:
    if event.outcome != "sent":
        text = f"{event.action} on {where}: {event.outcome} ({event.detail})"
        yield "reports", text, Tone.PLAIN if event.outcome == "done" else Tone.BAD


def _verified(event: entries.HostsVerified) -> Iterator[Text]:
    if event.verified:
        text = f"{', '.join(event.verified)}: {event.readings_needed} good readings in a row"
        yield "verifies", text, Tone.GOOD
    if event.doubted:
        yield "doubts", f"{', '.join(event.doubted)} may be dead again", Tone.BAD


def _response(event: entries.ResponseMeasured) -> Text:
    target = f", target {event.target_seconds} s" if event.target_seconds is not None else ""
    took = f"{event.severity} after {event.seconds} s{target}"
    if event.met:
        return "responds", took, Tone.QUIET
    late = "responded late" if event.responded else "no response yet"
    return "misses", f"{late}: {took}", Tone.BAD


def _by(who: str | None) -> str:
    return f" by {who}" if who else ""


def _instant(at: datetime | None) -> str:
    return at.isoformat() if at else "its end"


def describe_report(report: HostReport | Unknown) -> str:
    """A host's report in a line."""
    if isinstance(report, Unknown):
        return f"unknown ({report.why})"
    enclave = {"RUNNING": "enclave runs", "none": "no enclave"}.get(
        report.enclave_state, f"enclave {report.enclave_state}"
    )
    reached = {True: "NATS reachable", False: "NATS unreachable", None: "NATS unknown"}
    nats = reached[report.nats_reachable]
    return f"{enclave}, unit {report.enclave_unit}, parent {report.parent_unit}, {nats}"
