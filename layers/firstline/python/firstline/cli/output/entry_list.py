"""Ledger entries as text. The inputs of a decision are left out; ``--json`` has them."""

from collections.abc import Iterable, Iterator
from typing import Any

from rich.text import Text

from firstline.cli.output import lines as output
from firstline.cli.output import terminal
from firstline.ledger.export import DecodedEntry
from firstline.reporting.tones import Tone

OMITTED_DECISION_FIELDS = frozenset({"guards", "observed", "preflight", "step", "plan"})
"""Fields of a decision that have lines of their own, or that only ``--json`` prints."""
INDENT = 6


def print_entries(entries: Iterable[DecodedEntry], *, as_json: bool) -> int:
    """Print each entry with its data; return the number of entries."""
    count = 0
    for each in entries:
        count += 1
        if as_json:
            output.emit(output.entry(each))
        else:
            terminal.print_lines(_entry_lines(each))
    return count


def _entry_lines(entry: DecodedEntry) -> Iterator[Text]:
    at = entry.at.isoformat(sep=" ", timespec="seconds").removesuffix("+00:00")
    head = f"{entry.entry.sequence:>4}  {at}  {entry.kind:<12}  {_headline(entry)}"
    yield Text(terminal.printable(head.rstrip()), style="bold")
    is_decision = entry.kind == "decision"
    fields = {
        name: value
        for name, value in entry.data.items()
        if not is_decision or name not in OMITTED_DECISION_FIELDS
    }
    yield from (Text(terminal.printable(line)) for line in _data_lines(fields, INDENT))
    for line, tone in _guard_answers(entry.data) if is_decision else ():
        text = terminal.printable(f"{' ' * INDENT}{line}")
        yield Text(text, style=terminal.STYLES[tone])


def _headline(entry: DecodedEntry) -> str:
    """Return the subject of *entry* in a few words."""
    data = entry.data
    match entry.kind:
        case "decision":
            return _step(data)
        case "signal" if "joined" not in data:
            return _words(data, "subject", "state")
        case "page":
            return _words(data, "channel", "action", "outcome")
        case _:
            return str(data.get("action") or data.get("change") or "")


def _step(data: dict[str, Any]) -> str:
    """Return the step of a decision, with its time or its plan."""
    step, plan = _table(data.get("step")), _table(data.get("plan"))
    until = step.get("until", step.get("read_at"))
    targets = ", ".join(map(str, plan.get("targets") or ()))
    plan_text = f"{_words(plan, 'action')} {targets} (plan {str(plan.get('hash', ''))[:12]})"
    return " ".join(
        (str(step.get("type", "")), f"until {until}" if until else "", plan_text if plan else "")
    )


def _guard_answers(data: dict[str, Any]) -> Iterator[tuple[str, Tone]]:
    """Yield a line for each guard that denies, then one for the guards that pass."""
    guards = [_table(each) for each in data.get("guards") or ()]
    for each in guards:
        if each.get("denial"):
            why = _table(each["denial"]).get("why", "")
            yield f"denied by {each.get('guard')}: {why}", Tone.BAD
    passing = [str(each.get("guard")) for each in guards if not each.get("denial")]
    if passing:
        yield f"passed by {', '.join(passing)}", Tone.GOOD


def _data_lines(data: dict[str, Any], indent: int) -> Iterator[str]:
    """Yield the fields of *data*, a line each; empty and unknown fields are left out."""
    for name, value in data.items():
        begin = f"{' ' * indent}{name}:"
        match value:
            case None | "":
                pass
            case dict() | list() if not value:
                pass
            case dict() if all(not isinstance(each, dict | list) for each in value.values()):
                pairs = [f"{key} {each}" for key, each in value.items() if _has_value(each)]
                yield from [f"{begin} {', '.join(pairs)}"] if pairs else []
            case dict():
                yield begin
                yield from _data_lines(value, indent + 2)
            case list() if all(isinstance(each, dict) for each in value):
                yield from (
                    line
                    for number, each in enumerate(value, start=1)
                    for line in _data_lines({f"{name} {number}": each}, indent)
                )
            case list():
                yield f"{begin} {', '.join(map(str, value))}"
            case _:
                yield f"{begin} {value}"


def _has_value(value: object) -> bool:
    """True for a known value; False counts as one, and zero does not."""
    return value is False or value not in {None, 0, ""}


def _words(data: dict[str, Any], *names: str) -> str:
    return " ".join(str(data[each]) for each in names if data.get(each))


def _table(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
