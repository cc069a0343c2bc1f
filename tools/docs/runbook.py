"""The runbook's steps with the code and tests for each (``runbook.toml``).

Every name there is looked up in the profile, the catalogues, the source and the tests, so that a
renamed one is a fault, and so is a step without proof.
"""

import ast
import tomllib
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from firstline.actions.catalogue import ACTIONS
from firstline.cli.event_files import RUNBOOK
from firstline.config import fleet_file as profiles
from firstline.config.profile import Profile
from firstline.lab.twin import scenario as scenarios
from firstline.remediation.guards import order
from firstline.reporting import runbook_steps

STEPS = tuple(runbook_steps.STEPS)
SOURCES = {"firstline": "layers/firstline/python", "functions": ".", "infra": "."}
"""The folder of each package's modules in a checkout."""


class Step(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A row: ``left`` is a person's remaining work; ``unseen`` explains a missing scenario."""

    id: Annotated[str, msgspec.Meta(pattern=r"^R[0-9]{2}$")]
    how: Literal["automated", "assisted"]
    left: str = ""
    by: tuple[str, ...] = ()
    scenarios: tuple[str, ...] = ()
    unseen: str = ""
    tests: tuple[str, ...] = ()

    @property
    def section(self) -> str:
        """The step's section in the runbook."""
        return runbook_steps.STEPS[self.id][0]

    @property
    def text(self) -> str:
        """The step's text in the runbook."""
        return runbook_steps.STEPS[self.id][1]


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    steps: tuple[Step, ...]


def load() -> tuple[Step, ...]:
    """Return the steps, in the runbook's order."""
    text = Path(__file__).with_name("runbook.toml").read_text()
    return msgspec.convert(tomllib.loads(text), type=_File).steps


def faults(steps: tuple[Step, ...], root: Path) -> Iterator[str]:
    """Yield a line for each fault of *steps* in the checkout at *root*."""
    if (ids := tuple(each.id for each in steps)) != STEPS:
        yield f"the steps are not {STEPS[0]} to {STEPS[-1]}, each once: {', '.join(ids)}"
    profile = profiles.load(RUNBOOK)
    for step in steps:
        step_faults = (*_unproven(step), *_unknown(step, profile, root), *_unlisted(step, profile))
        yield from (f"{step.id}: {each}" for each in step_faults)


def _unproven(step: Step) -> Iterator[str]:
    if (step.how == "automated") != (not step.left):
        yield f"is {step.how}, and says {step.left or 'nothing'} of what is left to a person"
    if not step.by:
        yield "nothing is named that does it"
    if not step.tests:
        yield "no test proves it"
    if bool(step.scenarios) == bool(step.unseen):
        yield "is proved by a scenario, or says why none shows it"


def _unknown(step: Step, profile: Profile, root: Path) -> Iterator[str]:
    for name in step.by:
        kind, _, rest = name.partition(":")
        found = _KINDS.get(kind)
        if found is None or not found(rest, profile, root):
            yield f"there is no {name}"
    for name in step.scenarios:
        path = root / "events" / "scenarios" / f"{name}.toml"
        if not path.is_file() or scenarios.load(path).expect is None:
            yield f"there is no scenario {name} that says how it ends"
    for name in step.tests:
        file, _, function = name.partition("::")
        if not function.startswith("test_") or (function,) not in _names(root / file):
            yield f"there is no test {name}"


def _unlisted(step: Step, profile: Profile) -> Iterator[str]:
    """Yield what declares the step but is not in its row."""
    alarms = (f"alarm:{each.name}" for each in profile.alarms.made if step.id in each.steps)
    actions = (f"action:{each.name}" for each in ACTIONS.values() if step.id in each.runbook_steps)
    yield from (
        f"{each} is for it, and not named" for each in (*alarms, *actions) if each not in step.by
    )


_KINDS: dict[str, Callable[[str, Profile, Path], bool]] = {
    "alarm": lambda name, profile, _: name in {each.name for each in profile.alarms.made},
    "rule": lambda name, profile, _: name in {each.name for each in profile.rules},
    "response": lambda name, profile, _: name in {each.severity for each in profile.responses},
    "action": lambda name, _, __: name in ACTIONS,
    "guard": lambda name, _, __: name in map(order.guard_name, order.ALL_GUARDS),
    "code": lambda name, _, root: _is_code(name, root),
}
"""Each kind of name and its lookup."""


def _is_code(name: str, root: Path) -> bool:
    """Return True if the longest module in *name* defines the rest."""
    parts = name.split(".")
    folder = SOURCES.get(parts[0])
    if folder is None:
        return False
    modules = (
        (root / folder / Path(*parts[:length]).with_suffix(".py"), tuple(parts[length:]))
        for length in range(len(parts) - 1, 0, -1)
    )
    return any(rest in _names(module) for module, rest in modules)


@cache
def _names(path: Path) -> frozenset[tuple[str, ...]]:
    """Return the names that the module at *path* and its classes define; none without one."""
    if not path.is_file():
        return frozenset()
    tree = ast.parse(path.read_text())
    inner = (
        (each.name, *name)
        for each in tree.body
        if isinstance(each, ast.ClassDef)
        for name in _defined(each.body)
    )
    return frozenset((*_defined(tree.body), *inner))


def _defined(body: list[ast.stmt]) -> Iterator[tuple[str]]:
    for each in body:
        match each:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                yield (name,)
            case ast.AnnAssign(target=ast.Name(id=name)):
                yield (name,)
            case ast.Assign(targets=targets):
                yield from ((to.id,) for to in targets if isinstance(to, ast.Name))
            case _:
                pass
