"""Each command that a page, the console, a report or a document spells is one that runs."""

import ast
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from firstline import command_lines
from firstline.incidents.demotion import Demotion
from firstline.notifications import pages as paging
from firstline.notifications.origin import Origin
from tests.builders import ID, NOW, incident
from tests.dev.documented import DOCUMENTS, PACKAGE, ROOT, names
from tests.dev.parsed import OPERATOR_COMMANDS, fault
from tests.remediation.situations import proposal

PLAN = "5f1c09ab12de"
ORIGIN = Origin(fleet="vettid", region="us-east-1", mode="enforce")
SPELT = re.compile(rf"firstline (?:{'|'.join(sorted(OPERATOR_COMMANDS))}) [^\n;`]*")
ORDERS = (
    command_lines.approve(ID, PLAN),
    command_lines.deny(ID, PLAN),
    command_lines.approve(ID, PLAN, ORIGIN.where),
    command_lines.deny(ID, PLAN, ORIGIN.where),
    command_lines.promote("restart_enclave", ORIGIN.where),
)
INLINE = sorted(
    {
        (document.name, name)
        for document in DOCUMENTS
        for name in names(document)
        if re.match(rf"(\./dev|firstline) ({'|'.join(OPERATOR_COMMANDS)}) ", name)
    }
)


@pytest.mark.parametrize("line", ORDERS)
def test_an_order_is_taken_as_it_is_copied(line: str) -> None:
    """By the command line's own parser, and by what the deployed function reads."""
    program, *words = shlex.split(line)
    assert program == "firstline"
    assert fault(*words) == ""


@pytest.mark.parametrize(("document", "line"), INLINE, ids=[each for _, each in INLINE])
def test_what_stands_in_a_sentence_is_taken_too(document: str, line: str) -> None:
    """The fenced lines have a test of their own."""
    words = [{"ACTION": "restart_enclave"}.get(each, each) for each in shlex.split(line)[1:]]
    assert fault(*words) == "", document


def test_a_page_spells_them() -> None:
    """The command in a proposal or a demotion page answers it."""
    asked = proposal()
    page = paging.approval_page(incident(), asked, (), ORIGIN, Demotion(NOW, 3, ID))
    where = " --fleet vettid --region us-east-1"
    assert page.details["approve"] == command_lines.approve(ID, asked.plan[:12], where)
    assert page.details["deny"] == command_lines.deny(ID, asked.plan[:12], where)
    assert command_lines.promote("restart_enclave", where) in page.details["demoted"]


def test_no_other_place_spells_one() -> None:
    """So that each is tried above."""
    found = {
        (path.name, text)
        for path in (*PACKAGE.rglob("*.py"), *(ROOT / "functions").glob("*.py"))
        if path.name != "command_lines.py"
        for text in _texts(path)
        if SPELT.search(text)
    }
    assert found == set()


def _texts(path: Path) -> Iterator[str]:
    """The texts of a module, its docstrings too, with the places of values left open."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.JoinedStr):
            parts = (it.value if isinstance(it, ast.Constant) else "X" for it in node.values)
            yield "".join(map(str, parts))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("deny", ID, PLAN), "Missing option '--why'"),
        (("promote", "restart_enclave"), "Missing option '--why'"),
        (("approve", ID), "Missing argument 'PLAN'"),
        (("approve", ID, "later"), "plan: give the first 8"),
        (("pause", "everything", "--why", "x", "--for", "long"), "--for long: give"),
        (("pause", "everything", "--why", "x", "--for", "2h"), ""),
        (("resume", "nothing", "--why", "x"), "scope: give everything"),
        (("allow", ID), "no command allow"),
    ],
)
def test_one_that_does_not_run_would_be_found(words: tuple[str, ...], why: str) -> None:
    """The check itself can fail."""
    found = fault(*words)
    assert found.startswith(why)
    assert bool(found) == bool(why)
