"""``firstline replay EXPORT``: recorded incidents, each decided again from its own record (I26)."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from firstline.adapters.pagerduty.notifier import event
from firstline.cli import exported
from firstline.cli.output import lines as output
from firstline.cli.output import replay as account
from firstline.cli.output import terminal
from firstline.cli.output.lines import PageLine, UpdateLine
from firstline.cli.output.past import AgainLine, DifferenceLine
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
"""As many differences of one incident as a terminal shows."""
KEYS = frozenset({"checkpoint", "policy", "sequence"})


def holds(path: Path) -> bool:
    """Whether *path* is an export: whether its first line is a document of one."""
    try:
        with path.open("rb") as file:
            first = msgspec.json.decode(file.readline(), type=dict[str, msgspec.Raw])
    except (OSError, msgspec.DecodeError, UnicodeError, RecursionError):
        return False
    return bool(KEYS & first.keys())


def run(path: Path, *, as_json: bool) -> int:
    """Tell each incident of the export in *path*; 1 if one is not decided as it was."""
    incidents = decisions = parted = 0
    known = policies(path)
    with exported.opened(path) as read, exported.understood(path):
        for line in _lines(path, read, known):
            incidents += 1
            decisions += line.decisions
            parted += bool(line.differences or line.why)
            if as_json:
                output.emit(line)
            else:
                terminal.say(_text(line))
    if not incidents:
        raise InvalidInput(f"{path}: holds no incident: nothing was decided in it")
    if not as_json:
        ends = f"{parted} not as recorded" if parted else "each as recorded"
        terminal.say([f"incidents: {incidents}, decisions decided again: {decisions}, {ends}"])
    return 1 if parted else 0


def policies(path: Path) -> dict[Digest, Profile]:
    """The policies of the export in *path*; raises `InvalidInput` naming the file."""
    try:
        with exported.opened(path) as read:
            return export_chains.policies(read)
    except InvalidInput as error:
        raise exported.named(path, error) from error


def _lines(
    path: Path, read: Iterable[Line], policies: dict[Digest, Profile]
) -> Iterator[AgainLine]:
    """One line for each incident of the export; raises `InvalidInput` naming the file."""
    for chain in export_chains.chains(read):
        told_story = incident_record(chain)
        if told_story is not None:
            yield _line(path, told_story, chain, policies)


def _line(
    path: Path,
    told: IncidentRecord,
    chain: tuple[DecodedEntry, ...],
    policies: dict[Digest, Profile],
) -> AgainLine:
    try:
        compared = redecide(told, policies)
    except (msgspec.ValidationError, KeyError, ValueError) as error:
        raise InvalidInput(f"{path}: {told.id} does not say what a ledger says: {error}") from error
    held, start = compared.incident, told.opening.at
    (opening,) = signal_events(told.opening)
    return AgainLine(
        incident=told.id,
        severity=held.severity if held else opening.severity,
        condition=held.condition if held else opening.condition,
        disposition=opening.disposition,
        outcome=held.status if held else None,
        pages=tuple(_pages(chain, compared)),
        updates=tuple(_updates(chain)),
        actions=tuple(account.actions(chain, start)),
        denials=tuple(account.denials(chain)),
        entries=len(chain),
        ledger_head=chain[-1].entry.hash,
        virtual_seconds=account.since(chain[-1].at, start),
        decisions=compared.decisions,
        differences=tuple(_difference(each) for each in compared.differences),
        why=compared.why or None,
    )


def _difference(each: msgspec.Struct) -> DifferenceLine:
    return msgspec.convert(each, type=DifferenceLine, from_attributes=True)


def _pages(chain: tuple[DecodedEntry, ...], compared: RedecisionResult) -> Iterator[PageLine]:
    """What PagerDuty accepted then; the body is what is posted today."""
    for each in chain:
        match each.event:
            case PageDelivered(outcome="accepted") as page if channel(page.channel).pages_on_call:
                sent = compared.sent.get((page.key, page.action))
                yield PageLine(
                    event_action=page.action,
                    dedup_key=page.key,
                    severity=page.severity,
                    at_seconds=account.since(each.at, chain[0].at),
                    body=event(sent) if sent else {},
                )
            case _:
                pass


def _updates(chain: tuple[DecodedEntry, ...]) -> Iterator[UpdateLine]:
    """The change events that PagerDuty accepted then, as they are recorded."""
    for each in chain:
        match each.event:
            case PageDelivered(outcome="accepted", summary=str() as summary):
                at = account.since(each.at, chain[0].at)
                yield UpdateLine(at_seconds=at, summary=summary)
            case _:
                pass


def _text(line: AgainLine) -> Iterator[str]:
    what = f"{line.incident}  {line.severity} {line.condition}, {line.outcome}"
    if line.why:
        yield f"{what}: cannot be decided again: {line.why}"
        return
    count = f"{line.decisions} decisions"
    if not line.differences:
        yield f"{what}: {count}, each as recorded"
        return
    yield f"{what}: {count}, {len(line.differences)} differences"
    for each in line.differences[:SHOWN_MAX]:
        where = f"entry {each.sequence} ({each.kind}) {each.field}".rstrip()
        yield f"    {where}: recorded {_short(each.recorded)}, again {_short(each.again)}"
    if more := line.differences[SHOWN_MAX:]:
        yield f"    and {len(more)} more"


def _short(value: object) -> str:
    text = msgspec.json.encode(value).decode()
    return text if len(text) <= WIDTH_MAX else f"{text[: WIDTH_MAX - 1]}\N{HORIZONTAL ELLIPSIS}"
