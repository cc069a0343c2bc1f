"""Each line that deploys names the fleet file, and no key that the file has."""

import copy
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from firstline.config.deployment_section import Deployment
from firstline.doctor import deploy_settings
from firstline.doctor import run as doctor
from firstline.doctor.facts import Account, ReadFailure
from infra.context import OVERRIDES
from tests.builders import PROFILE
from tests.dev.documented import DOCUMENTS, PACKAGE, ROOT
from tests.doctor.accounts import ACCOUNT

LINE = re.compile(
    r"(?:\./dev|firstline|npx cdk) (?:deploy|destroy|synth)\b(?! \[OPTIONS\])([^`\n;]*)"
)
NAMES_IT = re.compile(r" (?:--fleet |-c fleet=)\S")
DEPLOYED = {
    "as it is": ACCOUNT,
    "nothing": copy.replace(ACCOUNT, deployed=None),
    "unread": copy.replace(
        ACCOUNT, deployed=ReadFailure("cloudformation:DescribeStacks", "Denied")
    ),
}
SOURCES = (
    *PACKAGE.rglob("*.py"),
    *(each for name in ("infra", "functions") for each in (ROOT / name).rglob("*.py")),
    *(ROOT / "app.py", ROOT / "dev", ROOT / "cdk.json", *(ROOT / "bench").rglob("*.py")),
)


def lacking(text: str) -> Iterator[str]:
    """The lines of *text* that name no fleet, or a key that the file must keep."""
    for found in LINE.finditer(text.replace("\\\n", " ")):
        keys = set(re.findall(r" -c (\w+)=", found[1])) - {"fleet", *OVERRIDES}
        if keys or not NAMES_IT.search(found[1]):
            yield found[0]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda each: each.name)
def test_a_document_names_the_fleet_and_nothing_else(document: Path) -> None:
    """In a block as in a sentence."""
    text = (
        document.read_text().replace("`./dev synth` says", "").replace("`./dev destroy` takes", "")
    )
    assert list(lacking(text)) == []


def test_the_documents_have_such_lines() -> None:
    lines = [found[0] for each in DOCUMENTS for found in LINE.finditer(each.read_text())]
    assert {each.split()[1] for each in lines} >= {"deploy", "destroy", "synth"}


def test_the_documents_have_every_key_of_the_table() -> None:
    """With its meaning and its default."""
    page = (ROOT / "docs" / "DEPLOY.md").read_text()
    rows = "".join(line.split("|")[1] for line in page.splitlines() if line.startswith("| `"))
    assert set(Deployment.__struct_fields__) <= set(re.findall(r"`(\w+)`", rows))


@pytest.mark.parametrize("account", DEPLOYED.values(), ids=DEPLOYED)
def test_a_remedy_names_the_fleet(account: Account) -> None:
    """Whatever stands there, and whatever doctor may read of it."""
    found = doctor.examine(PROFILE, account, "my-fleet.toml", Deployment())
    assert [each.remedy for each in found if list(lacking(each.remedy))] == []
    assert all(
        not list(lacking(each)) for each in deploy_settings.command_fills("my-fleet.toml").values()
    )


def test_a_remedy_has_its_line_from_one_place() -> None:
    """No remedy deploys without the line, and no code spells one of its own."""
    bare = r"(?<!\{)\b(?:re)?deploy\b"
    assert [each.name for each in doctor.CHECKS if re.search(bare, each.remedy)] == []
    assert [each.name for each in SOURCES if LINE.search(each.read_text())] == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("`./dev deploy` as before", True),
        ("./dev deploy --fleet a.toml -c mode=enforce", True),
        ("./dev deploy -c team_email=a@b.c \\\n --fleet a.toml", True),
        ("npx cdk deploy --all", True),
        ("./dev destroy --all", True),
        ("npx cdk deploy --all -c fleet=a.toml -c region=eu-west-1", False),
        ("./dev destroy --fleet my-fleet.toml --all", False),
    ],
)
def test_a_line_that_leaves_it_out_would_be_found(text: str, *, found: bool) -> None:
    """The check itself can fail."""
    assert bool(list(lacking(text))) is found
