"""Entries of a ledger as a person reads them: each whole but for what a decision rested on."""

from collections.abc import Iterable, Iterator
from typing import Any

from rich.text import Text

from firstline.cli.output import lines as output
from firstline.cli.output import terminal
from firstline.ledger.export import DecodedEntry
from firstline.reporting.tones import Tone

APART = frozenset({"guards", "seen", "around", "step", "plan"})
"""What a decision says in words of its own; what it rested on is for ``--json``."""
INDENT = 6


def tell(entries: Iterable[DecodedEntry], *, as_json: bool) -> int:
    """Every entry, and what it says; gives how many there were."""
    count = 0
    for each in entries:
        count += 1
        if as_json:
            output.emit(output.entry(each))
        else:
            terminal.say(_told(each))
    return count


def _told(entry: DecodedEntry) -> Iterator[Text]:
    at = entry.at.isoformat(sep=" ", timespec="seconds").removesuffix("+00:00")
    head = f"{entry.entry.sequence:>4}  {at}  {entry.kind:<12}  {_headline(entry)}"
    yield Text(terminal.printable(head.rstrip()), style="bold")
    decided = entry.kind == "decision"
    said = {name: value for name, value in entry.data.items() if not decided or name not in APART}
    yield from (Text(terminal.printable(line)) for line in _lines(said, INDENT))
    for line, tone in _answers(entry.data) if decided else ():
        text = terminal.printable(f"{' ' * INDENT}{line}")
        yield Text(text, style=terminal.STYLES[tone])


def _headline(entry: DecodedEntry) -> str:
    """What it is about, in a few words."""
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
    """The step, with its time or its plan."""
    step, plan = _table(data.get("step")), _table(data.get("plan"))
    until = step.get("until", step.get("read_at"))
    about = f"{_words(plan, 'action', 'target')} (plan {str(plan.get('hash', ''))[:12]})"
    return " ".join(
        (str(step.get("type", "")), f"until {until}" if until else "", about if plan else "")
    )


def _answers(data: dict[str, Any]) -> Iterator[tuple[str, Tone]]:
    """Each guard that denies, and those that let it pass."""
    answers = [_table(each) for each in data.get("guards") or ()]
    for each in answers:
        if each.get("denial"):
            why = _table(each["denial"]).get("why", "")
            yield f"denied by {each.get('guard')}: {why}", Tone.BAD
    passed = [str(each.get("guard")) for each in answers if not each.get("denial")]
    if passed:
        yield f"passed by {', '.join(passed)}", Tone.GOOD


def _lines(data: dict[str, Any], indent: int) -> Iterator[str]:
    """What *data* says, a line a name; what is empty or unknown is left out."""
    for name, value in data.items():
        begin = f"{' ' * indent}{name}:"
        match value:
            case None | "":
                pass
            case dict() | list() if not value:
                pass
            case dict() if all(not isinstance(each, dict | list) for each in value.values()):
                told = [f"{key} {each}" for key, each in value.items() if _says(each)]
                yield from [f"{begin} {', '.join(told)}"] if told else []
            case dict():
                yield begin
                yield from _lines(value, indent + 2)
            case list() if all(isinstance(each, dict) for each in value):
                yield from (
                    line
                    for number, each in enumerate(value, start=1)
                    for line in _lines({f"{name} {number}": each}, indent)
                )
            case list():
                yield f"{begin} {', '.join(map(str, value))}"
            case _:
                yield f"{begin} {value}"


def _says(value: object) -> bool:
    """Whether a count counts something, or a fact is known; False is one."""
    return value is False or value not in {None, 0, ""}


def _words(data: dict[str, Any], *names: str) -> str:
    return " ".join(str(data[each]) for each in names if data.get(each))


def _table(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
