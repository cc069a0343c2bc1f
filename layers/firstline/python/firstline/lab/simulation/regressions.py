"""Regressions: violations that the simulation found, each with its initial world.

Each cause was fixed. The choices, which `find_choices` searches, violate the invariant again where
the ``bug`` is planted, and nowhere else; a test runs both.
"""

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from firstline.lab.simulation import seed_run
from firstline.lab.simulation.choices import Choices
from firstline.lab.simulation.mutants import seed_search
from firstline.lab.simulation.mutants.bugs import PLANTED_BUGS
from firstline.lab.simulation.mutants.planted_bug import PlantedBug
from firstline.lab.simulation.seed_run import Outcome
from firstline.lab.simulation.shrink import shrink


class Regression(msgspec.Struct, frozen=True, kw_only=True):
    """A run from ``world`` with its choices violated the invariant that ``bug`` breaks.

    ``bug`` is the name of the planted bug that equals the old mistake, or the bug itself where the
    coincidence is too rare for `find_seed`.
    """

    name: str
    bug: str | PlantedBug
    world: str


SKEWED_OPENING = PlantedBug(
    name="an opening is dated by the world's clock",
    breaks="I3",
    file="lab/simulation/invariants/paging.py",
    old="        unread = result.had_faults(before, incident.opened_at + SKEW)\n",
    new="        unread = result.had_faults(before, incident.opened_at)\n",
)
"""A mistake of the checker: by the world's clock the alarms were unreadable just after."""
WRITTEN_LAST = PlantedBug(
    name="the circumstances are written after the page and the wake, in a transaction of their own",
    breaks="I22",
    file="controller/open_incident.py",
    old="""        commit_with_external_events(change, arrival, system)
    except Busy:
        return _join_after_busy(arrival, incident, system, openings)
    except (DependencyUnavailable, InvariantViolation):
        _page_unrecorded(incident.pages, system)
        raise
    work = IncidentUnitOfWork(copy.replace(incident, version=1), system, now)
    _page(work)
    work.wake()
""",
    new="""        system.ports.store.commit(change)
    except (DependencyUnavailable, InvariantViolation):
        _page_unrecorded(incident.pages, system)
        raise
    work = IncidentUnitOfWork(copy.replace(incident, version=1), system, now)
    _page(work)
    work.wake()
    commit_with_external_events(Change(), arrival, system)
""",
)

REGRESSIONS = (
    Regression(
        name="an alarm that nobody could read opens, by a worker whose clock is behind",
        bug=SKEWED_OPENING,
        world="an alarm comes after its OK",
    ),
    Regression(
        name="a command is overlooked by a clock that goes before, and recorded as not sent",
        bug="a clock that goes before overlooks what was sent",
        world="restarts do not help",
    ),
    Regression(
        name="a sweep that was paused sends a trigger after the resolve, and wakes somebody anew",
        bug="an alert is resolved while its trigger may be sent again",
        world="PagerDuty is down",
    ),
    Regression(
        name="a page is told as owed for no longer than a wake that cannot be queued",
        bug=PlantedBug(
            name="a sweep tells of no page whose wake it could not queue",
            breaks="I7",
            file="controller/sweep.py",
            old="    if work is not None:  #",
            new="    if work is not None and not progress.failed:  #",
        ),
        world="PagerDuty is down, and then the wakes",
    ),
    Regression(
        name="a host that recovered is fixed by a look that is too old when the fix comes",
        bug=PlantedBug(
            name="no host is looked at again before its fix",
            breaks="I12",
            file="remediation/rules/fix.py",
            old="        hosts_to_look_at_first(s, plan)\n        if isinstance(",
            new="        None\n        if isinstance(",
        ),
        world="it recovers by itself",
    ),
    Regression(
        name="a decision does not follow from its record, which leaves out a wake without an entry",
        bug=PlantedBug(
            name="an entry does not tell how often its incident was woken",
            breaks="I26 (again)",
            file="remediation/decision_record.py",
            old="        wakes=situation.incident.wakes,\n",
            new="",
        ),
        world="a P1 joins while fixes are paused and PagerDuty is down",
    ),
    Regression(
        name="a decision does not follow from its record, which leaves out that time had passed",
        bug=PlantedBug(
            name="the clock is read anew only where a page was sent",
            breaks="I26 (again)",
            file="controller/reconcile.py",
            old="    work.now = system.ports.clock.now()\n    work.measure",
            new="    if work.incident.version > loaded.incident.version:\n"
            "        work.now = system.ports.clock.now()\n    work.measure",
        ),
        world="it is over before it was paged",
    ),
    Regression(
        name="a host that is evidence is fixed, since no wake of its finding can be queued",
        bug=WRITTEN_LAST,
        world="a finding on a dead host",
    ),
    Regression(
        name="a host that is evidence is fixed, since ingest dies after the page of its finding",
        bug=WRITTEN_LAST,
        world="a finding on a dead host",
    ),
    Regression(
        name="a host that is evidence is fixed, since each delivery of its finding fails elsewhere",
        bug=WRITTEN_LAST,
        world="a finding on a dead host",
    ),
    Regression(
        name="a decision does not follow from its record, where a worker paged and did not decide",
        bug=PlantedBug(
            name="what two workers took in is taken in again at once",
            breaks="I26 (again)",
            file="lab/redecide/incident_record.py",
            old="            if each.kind == Kind.SIGNAL:\n                commits.append(())\n",
            new="",
        ),
        world="a storm of unrelated troubles",
    ),
)


