"""Regressions: what the simulation found, as the choices that led there.

Each was mended at its root. The choices lead there again where the ``bug`` is planted, and nowhere
else: a test runs both.
"""

import msgspec

from firstline.lab.simulation import found
from firstline.lab.simulation.bug import Planted
from firstline.lab.simulation.found import Outcome


class Regression(msgspec.Struct, frozen=True, kw_only=True):
    """In the world of ``start`` these ``choices``, by their place, were not dull.

    ``bug`` is the planted one that is the old mistake, by its name; or itself, where the meeting
    is so rare that no hunt would find it.
    """

    name: str
    bug: str | Planted
    start: str
    choices: dict[int, int] = {}


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
    file="controller/opening.py",
    old="""        commit_with_circumstances(change, arrival, system)
    except Busy:
        return _behind(arrival, incident, system, openings)
    except (Unavailable, Bug):
        _page_unrecorded(incident.pages, system)
        raise
    draft = Draft(copy.replace(incident, version=1), system, now)
    _page(draft)
    draft.wake()
""",
    new="""        system.ports.store.commit(change)
    except (Unavailable, Bug):
        _page_unrecorded(incident.pages, system)
        raise
    draft = Draft(copy.replace(incident, version=1), system, now)
    _page(draft)
    draft.wake()
    commit_with_circumstances(Change(), arrival, system)
""",
)

REGRESSIONS = (
    Regression(
        name="an alarm that nobody could read opens, by a worker whose clock is behind",
        bug=BEHIND,
        start="an alarm comes after its OK",
        choices={11: 2, 21: 2},
    ),
    Regression(
        name="a command is overlooked by a clock that goes before, and recorded as not sent",
        bug="a clock that goes before overlooks what was sent",
        start="restarts do not help",
        choices={87: 3, 236: 3, 252: 9},
    ),
    Regression(
        name="a sweep that was paused sends a trigger after the resolve, and wakes somebody anew",
        bug="an alert is resolved while its trigger may be sent again",
        start="PagerDuty is down",
        choices={894: 5},
    ),
    Regression(
        name="a page is told as owed for no longer than a wake that cannot be queued",
        bug="a sweep tells of no page whose wake it could not queue",
        start="PagerDuty is down, and then the wakes",
    ),
    Regression(
        name="a decision does not follow from its record, which leaves out a wake without an entry",
        bug=Planted(
            name="an entry does not tell how often its incident was woken",
            breaks="I26 (again)",
            file="remediation/decision_record.py",
            old="        wakes=about.incident.wakes,\n",
            new="",
        ),
        start="no capacity",
        choices={59: 2, 115: 6, 147: 7},
    ),
    Regression(
        name="a decision does not follow from its record, which leaves out that time had passed",
        bug=Planted(
            name="the clock is read anew only where a page was sent",
            breaks="I26 (again)",
            file="controller/reconcile.py",
            old="    draft.now = system.ports.clock.now()\n    draft.measure",
            new="    if draft.incident.version > loaded.incident.version:\n"
            "        draft.now = system.ports.clock.now()\n    draft.measure",
        ),
        start="it is over before it was paged",
        choices={30: 3, 62: 3, 68: 6},
    ),
    Regression(
        name="a host that is evidence is fixed, since no wake of its finding can be queued",
        bug=WRITTEN_LAST,
        start="a finding on a dead host",
        choices={0: 5, 2: 1},
    ),
    Regression(
        name="a host that is evidence is fixed, since ingest dies after the page of its finding",
        bug=WRITTEN_LAST,
        start="a finding on a dead host",
        choices={8: 9, 14: 6, 17: 5, 20: 4, 30: 1},
    ),
    Regression(
        name="a host that is evidence is fixed, since each delivery of its finding fails elsewhere",
        bug=WRITTEN_LAST,
        start="a finding on a dead host",
        choices={9: 6, 15: 3, 17: 1, 34: 1, 41: 1},
    ),
    Regression(
        name="a page whose wake was lost waits until the wake is 15 s late, and for the next sweep",
        bug=Planted(
            name="a sweep tries no page before its wake is late",
            breaks="I1",
            file="controller/sweep.py",
            old='if (each.channel, each.action) == ("pager", "trigger") or each.due_at',
            new="if each.due_at",
        ),
        start="the way to NATS is gone",
        choices={
            0: 10,
            2: 3,
            12: 5,
            19: 1,
            26: 1,
            69: 3,
            72: 3,
            154: 3,
            164: 4,
            169: 4,
        },
    ),
    Regression(
        name="a rise to P2 whose wake was lost is paged by the second sweep, and not by the next",
        bug=Planted(
            name="a sweep does not read the inbox",
            breaks="I1",
            file="controller/sweep.py",
            old="            draft = Draft(loaded.incident, system, now)\n",
            new="            loaded = type(loaded)(loaded.incident, ())\n"
            "            draft = Draft(loaded.incident, system, now)\n",
        ),
        start="a storm of unrelated troubles",
        choices={3: 3, 6: 5, 31: 8, 119: 7, 124: 7, 280: 7, 282: 4},
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
        choices={18: 6, 24: 5, 29: 6, 81: 3, 119: 1, 148: 1, 181: 9},
    ),
)


def again(regression: Regression) -> Outcome:
    """Its run, as the code is now."""
    return found.simulate(*given(regression))


def given(regression: Regression) -> tuple[int, list[int]]:
    """The seed of its world, and its choices."""
    (seed,) = found.seeds(1, regression.start)
    length = max(regression.choices, default=-1) + 1
    return seed, [regression.choices.get(at, 0) for at in range(length)]
