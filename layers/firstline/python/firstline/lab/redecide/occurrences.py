"""Occurrences: recorded events, or the ledgers of an export, as they came about in time.

Events are read one at a time. Of an export an index of its chains is held, and the chains that
overlap; the rest stays in the file.
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
from firstline.lab.redecide.pair import Pair
from firstline.lab.redecide.record import Story, Turn, signals, story
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
"""Pseudonyms of users need only to be the same within one backtest."""


class _Time(msgspec.Struct):
    """When EventBridge made an event, or when an entry was made, as far as it says."""

    time: Instant | None = None
    at: Instant | None = None


class _Whole(msgspec.Struct, frozen=True, kw_only=True, rename="kebab"):
    """A state change with its envelope, in one pass, for there may be a million of them."""

    source: Literal["aws.cloudwatch"]
    detail_type: Literal["CloudWatch Alarm State Change"]
    account: Account
    region: Region
    time: Instant
    detail: Detail
    resources: tuple[str, ...] = ()
    replay_name: str | None = None


_WHOLE = msgspec.json.Decoder(_Whole)
_TIMES = msgspec.json.Decoder(_Time)
_REPLAY_NAME = b'"replay-name"'
_ALARM = b'"CloudWatch Alarm State Change"'


def hear(body: bytes, pair: Pair, home: Home, where: str) -> None:
    """One recorded event. One that was pulled from an archive is what it was before that."""
    if _ALARM in body and pair.rests and _all_is_well(body, pair, home):
        return
    if _REPLAY_NAME in body:
        body = _original(body)
    at = told_at(body) or pair.now
    signal = with_pseudonym(clamp_to_now(parse(body, home, at), at), HASH_KEY)
    pair.hear(pair.known(signal), at, where)


def _all_is_well(body: bytes, pair: Pair, home: Home) -> bool:
    """Whether it was an alarm that is OK, which opens nothing: most of a year's events are."""
    try:
        event = _WHOLE.decode(body)
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
    pair.well(arn, at, event.time)
    return True


def told_at(body: bytes) -> datetime | None:
    """The instant that an envelope or an entry tells; None where it is not, or cannot be."""
    try:
        told = _TIMES.decode(body)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None
    at = told.time or told.at
    return at if at is not None and is_plausible(at) else None


def _original(body: bytes) -> bytes:
    try:
        event = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return body
    event.pop("replay-name", None)
    return msgspec.json.encode(event)


# --- exports -----------------------------------------------------------------------------------


class Place(NamedTuple):
    """Where a chain stands in the file, and when it began."""

    at: datetime
    offset: int
    size: int


class _Head(msgspec.Struct):
    incident: str = ""
    at: datetime | None = None


_HEADS = msgspec.json.Decoder(_Head)


def places(file: BinaryIO) -> list[Place]:
    """Every chain of entries in *file*, the earliest first; raises `InvalidInput` with the line."""
    found: list[Place] = []
    last, offset = "", 0
    for number, line in enumerate(file, start=1):
        try:
            head = _HEADS.decode(line)
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            raise InvalidInput(f"line {number} is no line of an export: {error}") from error
        if head.at is not None and head.incident == last:
            found[-1] = found[-1]._replace(size=found[-1].size + len(line))
        elif head.at is not None:
            found.append(Place(head.at, offset, len(line)))
        last = head.incident
        offset += len(line)
    return sorted(found)


def relive(path: Path, pair: Pair, progress: Callable[[int, int], None]) -> None:
    """Let every chain of the export in *path* come about again, in the order of time.

    *progress* is told how many of how many are begun.
    """
    with path.open("rb") as file:
        index = places(file)
        under_way: list[tuple[datetime, int, Iterator[Turn], Turn, IncidentId]] = []
        for number, place in enumerate(index):
            _turns(under_way, pair, place.at)
            chain = _chain(file, place)
            told = story(chain)
            if told is not None:
                pair.begin(_known_as(told))
            _open(chain, pair)
            if told is not None:
                _next(under_way, pair, number, iter(told.turns), _known_as(told))
            progress(number + 1, len(index))
        _turns(under_way, pair, None)


type _UnderWay = list[tuple[datetime, int, Iterator[Turn], Turn, IncidentId]]


def _turns(under_way: _UnderWay, pair: Pair, until: datetime | None) -> None:
    """The turns of the incidents under way, up to that instant."""
    while under_way and (until is None or under_way[0][0] <= until):
        _, number, turns, turn, id_ = heapq.heappop(under_way)
        basis = turn.basis
        if basis is not None:
            pair.turn(id_, turn, basis)
        _next(under_way, pair, number, turns, id_)


def _next(
    under_way: _UnderWay, pair: Pair, number: int, turns: Iterator[Turn], id_: IncidentId
) -> None:
    turn = next(turns, None)
    if turn is None:
        pair.over(id_)
    else:
        heapq.heappush(under_way, (turn.decision.at, number, turns, turn, id_))


def _chain(file: BinaryIO, place: Place) -> list[DecodedEntry]:
    file.seek(place.offset)
    lines = file.read(place.size).splitlines(keepends=True)
    return [each for each in exports.read(lines) if isinstance(each, DecodedEntry)]


def _open(chain: Iterable[DecodedEntry], pair: Pair) -> None:
    """The signal that a chain begins with, if it begins with one: another chain is people's."""
    opening = next(iter(chain))
    if isinstance(opening.event, SignalReceived):
        for signal in signals(opening):
            if opening.event.why.startswith(LATE_REASON):
                pair.told(signal.arn, opening.at, AlarmState.OK)
            pair.hear((signal, signal), opening.at, opening.entry.incident, opening.event.cause)


def _known_as(told: Story) -> IncidentId:
    """The id under which both sides know it: of the key that its signal has here."""
    (signal,) = signals(told.opening)
    return episodes.ignored_signal_id(signal)