TRIES_MAX = 4_000
"""A regression counts as lost after so many runs."""
SHORTER_TRIES = 150
"""So many runs are tried to shrink the choices."""
SHIFTS = (0, *range(1, 9), *range(-1, -9, -1))
"""A choice is moved by so many places in the search."""
PROGRAM = """
import sys
from firstline.lab.simulation.regressions import find_breaking_run
print(*find_breaking_run(*sys.argv[1:]))
"""


def planted_bug(regression: Regression) -> PlantedBug:
    """Return the mistake itself."""
    by_name = {each.name: each for each in PLANTED_BUGS}
    return by_name[regression.bug] if isinstance(regression.bug, str) else regression.bug


def world_seed(regression: Regression) -> int:
    """Return the seed of its world."""
    (seed,) = seed_run.seeds(1, regression.world)
    return seed


def dense_choices(choices: Mapping[int, int]) -> list[int]:
    """Return the list of a run's choices from the non-zero ones by their place."""
    return [choices.get(at, 0) for at in range(max(choices, default=-1) + 1)]


def find_choices(regression: Regression, known: Mapping[int, int]) -> dict[int, int] | None:
    """Return choices that violate with the mistake and not without it.

    *known* choices are tried first. None if none of `TRIES_MAX` runs does.
    """
    bug, seed, first = planted_bug(regression), world_seed(regression), 0
    while first < TRIES_MAX:
        printed = seed_search.run(
            bug, PROGRAM, regression.world, bug.breaks, str(first), *map(str, dense_choices(known))
        )
        if not printed:
            return None
        first, *taken = map(int, printed.split())
        if not seed_run.simulate(seed, taken).violations:
            return {at: number for at, number in enumerate(taken) if number}
        first += 1
    return None


def find_breaking_run(world: str, breaks: str, first: str, *known: str) -> tuple[int, ...]:
    """Return the number of the first violating run from *first* on, and its choices."""
    (seed,) = seed_run.seeds(1, world)
    for number, outcome in _candidate_runs(world, int(first), [int(each) for each in known]):
        if any(each.startswith(f"{breaks}:") for each in outcome.violations):
            return number, *shrink(seed, outcome, SHORTER_TRIES).choices
    return ()


def _candidate_runs(world: str, first: int, known: Sequence[int]) -> Iterator[tuple[int, Outcome]]:
    """Yield runs of the *known* choices, then in turn of similar ones and of the next seed."""
    seeds = seed_run.seeds(TRIES_MAX, world)
    for number, seed in enumerate(seeds):
        if number >= first:
            near = number % 2 == 0
            yield number, seed_run.simulate(seed, shift_choices(known, number) if near else None)


def shift_choices(known: Sequence[int], number: int) -> list[int]:
    """Return *known* with some choices, and all that follow, shifted; 0 shifts nothing."""
    chance, drift, after = Choices(seed=number or None), 0, list[int]()
    for at, value in enumerate(known):
        if value:
            drift += SHIFTS[chance.pick(len(SHIFTS), 0.4)]
            after += [0] * (at + drift - len(after))
            after.append(value)
    return after
