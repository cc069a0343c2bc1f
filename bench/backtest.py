"""How fast recorded events go through two policies, beside what decoding their JSON alone takes.

    python bench/backtest.py [ROUNDS] [--quick] [--json]

Events that open nothing: alarms that are OK again, which most events of a year are, and every other
event of the corpus that opens nothing by the shipped profile. Decoded alone is msgspec's decoder on
the same lines, into plain values. The aim: 0.5 of its events a second or more.

Then memory: the peak of a million alarm events, beside that of ten thousand; with one round, of ten
thousand beside a thousand. The aim: 1.1 or less.

Machines differ and are noisy, so only ratios tell; each is the median of alternating rounds.
"""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

import firstline
from firstline.config import fleet_file as profiles
from firstline.lab.redecide import recorded_events
from firstline.lab.redecide.incident_record import HOME
from firstline.lab.redecide.policy_pair import PolicyPair
from firstline.lab.redecide.policy_run import PolicyRun
from tools.bench.figure import Figure, paired, peak_mib, run

ROOT = Path(__file__).parents[1]
EVENTS = ROOT / "events"
OK = EVENTS / "cloudwatch.healthy-hosts-ok.json"
RUNBOOK = Path(firstline.__file__).parent / "profiles" / "runbook.toml"
BEGINS = datetime(2026, 3, 11, tzinfo=UTC)
COUNT = 5_000


def bench(rounds: int) -> Iterator[Figure]:
    """The rates, then the peaks of memory."""
    count = COUNT if rounds > 1 else 200
    yield compare("backtest: alarms that are OK", list(well(count)), rounds)
    yield compare("backtest: all that opens nothing", list(quiet(count)), rounds)
    least, most = (10_000, 1_000_000) if rounds > 1 else (1000, 10_000)
    few, many = peak(least), peak(most)
    yield Figure(
        name=f"backtest: peak memory of {most:,} events",
        figure=many,
        unit="MiB",
        against=f"of {least:,}",
        baseline=few,
        ratio=many / few,
    ).at_most(1.1)


def pair() -> PolicyPair:
    """The shipped policy against itself."""
    profile = profiles.load(RUNBOOK)
    old, new = (PolicyRun(profile, HOME, {}, BEGINS) for _ in range(2))
    return PolicyPair(old, new, lambda flip: sys.exit(f"the same policy parts from itself: {flip}"))


def well(count: int) -> Iterator[bytes]:
    """OK after OK, twenty seconds apart."""
    event = msgspec.json.decode(OK.read_bytes())
    for number in range(count):
        at = BEGINS + timedelta(seconds=20 * number)
        event["time"] = f"{at:%Y-%m-%dT%H:%M:%SZ}"
        event["detail"]["state"]["timestamp"] = f"{at:%Y-%m-%dT%H:%M:%S.000+0000}"
        yield msgspec.json.encode(event)


def quiet(count: int) -> Iterator[bytes]:
    """Each event of the corpus that opens nothing, over and over."""
    held = []
    for path in sorted(EVENTS.glob("*.json")):
        alone = pair()
        recorded_events.replay_event(path.read_bytes(), alone, HOME, path.name)
        if alone.is_idle and not alone.finish().incidents[0]:
            held.append(msgspec.json.encode(msgspec.json.decode(path.read_bytes())))
    for number in range(count):
        yield held[number % len(held)]


def compare(name: str, bodies: list[bytes], rounds: int) -> Figure:
    """Time both in alternation: an event's microseconds, and the ratio of rates."""
    decode = msgspec.json.Decoder().decode
    timed = (
        (_microseconds(bodies, hearer(pair())), _microseconds(bodies, decode))
        for _ in range(rounds)
    )
    figure = paired(name, "us", "their JSON decoded alone", timed, speed=True)
    return figure.at_least(0.5)


def hearer(both: PolicyPair) -> Callable[[bytes], None]:
    """What takes one event through both."""
    return lambda body: recorded_events.replay_event(body, both, HOME, "")


def _microseconds(bodies: list[bytes], call: Callable[[bytes], object]) -> float:
    began = time.process_time()
    for body in bodies:
        call(body)
    return (time.process_time() - began) / len(bodies) * 1e6


def peak(count: int) -> float:
    """The peak resident memory, in MiB, of a process that takes so many events through both."""
    command = [sys.executable, __file__, "--events", str(count)]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(ran.stdout)


def through(count: int) -> float:
    """Take so many events through both, one at a time; the peak in MiB."""
    both = pair()
    for body in well(count):
        recorded_events.replay_event(body, both, HOME, "")
    both.finish()
    return peak_mib()


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["--events", number]:
            print(through(int(number)))
        case _:
            run(bench, usual=9, quick=1)
