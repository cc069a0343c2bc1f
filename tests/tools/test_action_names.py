"""Code reads an action's traits, never its name: outside its own folder no name is spelt."""

import ast
from pathlib import Path

import firstline
from firstline.actions.catalogue import ACTIONS

PACKAGE = Path(firstline.__file__).parent
ROOT = Path(__file__).parents[2]
FOLDERS = (PACKAGE, ROOT / "functions", ROOT / "infra")
OWN = (PACKAGE / "actions", PACKAGE / "lab")
"""Where each action is described, and where worlds and bugs are made for it."""


def spelt(path: Path) -> set[str]:
    """The names of actions that are a text of their own in *path*."""
    tree = ast.walk(ast.parse(path.read_text()))
    texts = {str(each.value) for each in tree if isinstance(each, ast.Constant)}
    return texts & ACTIONS.keys()


def test_no_name_of_an_action_is_spelt() -> None:
    """A guard, a rule or an executor that knows a name would be wrong about the next action."""
    files = (path for folder in FOLDERS for path in folder.rglob("*.py"))
    outside = [each for each in files if not any(each.is_relative_to(own) for own in OWN)]
    assert {str(each): spelt(each) for each in outside if spelt(each)} == {}
    assert len(outside) > 200
    assert spelt(PACKAGE / "actions" / "look_host.py") == {"look_host"}
