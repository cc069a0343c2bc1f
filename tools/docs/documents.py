"""``firstline docs``: writes the generated documents. A test fails if one is stale."""

import inspect
import subprocess
import sys
from collections.abc import Callable, Iterator

import typer

from firstline.actions.catalogue import ACTIONS
from firstline.cli.develop import checkout
from firstline.incidents.incident import ENDED, TRANSITIONS, Status
from firstline.lab.twin import scenario as scenarios
from firstline.lab.twin.scenario import Scenario
from firstline.remediation.guards import order
from firstline.remediation.guards.reason import Reason
from tools.cost.cost import cost
from tools.docs import alarm_path, commands, pictures
from tools.docs.coverage import coverage
from tools.docs.doctor_page import doctor_page
from tools.docs.packages import architecture
from tools.docs.safety import safety

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def docs() -> None:
    """Write every generated document of the checkout."""
    folder = checkout() / "docs"
    for name, make in DOCUMENTS.items():
        (folder / name).write_text(make())
        print(f"docs/{name}")
    print(f"docs/pictures/report: {pictures.take(checkout())}")


def lifecycle() -> str:
    """Yield the transition table of ``incidents/incident.py`` as a diagram."""
    arrows = [f"    {_id(a)} --> {_id(b)}: {fact}" for (a, fact), b in TRANSITIONS.items()]
    ends = [f"    {_id(status)} --> [*]" for status in Status if status in ENDED]
    lines = [
        "# The lifecycle of an incident",
        "",
        "Made by `./dev docs` from `TRANSITIONS` in `incidents/incident.py`. A step that is not",
        "here raises.",
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
    """Yield the guards in order, each with its docstring."""
    stopping = _scenarios_by_guard()
    rows = [
        f"| {number} | `{order.guard_name(guard)}` | {guard.__module__.rsplit('.', 1)[-1]} "
        f"| {_line(guard)} | {', '.join(stopping.get(order.guard_name(guard), ()))} |"
        for number, guard in enumerate(order.ALL_GUARDS, start=1)
    ]
    lines = [
        "# The guards",
        "",
        "Made by `./dev docs` from `remediation/guards/order.py`. Before a fix each guard is",
        "asked, in this order, and each answer is kept in the ledger; one denial stops the fix.",
        "The scenarios are those of `events/scenarios` in which it does;",
        "`tests/remediation/test_guards.py` has situations for each, in which it alone stops the",
        "fix, and with one fact changed lets it pass. Where there is no scenario the guard",
        "protects from what the ladder never plans. Beside its sentence a denial has a `reason`,",
        "a code that stays as it is when the sentence is reworded.",
        "",
        "| | guard | protects | what it promises | scenarios |",
        "|---|---|---|---|---|",
        *rows,
        "",
        f"Reasons: {', '.join(f'`{each}`' for each in sorted(Reason))}.",
    ]
    return "\n".join(lines) + "\n"


def actions() -> str:
    """Yield the traits of each action."""
    names = ("executor", "scope", "repairs", "verifier", *FLAGS)
    heads = " | ".join(each.replace("_", " ") for each in names)
    rows = [
        f"| `{each.name}` | {' | '.join(_trait(getattr(each, name)) for name in names)} |"
        for each in ACTIONS.values()
    ]
    lines = [
        "# The actions",
        "",
        "Made by `./dev docs` from `actions/`; `actions/action.py` says what each trait means.",
        "Guards, ladder and verification read the traits.",
        "[ADDING-AN-ACTION.md](ADDING-AN-ACTION.md) says how an action is added.",
        "",
        f"| action | {heads} |",
        f"|---|{'---|' * len(names)}",
        *rows,
    ]
    return "\n".join(lines) + "\n"


FLAGS = (
    *("reports_result", "replaces_instances", "adds_capacity", "keeps_enclave"),
    *("destroys_state", "reversible", "undoes_own_fix"),
)


def _trait(value: object) -> str:
    """Return a trait as a cell: a set as words, a false flag as empty."""
    if isinstance(value, frozenset):
        return ", ".join(sorted(str(each) for each in value))
    if isinstance(value, bool):
        return "yes" if value else ""
    return str(value)


def replays() -> str:
    """Yield the scenarios: their events, the known failures that they show, and their ends."""
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
        "there, is refused when the profile is loaded (`tests/config/test_profile.py`).",
        "",
        "| name | story | shows | profile | ends |",
        "|---|---|---|---|---|",
        *rows,
    ]
    return "\n".join(lines) + "\n"


def roles() -> str:
    """Yield each role's permissions and reasons, by a program of the checkout's own tests."""
    command = [sys.executable, "-m", "tests.iam.document"]
    made = subprocess.run(command, cwd=checkout(), check=True, stdout=subprocess.PIPE, text=True)
    return made.stdout


DOCUMENTS: dict[str, Callable[[], str]] = {
    "ARCHITECTURE.md": lambda: architecture(checkout()),
    "CLI.md": commands.page,
    "LIFECYCLE.md": lifecycle,
    "ACTIONS.md": actions,
    "GUARDS.md": guards,
    "SCENARIOS.md": replays,
    "runbook-coverage.md": lambda: coverage(checkout()),
    "DOCTOR.md": doctor_page,
    "IAM.md": roles,
    "COST.md": lambda: cost(checkout() / "events" / "scenarios"),
    "SAFETY.md": lambda: safety(checkout() / "docs"),
    "pictures/alarm.light.svg": lambda: alarm_path.picture(alarm_path.COLOURS["light"]),
    "pictures/alarm.dark.svg": lambda: alarm_path.picture(alarm_path.COLOURS["dark"]),
}


def _scenarios() -> Iterator[Scenario]:
    return map(scenarios.load, sorted((checkout() / "events" / "scenarios").glob("*.toml")))


def _scenarios_by_guard() -> dict[str, list[str]]:
    """Return the scenarios that expect a guard's denial."""
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
    """Return a docstring as one line of Markdown."""
    return " ".join((inspect.getdoc(documented) or "").split()).replace("``", "`")
