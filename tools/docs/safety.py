"""``docs/SAFETY.md``: the promises, their tests, and the results of the last long run.

The figures come from ``docs/campaign.json``, ``docs/planted.jsonl``, ``docs/mutants.jsonl`` and
``docs/faults.jsonl``, which `./dev prove` writes.
"""

import inspect
from collections.abc import Iterator
from pathlib import Path

from firstline.cli.output.lines import PlantedLine
from firstline.lab.http_fault import HttpFault
from firstline.lab.simulation import campaign as campaigns
from firstline.lab.simulation.campaign import Campaign
from firstline.lab.simulation.faults import UNASKED, Fault, effects, impossible
from firstline.lab.simulation.invariants import CHECKERS
from firstline.lab.simulation.known_failures import INITIAL_WORLDS, UNSIMULATED
from firstline.lab.simulation.mutants.bugs import PLANTED_BUGS
from firstline.lab.simulation.mutants.seed_search import SEEDS_MAX
from firstline.lab.simulation.regressions import REGRESSIONS
from tools import faults
from tools.docs.long_runs import long_runs
from tools.docs.mutants_section import mutants_section
from tools.faults import Cell
from tools.prove import load_hunts

HEAD = """# Safety

Made by `./dev docs` from `lab/simulation/`. For whoever decides whether firstline may act by
itself: what is promised, how that was tried, what came of it, and what it does not show.

## How it is tried

The production controller, guards, policy and ledger run unchanged in a world of virtual time: a
fleet of one to fifty hosts, its load balancer, alarms with their windows, Auto Scaling, SSM,
PagerDuty's alerts, the store and the queues. Each invocation is a worker of its own, which may be
paused, fail, outlive its timeout or die at any remote request, with a clock that may be wrong.
Queues deliver late, twice and out of order. A whole Region, KMS, or paging may fail for minutes;
reads may be stale, evidence may be missing, and one failure domain (SSM, the agent, egress, NATS,
the path to it, the load balancer, EC2) may be broken, which falsifies every answer that it may
produce. People stop fixes, let them go on, allow or refuse them, mend hosts by hand, take alerts
and end them, and deploy in the midst.

A run is a list of choices that a seed fills; 0 is always the dull one. After ten minutes nothing
goes wrong any more, and everything must come to its end. Checkers then read the ledger and the
world alone. What breaks a rule is told with its seed and the shortest list that was found, and
`./dev simulate --seed N` shows any run step by step.

## What must hold
"""
LIMITS = """## What this does not show

- AWS's own behaviour, CloudWatch's timing and IAM are modelled, not proved. What dies with the
  Region is heard by an uptime check outside it, which is the operator's.
- Between PagerDuty's acceptance and its record lie some milliseconds: a crash there sends the page
  again under its key, which folds it. Where a person ended the alert by hand in between, they are
  told once more; I2 allows that alone.
- Chance meets what is rare only now and then: a campaign without a violation is no proof. Of 86,000
  seeds that had never run, nine broke an invariant after a campaign of 20,000 had found none. In
  three of them a checker was wrong (I15); in three ingest recorded a finding before it protected
  the host (I22). Each of these runs is a test now.
- A signal that could not be recorded, because the store was down or held an item that cannot be
  read, is paged under the key that it would have had. If it is over, or joins, by the time the
  store is back, that alert stays for a person to end.
- One failure domain at a time is broken. Two that are broken at once, behind a host that is well,
  are two causes, and would have it fixed; so would a domain that nobody thought of, were it not for
  the rule about many hosts at once. `diagnosis/failure_domains.py` lists the domains.
- A checker knows what the world was within the two minutes for which evidence holds: what was true
  just before is allowed.
- The adapters run in the tests of their contracts, in replay and in the table of calls, not in the
  campaign: these ports are the twin's. One call at a time is broken there, in one scenario.
"""
_MEANING = {
    HttpFault.THROTTLED: "the service's own code of a request too many",
    HttpFault.FAILED: "HTTP 500 without a body",
    HttpFault.SLOW: "no answer within the client's timeout",
    HttpFault.RESET: "the connection ends",
    HttpFault.CUT: "HTTP 200 and the beginning of a body",
    HttpFault.EMPTY: "HTTP 200 without a body",
    HttpFault.GARBLED: "HTTP 200 and bytes that are no UTF-8",
}


def safety(folder: Path) -> str:
    """Return the page; *folder* has the figures."""
    campaign = campaigns.load(folder / "campaign.json")
    parts = (
        HEAD,
        *_promises(),
        *_figures(campaign),
        *long_runs(folder),
        *_bugs(load_hunts(folder / "planted.jsonl")),
        *mutants_section(folder),
        *_matrix(campaign),
        *_calls(faults.load(folder / "faults.jsonl")),
        *_found(),
        *_begins(),
        LIMITS,
    )
    return "\n".join(parts)


