"""Each line that deploys carries every key: a deployment forgets what a later line leaves out."""

import copy
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from firstline.doctor import deploying
from firstline.doctor import run as doctor
from firstline.doctor.facts import Account, Unread
from tests.dev.documented import DOCUMENTS, PACKAGE, ROOT
from tests.doctor.accounts import ACCOUNT

KEYS = {"profile", "mode", "emergency_email", "security_email", "team_email"}
LINE = re.compile(r"(?:\./dev|firstline|npx cdk) (deploy|destroy)\b([^`\n;]*)")
NEEDED = {"deploy": KEYS, "destroy": {"profile"}}
DEPLOYED = {
    "as it is": ACCOUNT,
    "nothing": copy.replace(ACCOUNT, deployed=None),
    "unread": copy.replace(ACCOUNT, deployed=Unread("cloudformation:DescribeStacks", "Denied")),
}
SOURCES = (
    *PACKAGE.rglob("*.py"),
    *(each for name in ("infra", "functions") for each in (ROOT / name).rglob("*.py")),
    *(ROOT / "app.py", ROOT / "dev", ROOT / "cdk.json", *(ROOT / "bench").rglob("*.py")),
)


def lacking(text: str) -> Iterator[tuple[str, set[str]]]:
    """The lines of *text* that lack a key, each with the keys."""
    for found in LINE.finditer(text.replace("\\\n", " ")):
        absent = NEEDED[found[1]] - set(re.findall(r" -c (\w+)=", found[2]))
        if absent:
            yield found[0], absent


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda each: each.name)
def test_a_document_leaves_no_key_out(document: Path) -> None:
    """In a block as in a sentence; what destroys names the profile, and so the fleet."""
    assert list(lacking(document.read_text())) == []


def test_the_documents_have_such_lines() -> None:
    """At least one that watches and one that fixes."""
    lines = [found[0] for each in DOCUMENTS for found in LINE.finditer(each.read_text())]
    assert any("mode=observe" in each for each in lines)
    assert any("mode=enforce" in each for each in lines)


@pytest.mark.parametrize("account", DEPLOYED.values(), ids=DEPLOYED)
def test_a_remedy_leaves_no_key_out(account: Account) -> None:
    """Whatever stands there, and whatever doctor may read of it."""
    places = deploying.lines("my-fleet.toml", account)
    for each in doctor.CHECKS:
        told = re.sub(r"\{(\w+)\}", lambda found: places.get(found[1], found[1]), each.remedy)
        assert list(lacking(told)) == []
    assert all(set(re.findall(r"-c (\w+)=", each)) >= KEYS for each in places.values())


def test_a_remedy_has_its_line_from_one_place() -> None:
    """None tells to deploy without the line, and no code spells one of its own."""
    bare = r"(?<!\{)\b(?:re)?deploy\b"
    assert [each.name for each in doctor.CHECKS if re.search(bare, each.remedy)] == []
    assert [each.name for each in SOURCES if LINE.search(each.read_text())] == []


@pytest.mark.parametrize(
    ("text", "absent"),
    [
        ("`./dev deploy` as before", KEYS),
        (
            "./dev deploy -c profile=a.toml -c mode=enforce \\\n -c team_email=a@b.c",
            {"emergency_email", "security_email"},
        ),
        ("firstline deploy -c mode=enforce, once", KEYS - {"mode"}),
        ("npx cdk deploy --all", KEYS),
        ("./dev destroy --all", {"profile"}),
        ("./dev destroy -c profile=my-fleet.toml --all", set[str]()),
    ],
)
def test_a_line_that_leaves_one_out_would_be_found(text: str, absent: set[str]) -> None:
    """The check itself can fail."""
    assert [each for _, each in lacking(text)] == ([absent] if absent else [])
