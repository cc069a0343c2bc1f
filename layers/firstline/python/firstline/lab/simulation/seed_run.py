"""The run of one seed: its initial world, its policy and its outcome."""

import functools
import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

import firstline
from firstline.config import fleet_file as profiles
from firstline.config.profile import Profile
from firstline.errors import InvariantViolation
from firstline.lab.simulation.choices import Choices
from firstline.lab.simulation.faults import Fault
from firstline.lab.simulation.initial_worlds import InitialWorld, add_outage, draw_fleet
from firstline.lab.simulation.invariants import violations
from firstline.lab.simulation.known_failures import INITIAL_WORLDS
from firstline.lab.simulation.run import Run
from firstline.lab.twin import scenario as scenarios
from firstline.ledger import export as exports

PROFILES = Path(firstline.__file__).parent / "profiles"


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome of one run."""

    world: str
    violations: tuple[str, ...]
    choices: tuple[int, ...]
    hash: str
    incidents: int
    steps: int
    coverage: dict[tuple[str, Fault], int]


def policy_text(initial: InitialWorld) -> bytes:
    """Return the text of the profile that is in force in *initial*."""
    path = PROFILES / f"{initial.scenario.profile}.toml"
    return scenarios.ruled(_read_profile(path), initial.scenario)


_read_profile = functools.cache(profiles.read)


_PROFILES: dict[str, Profile] = {}


def load_profile(initial: InitialWorld) -> Profile:
    """Return the profile that is in force in *initial*; each is parsed once."""
    name = f"{initial.scenario.profile} {sorted(initial.scenario.autonomy.items())}"
    if name not in _PROFILES:
        _PROFILES[name] = profiles.parse(policy_text(initial), name)
    return _PROFILES[name]


def initial_world_of(seed: int) -> InitialWorld:
    """Return the initial world of *seed*."""
    return INITIAL_WORLDS[seed % len(INITIAL_WORLDS)]


def seeds(count: int, name: str = "") -> Iterator[int]:
    """Return the first *count* seeds, of all worlds or of the one with that name.

    Raises `InvariantViolation` for an unknown name.
    """
    if name and name not in {each.name for each in INITIAL_WORLDS}:
        message = f"no run begins with {name!r}"
        raise InvariantViolation(message)
    every = (seed for seed in itertools.count() if name in ("", initial_world_of(seed).name))
    return itertools.islice(every, count)


def run(seed: int, preset: Sequence[int] | None = None) -> Run:
    """Run *seed*, or the *preset* choices in its world, to the end."""
    choices = Choices(seed=seed) if preset is None else Choices(preset)
    initial = initial_world_of(seed)
    initial = add_outage(draw_fleet(choices) if initial.random_fleet else initial, choices)
    return Run(initial, load_profile(initial), choices).run_to_end()


def export_lines(finished: Run) -> Iterator[bytes]:
    """Return the lines of an export of everything that *finished* recorded."""
    text = policy_text(finished.initial).decode()
    chains = finished.backend.store.tables.entries.values()
    entries = (entry for chain in chains for entry in chain)
    return exports.write(entries, {finished.profile.digest: text}.get)


def simulate(seed: int, preset: Sequence[int] | None = None) -> Outcome:
    """Run *seed*, or the *preset* choices in its world, and return the outcome."""
    return outcome(run(seed, preset))


def outcome(finished: Run) -> Outcome:
    """Return the outcome of *finished*."""
    return Outcome(
        world=finished.initial.name,
        violations=tuple(violations(finished)),
        choices=tuple(finished.choices.numbers),
        hash=finished.hash,
        incidents=len(finished.backend.store.tables.incidents),
        steps=finished.scheduler.steps,
        coverage=dict(finished.scheduler.coverage),
    )
