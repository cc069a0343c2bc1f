"""Regressions: what the simulation found, each as the start that led there.

Each was mended at its root. Its choices, which `hunt` finds, lead there again where the ``bug`` is
planted, and nowhere else: a test runs both.
"""

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from firstline.lab.simulation import found, planted
from firstline.lab.simulation.bug import Planted
from firstline.lab.simulation.bugs import PLANTED
from firstline.lab.simulation.choices import Choices
from firstline.lab.simulation.found import Outcome


class Regression(msgspec.Struct, frozen=True, kw_only=True):
    """A run from ``start`` with its choices broke what ``bug`` breaks.

    ``bug`` is the planted one that is the old mistake, by its name; or itself, where the meeting
    is so rare that no hunt would find it.
    """

    name: str
    bug: str | Planted
    start: str


BEHIND = Planted(
    name="an opening is dated by the world's clock",
    breaks="I3",
    file="lab/simulation/invariants/paging.py",
    old="        unread = left.troubled(before, held.opened_at + SKEW)\n",
    new="        unread = left.troubled(before, held.opened_at)\n",
)
"""The mistake is the checker's: the alarms could not be read just after, by the world's clock."""
WRITTEN_LAST = Planted(
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
        bug=BEHIND,
        start="an alarm comes after its OK",
    ),
    Regression(
        name="a command is overlooked by a clock that goes before, and recorded as not sent",
        bug="a clock that goes before overlooks what was sent",
        start="restarts do not help",
    ),
    Regression(
        name="a sweep that was paused sends a trigger after the resolve, and wakes somebody anew",
        bug="an alert is resolved while its trigger may be sent again",
        start="PagerDuty is down",
    ),
    Regression(
        name="a page is told as owed for no longer than a wake that cannot be queued",
        bug=Planted(
            name="a sweep tells of no page whose wake it could not queue",
            breaks="I7",
            file="controller/sweep.py",
            old="    if work is not None:  #",
            new="    if work is not None and not progress.failed:  #",
        ),
        start="PagerDuty is down, and then the wakes",
    ),
    Regression(
        name="a host that recovered is fixed by a look that is too old when the fix comes",
        bug=Planted(
            name="no host is looked at again before its fix",
            breaks="I12",
            file="remediation/rules/fix.py",
            old="        hosts_to_look_at_first(s, plan)\n        if isinstance(",
            new="        None\n        if isinstance(",
        ),
        start="it recovers by itself",
    ),
    Regression(
        name="a decision does not follow from its record, which leaves out a wake without an entry",
        bug=Planted(
            name="an entry does not tell how often its incident was woken",
            breaks="I26 (again)",
            file="remediation/decision_record.py",
            old="        wakes=situation.incident.wakes,\n",
            new="",
        ),
        start="a P1 joins while fixes are paused and PagerDuty is down",
    ),
    Regression(
        name="a decision does not follow from its record, which leaves out that time had passed",
        bug=Planted(
            name="the clock is read anew only where a page was sent",
            breaks="I26 (again)",
            file="controller/reconcile.py",
            old="    work.now = system.ports.clock.now()\n    work.measure",
            new="    if work.incident.version > loaded.incident.version:\n"
            "        work.now = system.ports.clock.now()\n    work.measure",
        ),
        start="it is over before it was paged",
    ),
    Regression(
        name="a host that is evidence is fixed, since no wake of its finding can be queued",
        bug=WRITTEN_LAST,
        start="a finding on a dead host",
    ),
    Regression(
        name="a host that is evidence is fixed, since ingest dies after the page of its finding",
        bug=WRITTEN_LAST,
        start="a finding on a dead host",
    ),
    Regression(
        name="a host that is evidence is fixed, since each delivery of its finding fails elsewhere",
        bug=WRITTEN_LAST,
        start="a finding on a dead host",
    ),
    Regression(
        name="a decision does not follow from its record, where a worker paged and did not decide",
        bug=Planted(
            name="what two workers took in is taken in again at once",
            breaks="I26 (again)",
            file="lab/redecide/record.py",
            old="            if each.kind == Kind.SIGNAL:\n                found.append(())\n",
            new="",
        ),
        start="a storm of unrelated troubles",
    ),
)


TRIES_MAX = 4_000
"""So many runs are tried before a regression counts as lost."""
SHORTER_TRIES = 150
"""So many runs are tried to leave out what a run that breaks does not need."""
SHIFTS = (0, *range(1, 9), *range(-1, -9, -1))
"""By so many places a choice is moved in search of a run that breaks."""
HUNT = """
import sys
from firstline.lab.simulation.regressions import breaking
print(*breaking(*sys.argv[1:]))
"""


def planted_bug(regression: Regression) -> Planted:
    """The mistake itself."""
    by_name = {each.name: each for each in PLANTED}
    return by_name[regression.bug] if isinstance(regression.bug, str) else regression.bug


def seed_of(regression: Regression) -> int:
    """The seed of its world."""
    (seed,) = found.seeds(1, regression.start)
    return seed


def given(choices: Mapping[int, int]) -> list[int]:
    """The choices of a run, of those *choices* that are not dull by their place."""
    return [choices.get(at, 0) for at in range(max(choices, default=-1) + 1)]


def hunt(regression: Regression, known: Mapping[int, int]) -> dict[int, int] | None:
    """Choices that break with the mistake and not without it; *known* ones are tried first.

    None where none of `TRIES_MAX` runs does.
    """
    bug, seed, first = planted_bug(regression), seed_of(regression), 0
    while first < TRIES_MAX:
        printed = planted.run(
            bug, HUNT, regression.start, bug.breaks, str(first), *map(str, given(known))
        )
        if not printed:
            return None
        first, *taken = map(int, printed.split())
        if not found.simulate(seed, taken).violations:
            return {at: number for at, number in enumerate(taken) if number}
        first += 1
    return None


def breaking(start: str, breaks: str, first: str, *known: str) -> tuple[int, ...]:
    """The number of the first run from *first* on that breaks, and its choices; or nothing."""
    (seed,) = found.seeds(1, start)
    for number, outcome in _tried(start, int(first), [int(each) for each in known]):
        if any(each.startswith(f"{breaks}:") for each in outcome.violations):
            return number, *found.shortest(seed, outcome, SHORTER_TRIES).choices
    return ()


def _tried(start: str, first: int, known: Sequence[int]) -> Iterator[tuple[int, Outcome]]:
    """Runs: of what is known, then in turn of what is near it, and of the next seed."""
    seeds = found.seeds(TRIES_MAX, start)
    for number, seed in enumerate(seeds):
        if number >= first:
            near = number % 2 == 0
            yield number, found.simulate(seed, moved(known, number) if near else None)


def moved(known: Sequence[int], number: int) -> list[int]:
    """*known*, with some of it, and all that follows, moved by a few places; 0 moves nothing."""
    chance, drift, after = Choices(seed=number or None), 0, list[int]()
    for at, value in enumerate(known):
        if value:
            drift += SHIFTS[chance.pick(len(SHIFTS), 0.4)]
            after += [0] * (at + drift - len(after))
            after.append(value)
    return after
