"""Recorded events, or an export's ledgers, replayed in the order of time.

Events are read one at a time. Of an export an index of its chains and the overlapping chains are in
memory; the rest stays in the file.
"""

import heapq
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Literal, NamedTuple

import msgspec

from firstline.config.settings import Home
from firstline.controller.open_incident import LATE_REASON
from firstline.diagnosis.evidence import AlarmState
from firstline.errors import InvalidInput
from firstline.ids import IncidentId
from firstline.lab.redecide.incident_record import (
    IncidentRecord,
    RecordedReconcile,
    incident_record,
    signals,
)
from firstline.lab.redecide.policy_pair import PolicyPair
from firstline.ledger import export as exports
from firstline.ledger.entries import SignalReceived
from firstline.ledger.export import DecodedEntry
from firstline.signal import LATEST, clamp_to_now, is_plausible
from firstline.signals import episodes
from firstline.signals.sources.cloudwatch import Detail
from firstline.signals.sources.envelope import SIZE_MAX, parse
from firstline.signals.sources.eventbridge import Account, Instant, Region, parse_instant
from firstline.signals.sources.user import with_pseudonym

HASH_KEY = "local"
"""Users' pseudonyms need to be equal within one backtest only."""


class _Time(msgspec.Struct):
    """The instant of an event by EventBridge, or of an entry, if it has one."""

    time: Instant | None = None
    at: Instant | None = None


class _AlarmEvent(msgspec.Struct, frozen=True, kw_only=True, rename="kebab"):
    """A state change with its envelope in one pass, since there may be a million of them."""

    source: Literal["aws.cloudwatch"]
    detail_type: Literal["CloudWatch Alarm State Change"]
    account: Account
    region: Region
    time: Instant
    detail: Detail
    resources: tuple[str, ...] = ()
    replay_name: str | None = None


_ALARM_EVENTS = msgspec.json.Decoder(_AlarmEvent)
_TIMES = msgspec.json.Decoder(_Time)
_REPLAY_NAME = b'"replay-name"'
_ALARM = b'"CloudWatch Alarm State Change"'


def replay_event(body: bytes, pair: PolicyPair, home: Home, where: str) -> None:
    """Replay one recorded event; one from an archive is treated as the original."""
    if _ALARM in body and pair.is_idle and _is_recovery(body, pair, home):
        return
    if _REPLAY_NAME in body:
        body = _without_replay_name(body)
    at = event_time(body) or pair.now
    signal = with_pseudonym(clamp_to_now(parse(body, home, at), at), HASH_KEY)
    pair.receive(pair.known(signal), at, where)


def _is_recovery(body: bytes, pair: PolicyPair, home: Home) -> bool:
    """True if it was an alarm's OK, which opens nothing: most of a year's events are.

    It is recorded without the full parse.
    """
    try:
        event = _ALARM_EVENTS.decode(body)
        at = parse_instant(event.detail.state.timestamp)
    except (msgspec.DecodeError, UnicodeError, RecursionError, InvalidInput):
        return False
    arn = f"arn:aws:cloudwatch:{home.region}:{home.account}:alarm:{event.detail.alarm_name}"
    well = event.detail.state.value is AlarmState.OK and event.detail.alarm_contributor is None
    ours = event.account == home.account and event.region == home.region
    if not (well and ours and event.resources == (arn,) and arn.isprintable()):
        return False
    if not is_plausible(at) or not at <= event.time < LATEST or len(body) > SIZE_MAX:
        return False
    pair.record_recovery(arn, at, event.time)
    return True


def event_time(body: bytes) -> datetime | None:
    """Return the instant in an envelope or an entry; None if there is no valid one."""
    try:
        record = _TIMES.decode(body)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None
    at = record.time or record.at
    return at if at is not None and is_plausible(at) else None


def _without_replay_name(body: bytes) -> bytes:
    try:
        event = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return body
    event.pop("replay-name", None)
    return msgspec.json.encode(event)


