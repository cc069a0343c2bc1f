"""``docs/runbook-coverage.md``: the code and the tests for each step of the runbook."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tools.docs import runbook
from tools.docs.runbook import Step

HEAD = """# The runbook, covered

Made by `./dev docs` from `tools/docs/runbook.toml`. Each name in it is looked up: alarms, rules and
responses in the shipped runbook profile, actions and guards in their catalogues, code in its
module, proofs in `events/scenarios` and `tests`. A step that nothing proves, or a name that is not
there, fails `tests/tools/test_runbook.py`.

*Automated*: firstline does it, and a person need not. *Assisted*: it does a part, and the row says
what is left to a person, and why.
"""


def coverage(root: Path) -> str:
    """Return the page of the checkout at *root*; faults of rows are at its end."""
    steps = runbook.load()
    wrong = list(runbook.faults(steps, root))
    parts = (
        HEAD,
        *_counted(steps),
        *_rows(steps),
        *(f"\n**Does not hold:** {each}" for each in wrong),
    )
    return "\n".join(parts) + "\n"


def _counted(steps: tuple[Step, ...]) -> Iterator[str]:
    counts = Counter(each.how for each in steps)
    automated, assisted = counts["automated"], counts["assisted"]
    yield f"Of {len(steps)} steps {automated} are automated, {assisted} assisted.\n"


def _rows(steps: tuple[Step, ...]) -> Iterator[str]:
    yield "| id | section | step | covered | left to a person, and why | by | scenarios | tests |"
    yield f"|{'---|' * 8}"
    for each in steps:
        shown = _code(each.scenarios) or each.unseen
        cells = (each.id, each.section, each.text, each.how, each.left, _code(each.by), shown)
        yield f"| {' | '.join(cells)} | {_code(each.tests)} |"


def _code(names: tuple[str, ...]) -> str:
    return "<br>".join(f"`{each}`" for each in names)
