"""``firstline docs``: the documents that are made from the code. A test fails when one is stale."""

import inspect
from collections.abc import Callable, Iterator

import typer

from firstline.cli.develop import checkout
from firstline.guards import order
from firstline.incident import ENDED, TRANSITIONS, Status
from firstline.simulation.bugs import PLANTED
from firstline.simulation.directed import STARTS
from firstline.simulation.invariants import CHECKERS
from firstline.simulation.planted import SEEDS_MAX
from firstline.twin import scenario as scenarios
from firstline.twin.scenario import Scenario

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def docs() -> None:
    """Write every generated document of the checkout anew."""
    folder = checkout() / "docs"
    for name, make in DOCUMENTS.items():
        (folder / name).write_text(make())
        print(f"docs/{name}")


def lifecycle() -> str:
    """The transition table of ``incident.py`` as a diagram."""
    arrows = [f"    {_id(a)} --> {_id(b)}: {fact}" for (a, fact), b in TRANSITIONS.items()]
    ends = [f"    {_id(status)} --> [*]" for status in Status if status in ENDED]
    lines = [
        "# The lifecycle of an incident",
        "",
        "Made by `./dev docs` from `TRANSITIONS` in `incident.py`. A step that is not here raises.",
        "",
        "```mermaid",
        "stateDiagram-v2",
        f"    [*] --> {_id(Status.INVESTIGATING)}",
        *arrows,
        *ends,
        "```",
    ]
    return "\n".join(lines) + "\n"


def guards() -> str:
    """The guards in the order of asking, each with what its docstring promises."""
    stopping = _scenarios_by_guard()
    rows = [
        f"| {number} | `{order.name(guard)}` | {guard.__module__.rsplit('.', 1)[-1]} "
        f"| {_line(guard)} | {', '.join(stopping.get(order.name(guard), ()))} |"
        for number, guard in enumerate(order.ORDER, start=1)
    ]
    lines = [
        "# The guards",
        "",
        "Made by `./dev docs` from `guards/order.py`. Before a fix each guard is asked, in this",
        "order, and each answer is kept in the ledger; one denial stops the fix. The scenarios are",
        "those of `events/scenarios` in which it does; `tests/core/test_guards.py` has situations",
        "for each, in which it alone stops the fix, and with one fact changed lets it pass. Where",
        "there is no scenario the guard protects from what the ladder never plans.",
        "",
        "| | guard | protects | what it promises | scenarios |",
        "|---|---|---|---|---|",
        *rows,
    ]
    return "\n".join(lines) + "\n"


def replays() -> str:
    """The scenarios: what happens in each, which known failure it shows, and how it ends."""
    rows = [
        f"| `{each.name}` | {each.story} | {', '.join(each.shows)} | {each.profile} "
        f"| {each.expect.outcome if each.expect else ''} |"
        for each in _scenarios()
    ]
    lines = [
        "# The scenarios",
        "",
        "Made by `./dev docs` from `events/scenarios`. `./dev replay events/scenarios/NAME.toml`",
        "runs one through the deployed handlers, and fails where it does not end as told here.",
        "S01 to S23 are failures known from other systems; S20, a policy that names what is not",
        "there, is refused when the profile is loaded (`tests/core/test_profile.py`).",
        "",
        "| name | story | shows | profile | ends |",
        "|---|---|---|---|---|",
        *rows,
    ]
    return "\n".join(lines) + "\n"


def safety() -> str:
    """What the simulation holds a run against, and the bugs that prove its checkers."""
    checkers = [
        f"| {name} | {_line(check)} | {', '.join(_planted(name)) or 'none yet'} |"
        for name, check in CHECKERS.items()
    ]
    lines = [
        "# Safety",
        "",
        "Made by `./dev docs` from `simulation/`. The production controller, guards, policy and",
        "ledger run unchanged in a world of virtual time; each invocation is a worker that may be",
        "paused, fail, outlive its timeout or die at any remote request, while queues deliver late",
        "and twice and people stop fixes, let them go on, and mend hosts by hand. A run is a list",
        "of choices that a seed fills: `./dev simulate --seed N` shows one step by step. After ten",
        "minutes nothing goes wrong any more, and everything must come to its end.",
        "",
        "## What each run is held against",
        "",
        "Checkers read the ledger and the world alone. Each planted bug is a one-place edit of the",
        f"source, found within {SEEDS_MAX} seeds by a checker that it breaks, or a test fails.",
        "",
        "| invariant | what must hold | planted bugs that break it |",
        "|---|---|---|",
        *checkers,
        "",
        "## Where runs begin",
        "",
        *(f"- {each.name}" for each in STARTS),
        "",
        "## What is not covered",
        "",
        "- Invariants without a checker here are held by the tests of their guards alone.",
        "- Stale reads, skewed clocks and evidence that lies are not simulated yet, nor a Region,",
        "  KMS or NATS that fails as a whole, nor a deployment in the midst of an incident.",
        "- AWS's own behaviour and IAM are modelled, not proved.",
        "- Between PagerDuty's acceptance and its record lie some milliseconds, in which a crash",
        "  sends the page again under its key.",
    ]
    return "\n".join(lines) + "\n"


def _planted(checker: str) -> list[str]:
    return [each.name for each in PLANTED if checker.partition(" ")[0] in each.breaks]


DOCUMENTS: dict[str, Callable[[], str]] = {
    "LIFECYCLE.md": lifecycle,
    "GUARDS.md": guards,
    "SCENARIOS.md": replays,
    "SAFETY.md": safety,
}


def _scenarios() -> Iterator[Scenario]:
    return map(scenarios.load, sorted((checkout() / "events" / "scenarios").glob("*.toml")))


def _scenarios_by_guard() -> dict[str, list[str]]:
    """Which scenarios expect the no of a guard."""
    found: dict[str, list[str]] = {}
    for each in _scenarios():
        expect = each.expect
        denied = (*(expect.denied or ()), *(expect.all_denied or ())) if expect else ()
        for guard in denied:
            found.setdefault(guard, []).append(each.name)
    return found


def _id(status: Status) -> str:
    return status.replace("-", "_")


def _line(documented: object) -> str:
    """A docstring in one line of Markdown."""
    return " ".join((inspect.getdoc(documented) or "").split()).replace("``", "`")
