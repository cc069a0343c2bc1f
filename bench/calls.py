"""How often AWS is called, and a function invoked, for one incident: counted, never timed.

    python bench/calls.py [--quick] [--json]

Whole incidents are scenarios, replayed through the deployed handlers and adapters over the twin's
AWS: a complete outage in which all three hosts are mended, and a fleet that is slow for one dead
host. Beside them stand the sweeps of the same time, which come each minute, incident or not. A
duplicate is the second delivery of an event; a quiet reconcile is a wake that sends nothing to a
host and reads no host's answer. The aims are 2 calls for a duplicate, and 9 for the quiet reconcile
that asks the most: the last of an incident, which reads its alarm's metric for the report.

Each is counted once, and is the same on every machine.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.recorded import silence
from firstline.cli.replay import read
from firstline.config.settings import Home
from firstline.lab.twin.replay import replay
from firstline.lab.twin.replay_result import FunctionRun, ReplayResult
from tools.bench.figure import Figure, run

SCENARIOS = Path(__file__).parents[1] / "events" / "scenarios"
HOME = Home("111122223333", "us-east-1")
INCIDENTS = {"a complete outage": "healthy-hosts-zero", "a degraded fleet": "degraded-latency"}
LOOKED = {"ssm.SendCommand", "ssm.ListCommandInvocations"}
"""Of a wake that is about a look or a fix."""


def bench(_: int) -> Iterator[Figure]:
    """Incidents, then single invocations."""
    replayed = {name: replayed_of(file).ran for name, file in INCIDENTS.items()}
    for name, ran in replayed.items():
        yield from incident(name, ran)
    deliveries = [each for each in replayed_of("same-event-twice").ran if each.function == "ingest"]
    first, second = (calls(deliveries[number : number + 1]) for number in (0, 1))
    yield count_figure("a duplicate", second, "calls", first, "the first delivery").at_most(2)
    wakes = [each for ran in replayed.values() for each in ran if quiet(each)]
    most = max(len(each.calls) for each in wakes)
    yield count_figure("a quiet reconcile", most, "calls").at_most(9)


def replayed_of(scenario: str) -> ReplayResult:
    """The scenario's replay, to its end."""
    made, events, profile = read(SCENARIOS / f"{scenario}.toml", HOME)
    with silence():
        return replay(made, events, profile, HOME, lambda _: None)


def incident(name: str, ran: Sequence[FunctionRun]) -> Iterator[Figure]:
    """What it came to: invocations, calls, and the price of the calls."""
    own = [each for each in ran if each.function != "sweep"]
    sweeps = [each for each in ran if each.function == "sweep"]
    against = f"{len(sweeps)} sweeps meanwhile"
    yield count_figure(name, len(own), "invocations", len(sweeps), against)
    yield count_figure(name, calls(own), "calls", calls(sweeps), against)
    yield count_figure(name, dollars(own), "dollars for calls", dollars(sweeps), against)


def count_figure(
    name: str, count: float, unit: str, baseline: float | None = None, against: str = ""
) -> Figure:
    """A figure that was counted."""
    return Figure(
        name=name, figure=count, unit=unit, against=against, baseline=baseline, exact=True
    )


def calls(ran: Sequence[FunctionRun]) -> int:
    """How many there were in all."""
    return sum(len(each.calls) for each in ran)


def dollars(ran: Sequence[FunctionRun]) -> float:
    """What they cost."""
    return sum(each.nanodollars for each in ran) / 1e9


def quiet(ran: FunctionRun) -> bool:
    """Whether it was a wake that had nothing to send or to read of a host."""
    return ran.function == "reconcile" and not LOOKED & set(ran.calls)


if __name__ == "__main__":
    run(bench, usual=1, quick=1)
