"""The last line of a replay: the outcome, what it took, and where the record ends."""

from datetime import timedelta

from firstline.cli.output.lines import ReplayLine
from firstline.reporting.timeline import clock


def ending(line: ReplayLine, took: timedelta) -> str:
    """The last line: the outcome, what it took, and where the record ends."""
    fixes = sum(1 for each in line.actions if each.kind == "fix")
    pages = len({each.dedup_key for each in line.pages if each.event_action == "trigger"})
    counts = f"{_count(fixes, 'fix', 'fixes')}, {_count(pages, 'page', 'pages')}"
    record = f"{_count(line.entries, 'entry', 'entries')}, ledger head {line.ledger_head}"
    told_outcome = (line.outcome or "nothing heard").replace("-", " ")
    return (
        f"{told_outcome} after {clock(took)}: {counts}, {record if line.entries else 'no record'}"
    )


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
