"""How fast an event is understood, beside what decoding its JSON alone takes.

    python bench/classify.py [ROUNDS] [--quick] [--json]

Understood is from the bytes to the disposition, with 20 rules; decoded alone is msgspec's decoder
on the same bytes, into plain values. The aim: 0.6 of its throughput or more.

Then the decision alone, on the decoded event, beside 20 filters of jmespath, compiled beforehand,
the language in which other tools write such rules, and beside 20 event filters of Cloud Custodian,
the best known of them. That one is no dependency of this project: it takes part when it can be
imported, and is told as left out when it cannot.

    uv pip install --target FOLDER c7n && PYTHONPATH=FOLDER python bench/classify.py

Then the commands that only read, each as a whole process, beside the same process that imports
the twin first, and with it moto and boto3. The aim: 0.35 of its CPU or less.

Machines differ and are noisy, so only ratios tell; each is the median of alternating rounds.
"""

import copy
import importlib.util
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jmespath  # type: ignore[import-untyped]  # no stubs: only this file uses it
import msgspec

import firstline
from firstline.config import fleet_file as profiles
from firstline.config.profile import Profile
from firstline.config.settings import Home
from firstline.signal import Disposition
from firstline.signals.classify import classify, with_profile_name
from firstline.signals.sources.envelope import parse
from tools.bench.figure import Figure, paired, run

ROOT = Path(__file__).parents[1]
EVENT = ROOT / "events" / "cloudwatch.healthy-hosts-zero.json"
RUNBOOK = Path(firstline.__file__).parent / "profiles" / "runbook.toml"
HOME = Home("111122223333", "us-east-1")
NOW = datetime(2026, 1, 1, tzinfo=UTC)
RULES, CALLS = 20, 2000
READING = {
    "classify": ("classify", str(EVENT)),
    "policy check": ("policy", "check", str(RUNBOOK)),
    "policy explain": ("policy", "explain", str(EVENT)),
}
"""The command lines that only read, by the names of their figures."""
ALONE = "from firstline.cli.entry import main; main()"
WITH_TWIN = f"import firstline.lab.twin.replay; {ALONE}"


def bench(rounds: int) -> Iterator[Figure]:
    """Understood, then decided, then as commands."""
    body, profile = EVENT.read_bytes(), with_rules(profiles.load(RUNBOOK))
    signal = with_profile_name(parse(body, HOME, NOW), profile, {})
    event = msgspec.json.decode(body)
    decode = msgspec.json.Decoder().decode
    filters = [jmespath.compile(text) for text in expressions(profile)]

    def understand() -> None:
        received = with_profile_name(parse(body, HOME, NOW), profile, {})
        if classify(received, profile, HOME).disposition is not Disposition.INCIDENT:
            raise SystemExit("the event is not understood any more")

    def decide() -> None:
        classify(signal, profile, HOME)

    alone = compare(
        "understood", understand, "its JSON decoded alone", lambda: decode(body), rounds
    )
    yield alone.at_least(0.6)
    against = f"{RULES} filters of jmespath"
    yield compare("decided", decide, against, lambda: first(filters, event), rounds).at_least(1)
    if (custodian := custodians(profile, event)) is None:
        print("Cloud Custodian is not here and is left out: see the script's head", file=sys.stderr)
    else:
        against = f"{RULES} filters of Cloud Custodian"
        yield compare("decided", decide, against, custodian, rounds).at_least(1)
    yield from commands(rounds)


def with_rules(profile: Profile) -> Profile:
    """The profile with 20 rules; the one that fits is the last of its subject."""
    (rule,) = (each for each in profile.rules if each.subject == "healthy-hosts")
    others = tuple(
        copy.replace(rule, name=f"rule {n}", subject=f"alarm-{n}" if n % 4 else rule.subject)
        for n in range(RULES - 1)
    )
    missed = tuple(copy.replace(each, when={"metric": each.name}) for each in others)
    return copy.replace(profile, rules=(*missed, rule))


def expressions(profile: Profile) -> list[str]:
    """The same rules as filters."""
    metric = "detail.configuration.metrics[0].metricStat.metric.name"
    named = "detail.alarmName == 'vettid-prod-enclave-{}'"
    return [
        " && ".join(
            [
                named.format(rule.subject),
                *(f"{metric} == '{value}'" for value in rule.when.values()),
            ]
        )
        for rule in profile.rules
    ]


def custodians(profile: Profile, event: object) -> Callable[[], object] | None:
    """The same rules as Cloud Custodian's event filters; None where it is not installed."""
    if importlib.util.find_spec("c7n") is None:
        return None
    filtering: Any = importlib.import_module("c7n.filters.core")
    metric = "detail.configuration.metrics[0].metricStat.metric.name"
    rules = [
        [
            filtering.EventFilter({"type": "event", "key": key, "value": value}, None)
            for key, value in (
                ("detail.alarmName", f"vettid-prod-enclave-{rule.subject}"),
                *((metric, value) for value in rule.when.values()),
            )
        ]
        for rule in profile.rules
    ]
    resources: list[dict[str, object]] = [{}]

    def decide() -> int:
        fitting = (
            number
            for number, filters in enumerate(rules)
            if all(each.process(resources, event) for each in filters)
        )
        return next(fitting)

    return decide


def first(filters: list[Any], event: object) -> int:
    """The number of the filter that fits."""
    return next(number for number, each in enumerate(filters) if each.search(event) is True)


def compare(
    name: str, ours: Callable[[], object], against: str, theirs: Callable[[], object], rounds: int
) -> Figure:
    """Time both in alternation: microseconds a call, and the ratio of throughputs."""
    timed = ((_microseconds(ours), _microseconds(theirs)) for _ in range(rounds))
    return paired(f"an event {name}", "us", against, timed, speed=True)


def commands(rounds: int) -> Iterator[Figure]:
    """Each command line of `READING`: seconds of CPU, of its process from start to end."""
    for name, words in READING.items():
        spent_seconds(ALONE, words)  # compiles what is not compiled yet
        pairs = (
            (spent_seconds(ALONE, words), spent_seconds(WITH_TWIN, words)) for _ in range(rounds)
        )
        yield paired(f"{name}, CPU", "s", "the same, and the twin imported", pairs).at_most(0.35)


def spent_seconds(code: str, words: Sequence[str]) -> float:
    """The CPU, user and system, of a Python that runs *code* with *words* as its arguments."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", code, *words], check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _microseconds(call: Callable[[], object]) -> float:
    began = time.process_time()
    for _ in range(CALLS):
        call()
    return (time.process_time() - began) / CALLS * 1e6


if __name__ == "__main__":
    run(bench, usual=15, quick=1)
