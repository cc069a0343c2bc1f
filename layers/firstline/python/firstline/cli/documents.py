"""``firstline docs``: the documents that are made from the code. A test fails when one is stale."""

import inspect
from collections.abc import Callable

import typer

from firstline.cli.develop import checkout
from firstline.guards import order
from firstline.guards.guard import Guard
from firstline.incident import ENDED, TRANSITIONS, Status

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
    rows = [
        f"| {number} | `{order.name(guard)}` | {guard.__module__.rsplit('.', 1)[-1]} "
        f"| {_promise(guard)} |"
        for number, guard in enumerate(order.ORDER, start=1)
    ]
    lines = [
        "# The guards",
        "",
        "Made by `./dev docs` from `guards/order.py`. Before a fix each guard is asked, in this",
        "order, and each answer is kept in the ledger; one denial stops the fix.",
        "",
        "| | guard | protects | what it promises |",
        "|---|---|---|---|",
        *rows,
    ]
    return "\n".join(lines) + "\n"


DOCUMENTS: dict[str, Callable[[], str]] = {"LIFECYCLE.md": lifecycle, "GUARDS.md": guards}


def _id(status: Status) -> str:
    return status.replace("-", "_")


def _promise(guard: Guard) -> str:
    """A guard's docstring in one line of Markdown."""
    return " ".join((inspect.getdoc(guard) or "").split()).replace("``", "`")
