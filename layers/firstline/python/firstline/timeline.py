"""Timeline: a chain's entries in words that a tired person can read: when, what, and why."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from firstline.export import Recorded, recorded
from firstline.ledger import Entry
from firstline.tones import Tone

UNDERSTOOD = frozenset({"fix under way", "look under way", "verify the fix", "confirm targets"})
"""Waits and looks that the lines around them explain."""


class Moment(NamedTuple):
    """One line: when, one word for what happened, the words, and how it is to be taken."""

    at: datetime
    word: str
    text: str
    tone: Tone = Tone.PLAIN


def moments(entries: Iterable[Entry]) -> Iterator[Moment]:
    """A ledger's entries in words; a wait is told once, while its reason stands."""
    for _, told in beside(map(recorded, entries)):
        yield from told


def beside(entries: Iterable[Recorded]) -> Iterator[tuple[Recorded, tuple[Moment, ...]]]:
    """Each entry with its moments; what is said by the lines around it has none."""
    waited_for = ""
    for entry in entries:
        told: list[Moment] = []
        for moment in _moments(entry):
            if moment.word == "waits" and moment.text == waited_for:
                continue
            waited_for = moment.text if moment.word == "waits" else ""
            told.append(moment)
        yield entry, tuple(told)


def _moments(entry: Recorded) -> list[Moment]:
    """An entry of a form that this code does not know is told of, and not understood."""
    try:
        return list(_MOMENTS[entry.kind](entry))
    except (AttributeError, KeyError, TypeError):
        return [Moment(entry.at, "records", f"{entry.kind}, in a form not known here", Tone.QUIET)]


def clock(passed: timedelta) -> str:
    """Minutes and seconds, and hours where there are any."""
    total = round(passed.total_seconds())
    hours, rest = divmod(total, 3600)
    minutes, seconds = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def _signal(entry: Recorded) -> Iterator[Moment]:
    for signal in entry.data.get("joined", [entry.data]):
        what = f"{signal['subject']} {signal['state']}".strip()
        yield Moment(entry.at, "heard", f"{what}: {signal['why']}")


def _page(entry: Recorded) -> Iterator[Moment]:
    data = entry.data
    if data["outcome"] == "accepted":
        tries = f" (try {data['tries']})" if data["tries"] > 1 else ""
        word = {"pager": "paged", "change": "notes"}.get(data["channel"], "told")
        tone = Tone.ALERT if word == "paged" else Tone.QUIET
        yield Moment(entry.at, word, f"{data['action']} {data['key']}{tries}", tone)
    else:
        why = f"{data['action']} {data['key']} not sent, owed: {data['why']}"
        yield Moment(entry.at, "owes", why, Tone.BAD)


def _decision(entry: Recorded) -> Iterator[Moment]:
    data, why = entry.data, entry.data["why"]
    match data["step"]["type"]:
        case "wait" | "look" if data["rule"] in UNDERSTOOD:
            return
        case "wait":
            yield Moment(entry.at, "waits", why, Tone.QUIET)
        case "look":
            yield Moment(entry.at, "looks", why, Tone.QUIET)
        case "fix":
            facts = ", ".join(data["facts"])
            passed = f"{len(data['guards'])} guards passed"
            yield Moment(entry.at, "decides", f"{_plan(data)}: {facts}; {passed}")
        case "ask":
            return  # the proposal says it
        case "hand-over":
            yield Moment(entry.at, "gives up", why, Tone.BAD)
        case _:
            yield Moment(entry.at, "closes", why, Tone.GOOD)


def _proposal(entry: Recorded) -> Iterator[Moment]:
    data = entry.data
    text = f"{data['action']} on {data['target']} (plan {data['plan'][:12]})"
    if data["approvable"]:
        yield Moment(entry.at, "asks", f"{text}, until {data['until']}", Tone.WARNING)
    else:
        yield Moment(entry.at, "advises", text, Tone.WARNING)


def _approval(entry: Recorded) -> Iterator[Moment]:
    data = entry.data
    word, tone = ("allowed", Tone.GOOD) if data["granted"] else ("denied", Tone.BAD)
    late = "" if data["counts"] else "; too late, it counts for nothing"
    why = f": {data['why']}" if data["why"] else ""
    yield Moment(entry.at, word, f"by {data['by']}{why}{late}", tone)