# --- exports -----------------------------------------------------------------------------------


class ChainLocation(NamedTuple):
    """The location of a chain in the file, and the instant of its first entry."""

    at: datetime
    offset: int
    size: int


class _Head(msgspec.Struct):
    incident: str = ""
    at: datetime | None = None


_HEADS = msgspec.json.Decoder(_Head)


def chain_locations(file: BinaryIO) -> list[ChainLocation]:
    """Return every chain in *file*, the earliest first; raises `InvalidInput`."""
    locations: list[ChainLocation] = []
    last, offset = "", 0
    for number, line in enumerate(file, start=1):
        try:
            head = _HEADS.decode(line)
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            raise InvalidInput(f"line {number} is no line of an export: {error}") from error
        if head.at is not None and head.incident == last:
            locations[-1] = locations[-1]._replace(size=locations[-1].size + len(line))
        elif head.at is not None:
            locations.append(ChainLocation(head.at, offset, len(line)))
        last = head.incident
        offset += len(line)
    return sorted(locations)


def replay_export(path: Path, pair: PolicyPair, progress: Callable[[int, int], None]) -> None:
    """Replay every chain of the export in *path* in the order of time.

    *progress* receives the number of begun chains and of all.
    """
    with path.open("rb") as file:
        index = chain_locations(file)
        pending: list[
            tuple[datetime, int, Iterator[RecordedReconcile], RecordedReconcile, IncidentId]
        ] = []
        for number, place in enumerate(index):
            _replay_reconciles(pending, pair, place.at)
            chain = _chain(file, place)
            record = incident_record(chain)
            if record is not None:
                pair.follow_record(_incident_id(record))
            _replay_opening(chain, pair)
            if record is not None:
                _push_next(pending, pair, number, iter(record.reconciles), _incident_id(record))
            progress(number + 1, len(index))
        _replay_reconciles(pending, pair, None)


type _Pending = list[
    tuple[datetime, int, Iterator[RecordedReconcile], RecordedReconcile, IncidentId]
]


def _replay_reconciles(pending: _Pending, pair: PolicyPair, until: datetime | None) -> None:
    """Replay the pending incidents' reconciles up to that instant."""
    while pending and (until is None or pending[0][0] <= until):
        _, number, reconciles, turn, id_ = heapq.heappop(pending)
        inputs = turn.inputs
        if inputs is not None:
            pair.reconcile(id_, turn, inputs)
        _push_next(pending, pair, number, reconciles, id_)


def _push_next(
    pending: _Pending,
    pair: PolicyPair,
    number: int,
    reconciles: Iterator[RecordedReconcile],
    id_: IncidentId,
) -> None:
    turn = next(reconciles, None)
    if turn is None:
        pair.end_record(id_)
    else:
        heapq.heappush(pending, (turn.decision.at, number, reconciles, turn, id_))


def _chain(file: BinaryIO, place: ChainLocation) -> list[DecodedEntry]:
    file.seek(place.offset)
    lines = file.read(place.size).splitlines(keepends=True)
    return [each for each in exports.read(lines) if isinstance(each, DecodedEntry)]


def _replay_opening(chain: Iterable[DecodedEntry], pair: PolicyPair) -> None:
    """Replay the signal that a chain begins with, if any: other chains are operators'."""
    opening = next(iter(chain))
    if isinstance(opening.event, SignalReceived):
        for signal in signals(opening):
            if opening.event.why.startswith(LATE_REASON):
                pair.record_alarm_state(signal.arn, opening.at, AlarmState.OK)
            pair.receive(
                (signal, signal), opening.at, opening.entry.incident, opening.event.correlation_key
            )


def _incident_id(record: IncidentRecord) -> IncidentId:
    """Return the id under which both policies know it, from its signal's key here."""
    (signal,) = signals(record.opening)
    return episodes.ignored_signal_id(signal)