def _promises() -> Iterator[str]:
    yield "| invariant | what must hold |"
    yield "|---|---|"
    for name, check in CHECKERS.items():
        line = inspect.cleandoc(check.__doc__ or "").partition("\n")[0]
        yield f"| {name} | {line.partition(': ')[2]} |"
    yield ""


def _figures(run: Campaign) -> Iterator[str]:
    missed = run.empty()
    rate = run.incidents / max(run.seconds, 1)
    yield "## The last long run\n"
    yield f"`./dev prove campaign`, of code `{run.code[:12]}`, from seed {run.first}:"
    yield f"{run.directed:,} directed and {run.seeds:,} random runs,"
    yield f"{run.incidents:,} incidents and {run.steps:,} remote requests in"
    yield f"{run.seconds:,.0f} s ({rate:.0f} incidents a second on all cores);"
    yield f"{len(run.broken)} runs broke a rule; {len(missed)} faults of effects never came. It"
    yield "fails where a rule breaks or a fault never comes. CI runs the first seeds each time, and"
    yield "fails where a rule breaks.\n"


def _bugs(hunts: dict[str, PlantedLine]) -> Iterator[str]:
    yield "## Planted bugs\n"
    yield "Checkers that find nothing may look for nothing. Each of these one-place edits is made"
    yield f"in a copy of the source, and must be found within {SEEDS_MAX} seeds by the checker that"
    yield "it breaks; a test fails where one survives. `./dev prove planted` found the seeds.\n"
    yield "| invariant | the bug | where | found by seed |"
    yield "|---|---|---|---|"
    for each in PLANTED_BUGS:
        line = hunts.get(each.name)
        seed = "not hunted yet" if line is None or line.seed is None else line.seed
        yield f"| {each.breaks} | {each.name} | `{each.file}` | {seed} |"
    yield ""


def _matrix(run: Campaign) -> Iterator[str]:
    kinds = [each for each in Fault if each is not Fault.NONE]
    yield "## Faults\n"
    yield "How often each fault came to each remote request in that run; a dot is one that cannot"
    yield "come, for the reason below.\n"
    yield f"| request | {' | '.join(kinds)} |"
    yield f"|---|{'---|' * len(kinds)}"
    for effect in effects():
        cells = ("." if impossible(effect, kind) else run.times(effect, kind) for kind in kinds)
        yield f"| `{effect}` | {' | '.join(map(str, cells))} |"
    yield ""
    for kind in kinds:
        reasons = sorted({why for effect in effects() if (why := impossible(effect, kind))})
        yield from (f"- {kind}: {why}." for why in reasons)
    yield from (f"- `{effect}`: {why}." for effect, why in UNASKED.items())
    yield ""


def _calls(ran: list[Cell]) -> Iterator[str]:
    cells = {(each.function, each.call, each.fault): each for each in ran}
    rows = {(row.function, row.call): row.scenario for row in faults.ROWS}
    held = sum(not each.wrong for each in ran)
    yield "## Calls to AWS\n"
    yield "Each call of ingest, reconcile and sweep, in a scenario that makes it, ends in each of"
    yield "these ways for five minutes, as bytes that botocore reads. No error but those that are"
    yield "meant may leave a handler or be logged; every message must be dealt with, every incident"
    yield "end, every page be accepted, a P1 be paged; no command may be sent twice, no change of"
    yield "the group be made without an intent; every chain must hold. `./dev prove faults`:"
    yield f"{held} of {len(ran)} cells hold. A cell has how many deliveries failed and came again,"
    yield "or a dash; CI runs one cell of each call.\n"
    yield f"| function | call | {' | '.join(HttpFault)} | scenario |"
    yield f"|---|---|{'---|' * len(HttpFault)}---|"
    for (function, call), scenario in rows.items():
        marks = [_mark(cells.get((function, call, each))) for each in HttpFault]
        yield f"| {function} | `{call}` | {' | '.join(marks)} | {scenario} |"
    yield ""
    for each in HttpFault:
        after = "after the service did it" if each.effect else "and nothing was done"
        yield f"- {each}: {_MEANING[each]}, {after}."
    yield from (f"- `{action}`: {why}." for action, why in faults.UNUSED_ACTIONS.items())
    yield ""


def _mark(cell: Cell | None) -> str:
    if cell is None:
        return "not run"
    return "**wrong**" if cell.wrong else str(cell.again or "-")


def _found() -> Iterator[str]:
    yield "## What was found on the way\n"
    where = "lab/simulation/regressions.py"
    yield f"Each was mended at its root, and its choices are a test (`{where}`).\n"
    yield from (f"- {each.name}." for each in REGRESSIONS)
    yield ""


def _begins() -> Iterator[str]:
    yield "## Where runs begin\n"
    for each in INITIAL_WORLDS:
        yield f"- {each.name}" + (f" ({', '.join(each.covers)})" if each.covers else "")
    yield from (f"- {name} has no start: {why}." for name, why in UNSIMULATED.items())
    yield ""