def _intent(entry: Recorded) -> Iterator[Moment]:
    data = entry.data
    if "fence" in data:
        text = f"{data['action']} on {data['targets'][0]} (token {data['token'][:8]})"
        yield Moment(entry.at, "does", text, Tone.WARNING)


def _outcome(entry: Recorded) -> Iterator[Moment]:
    data = entry.data
    if "hosts" in data:
        for hosts, report in _grouped(data["hosts"]):
            yield Moment(entry.at, "sees", f"{', '.join(hosts)}: {report}")
    elif data["outcome"] != "sent":
        where = ", ".join(data["targets"]) if "targets" in data else data["target"]
        text = f"{data['action']} on {where}: {data['outcome']} ({data['detail']})"
        tone = Tone.PLAIN if data["outcome"] == "done" else Tone.BAD
        yield Moment(entry.at, "learns", text, tone)


def _verification(entry: Recorded) -> Iterator[Moment]:
    data = entry.data
    if data.get("verified"):
        text = f"{', '.join(data['verified'])}: {data['readings_needed']} good readings in a row"
        yield Moment(entry.at, "verifies", text, Tone.GOOD)
    if data.get("doubted"):
        text = f"{', '.join(data['doubted'])} may be dead again"
        yield Moment(entry.at, "doubts", text, Tone.BAD)
    if data.get("helped") is False:
        text = f"{data['action']} on {data['target']} did not help"
        yield Moment(entry.at, "verifies", text, Tone.BAD)


def _response(entry: Recorded) -> Iterator[Moment]:
    data = entry.data
    target = f", target {data['target_seconds']} s" if data["target_seconds"] is not None else ""
    took = f"{data['severity']} after {data['seconds']} s{target}"
    if data["met"]:
        yield Moment(entry.at, "responds", took, Tone.QUIET)
    else:
        late = "responded late" if data["responded"] else "no response yet"
        yield Moment(entry.at, "misses", f"{late}: {took}", Tone.BAD)


def _hand_over(entry: Recorded) -> Iterator[Moment]:
    yield Moment(entry.at, "hands over", f"to {entry.data['owner']}; next: {entry.data['next']}")


def _pause(entry: Recorded) -> Iterator[Moment]:
    data = entry.data
    who = f" by {data['by']}" if "by" in data else ""
    yield Moment(entry.at, data["change"], f"fixes of {data['scope']}{who}", Tone.WARNING)


def _demotion(entry: Recorded) -> Iterator[Moment]:
    data = entry.data
    text = f"{data['action']}: {data['failed']} fixes failed, a person is asked from now on"
    yield Moment(entry.at, "demotes", text, Tone.BAD)


def _promotion(entry: Recorded) -> Iterator[Moment]:
    data = entry.data
    who = f" by {data['by']}" if "by" in data else ""
    yield Moment(entry.at, "promotes", f"{data['action']}{who}", Tone.WARNING)


def _drill(entry: Recorded) -> Iterator[Moment]:
    data = entry.data
    text = f"a drill, observed until {data['until']}, by {data['by']}"
    yield Moment(entry.at, data["change"], text, Tone.WARNING)


_MOMENTS = {
    "drill": _drill,
    "pause": _pause,
    "demotion": _demotion,
    "promotion": _promotion,
    "hand-over": _hand_over,
    "signal": _signal,
    "page": _page,
    "decision": _decision,
    "intent": _intent,
    "outcome": _outcome,
    "verification": _verification,
    "response": _response,
    "proposal": _proposal,
    "approval": _approval,
}


def _plan(data: dict[str, Any]) -> str:
    return f"{data['plan']['action']} on {data['plan']['target']}"


def _grouped(hosts: dict[str, dict[str, Any]]) -> Iterator[tuple[list[str], str]]:
    """Hosts that say the same, together."""
    groups: dict[str, list[str]] = {}
    for host, report in hosts.items():
        groups.setdefault(said(report), []).append(host)
    for what, those in groups.items():
        yield those, what


def said(report: dict[str, Any]) -> str:
    """A host's report in a line."""
    if report["type"] != "report":
        return f"unknown ({report['why']})"
    enclave = {"RUNNING": "enclave runs", "none": "no enclave"}.get(
        report["enclave_state"], f"enclave {report['enclave_state']}"
    )
    reached = {True: "NATS reachable", False: "NATS unreachable", None: "NATS unknown"}
    nats = reached[report["nats_reachable"]]
    return f"{enclave}, unit {report['enclave_unit']}, parent {report['parent_unit']}, {nats}"
