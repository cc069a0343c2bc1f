"""Found: one seed's run, what it violates, and the shortest list of choices that still does."""

import functools
import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

import firstline
from firstline.config import fleet_file as profiles
from firstline.config.profile import Profile
from firstline.errors import InvariantViolation
from firstline.lab.simulation.choices import Choices
from firstline.lab.simulation.directed import STARTS
from firstline.lab.simulation.faults import Fault
from firstline.lab.simulation.invariants import violations
from firstline.lab.simulation.run import Run
from firstline.lab.simulation.starts import Start, draw, troubled
from firstline.lab.twin import scenario as scenarios
from firstline.ledger import export as exports

PROFILES = Path(firstline.__file__).parent / "profiles"


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What one run came to."""

    start: str
    violations: tuple[str, ...]
    choices: tuple[int, ...]
    hash: str
    incidents: int
    steps: int
    coverage: dict[tuple[str, Fault], int]


def policy(start: Start) -> bytes:
    """The text of the profile that is in force in the world of *start*."""
    path = PROFILES / f"{start.scenario.profile}.toml"
    return scenarios.ruled(_whole(path), start.scenario)


_whole = functools.cache(profiles.read)


_PROFILES: dict[str, Profile] = {}


def load(start: Start) -> Profile:
    """The policy of the world of *start*; each is read once."""
    name = f"{start.scenario.profile} {sorted(start.scenario.autonomy.items())}"
    if name not in _PROFILES:
        _PROFILES[name] = profiles.parse(policy(start), name)
    return _PROFILES[name]


def start_of(seed: int) -> Start:
    """The world that *seed* begins in."""
    return STARTS[seed % len(STARTS)]


def seeds(count: int, name: str = "") -> Iterator[int]:
    """The first *count* seeds, of all or of those that begin with the start of that name."""
    if name and name not in {each.name for each in STARTS}:
        message = f"no run begins with {name!r}"
        raise InvariantViolation(message)
    every = (seed for seed in itertools.count() if name in ("", start_of(seed).name))
    return itertools.islice(every, count)


def run(seed: int, given: Sequence[int] | None = None) -> Run:
    """The run of *seed*, or of the *given* choices in its world, at its end."""
    choices = Choices(seed=seed) if given is None else Choices(given)
    begun = start_of(seed)
    start = troubled(draw(choices) if begun.drawn else begun, choices)
    return Run(start, load(start), choices).to_the_end()


def exported(ended: Run) -> Iterator[bytes]:
    """The lines of an export of all that *ended* recorded."""
    text = policy(ended.start).decode()
    chains = ended.door.store.tables.entries.values()
    entries = (entry for chain in chains for entry in chain)
    return exports.write(entries, {ended.profile.digest: text}.get)


def simulate(seed: int, given: Sequence[int] | None = None) -> Outcome:
    """What the run of *seed*, or of the *given* choices in its world, came to."""
    return outcome(run(seed, given))


def outcome(ended: Run) -> Outcome:
    """What *ended* came to."""
    return Outcome(
        start=ended.start.name,
        violations=tuple(violations(ended)),
        choices=tuple(ended.choices.taken),
        hash=ended.hash,
        incidents=len(ended.door.store.tables.incidents),
        steps=ended.scheduler.steps,
        coverage=dict(ended.scheduler.coverage),
    )


def shortest(seed: int, outcome: Outcome, tries: int = 400) -> Outcome:
    """The same violation with as few choices as deleting and zeroing find within *tries*."""
    broken = _invariants(outcome)
    best, left = outcome, tries
    size = max(len(best.choices) // 2, 1)
    while size and left > 0:
        at = 0
        while at < len(best.choices) and left > 0:
            for shorter in _without(best.choices, at, size):
                left -= 1
                found = simulate(seed, shorter)
                if _invariants(found) & broken and _weight(found) < _weight(best):
                    best = found
                    break
            else:
                at += size
        size //= 2
    return best


def _without(choices: tuple[int, ...], at: int, size: int) -> tuple[tuple[int, ...], ...]:
    """Without a piece, and with that piece dull."""
    head, piece, tail = choices[:at], choices[at : at + size], choices[at + size :]
    if not any(piece):
        return ()
    return (head + tail, head + (0,) * len(piece) + tail)


def _weight(outcome: Outcome) -> int:
    """How many choices are not dull."""
    return sum(1 for each in outcome.choices if each)


def _invariants(outcome: Outcome) -> Counter[str]:
    return Counter({each.partition(" ")[0].strip(":") for each in outcome.violations})
