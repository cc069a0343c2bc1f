"""``firstline replay EXPORT``: repeats the decisions of recorded incidents (I26)."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from firstline.adapters.pagerduty.notifier import event
from firstline.cli import export_files
from firstline.cli.output import lines as output
from firstline.cli.output import replay_lines, terminal
from firstline.cli.output.lines import PageLine, UpdateLine
from firstline.cli.output.redecide_lines import DifferenceLine, RedecideLine
from firstline.config.channels import channel
from firstline.config.profile import Profile
from firstline.errors import InvalidInput
from firstline.ids import Digest
from firstline.lab.redecide import export_chains
from firstline.lab.redecide.incident_record import IncidentRecord, incident_record, signal_events
from firstline.lab.redecide.redecision import RedecisionResult, redecide
from firstline.ledger.entries import PageDelivered
from firstline.ledger.export import DecodedEntry, Line

SHOWN_MAX = 10
WIDTH_MAX = 160
"""Maximum width of a printed value."""
EXPORT_KEYS = frozenset({"checkpoint", "policy", "sequence"})


def is_export(path: Path) -> bool:
    """True if the first line of *path* is a document of an export."""
    try:
        with path.open("rb") as file:
            first = msgspec.json.decode(file.readline(), type=dict[str, msgspec.Raw])
    except (OSError, msgspec.DecodeError, UnicodeError, RecursionError):
        return False
    return bool(EXPORT_KEYS & first.keys())


def run(path: Path, *, as_json: bool) -> int:
    """Print each incident of the export in *path*; return 1 if one differs from its record."""
    incidents = decisions = differing = 0
    known_policies = policies(path)
    with export_files.open_export(path) as lines, export_files.decoding(path):
        for line in _lines(path, lines, known_policies):
            incidents += 1
            decisions += line.decisions
            differing += bool(line.differences or line.why)
            if as_json:
                output.emit(line)
            else:
                terminal.print_lines(_text(line))
    if not incidents:
        raise InvalidInput(f"{path}: contains no incident")
    if not as_json:
        ends = f"{differing} not as recorded" if differing else "each as recorded"
        terminal.print_lines([f"incidents: {incidents}, decisions re-decided: {decisions}, {ends}"])
    return 1 if differing else 0


def policies(path: Path) -> dict[Digest, Profile]:
    """Return the policies of the export in *path*; raises `InvalidInput` with the path."""
    try:
        with export_files.open_export(path) as lines:
            return export_chains.policies(lines)
    except InvalidInput as error:
        raise export_files.with_path(path, error) from error


def _lines(
    path: Path, lines: Iterable[Line], policies: dict[Digest, Profile]
) -> Iterator[RedecideLine]:
    """Yield one document for each incident of the export; raises `InvalidInput` with the path."""
    for chain in export_chains.chains(lines):
        record = incident_record(chain)
        if record is not None:
            yield _line(path, record, chain, policies)


def _line(
    path: Path,
    record: IncidentRecord,
    chain: tuple[DecodedEntry, ...],
    policies: dict[Digest, Profile],
) -> RedecideLine:
    try:
        result = redecide(record, policies)
    except (msgspec.ValidationError, KeyError, ValueError) as error:
        raise InvalidInput(f"{path}: {record.id} is not a ledger record: {error}") from error
    incident, start = result.incident, record.opening.at
    (opening,) = signal_events(record.opening)
    return RedecideLine(
        incident=record.id,
        severity=incident.severity if incident else opening.severity,
        condition=incident.condition if incident else opening.condition,
        disposition=opening.disposition,
        outcome=incident.status if incident else None,
        pages=tuple(_pages(chain, result)),
        updates=tuple(_updates(chain)),
        actions=tuple(replay_lines.actions(chain, start)),
        denials=tuple(replay_lines.denials(chain)),
        entries=len(chain),
        ledger_head=chain[-1].entry.hash,
        virtual_seconds=replay_lines.seconds_since(chain[-1].at, start),
        decisions=result.decisions,
        differences=tuple(_difference(each) for each in result.differences),
        why=result.why or None,
    )


def _difference(each: msgspec.Struct) -> DifferenceLine:
    return msgspec.convert(each, type=DifferenceLine, from_attributes=True)


def _pages(chain: tuple[DecodedEntry, ...], compared: RedecisionResult) -> Iterator[PageLine]:
    """Yield the pages that PagerDuty accepted then; the body is what this code sends."""
    for each in chain:
        match each.event:
            case PageDelivered(outcome="accepted") as page if channel(page.channel).pages_on_call:
                sent = compared.sent.get((page.key, page.action))
                yield PageLine(
                    event_action=page.action,
                    dedup_key=page.key,
                    severity=page.severity,
                    at_seconds=replay_lines.seconds_since(each.at, chain[0].at),
                    body=event(sent) if sent else {},
                )
            case _:
                pass


def _updates(chain: tuple[DecodedEntry, ...]) -> Iterator[UpdateLine]:
    """Yield the change events that PagerDuty accepted then, as they are recorded."""
    for each in chain:
        match each.event:
            case PageDelivered(outcome="accepted", summary=str() as summary):
                at = replay_lines.seconds_since(each.at, chain[0].at)
                yield UpdateLine(at_seconds=at, summary=summary)
            case _:
                pass


def _text(line: RedecideLine) -> Iterator[str]:
    head = f"{line.incident}  {line.severity} {line.condition}, {line.outcome}"
    if line.why:
        yield f"{head}: cannot be re-decided: {line.why}"
        return
    count = f"{line.decisions} decisions"
    if not line.differences:
        yield f"{head}: {count}, each as recorded"
        return
    yield f"{head}: {count}, {len(line.differences)} differences"
    for each in line.differences[:SHOWN_MAX]:
        where = f"entry {each.sequence} ({each.kind}) {each.field}".rstrip()
        yield f"    {where}: recorded {_short(each.recorded)}, re-decided {_short(each.redecided)}"
    if more := line.differences[SHOWN_MAX:]:
        yield f"    and {len(more)} more"


def _short(value: object) -> str:
    text = msgspec.json.encode(value).decode()
    return text if len(text) <= WIDTH_MAX else f"{text[: WIDTH_MAX - 1]}\N{HORIZONTAL ELLIPSIS}"
