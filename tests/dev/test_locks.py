"""Pinned packages, and the agreement of all lists of pins."""

import json
import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
LOCK = ROOT / "requirements.lock"
LAMBDA = ROOT / "layers" / "dependencies" / "requirements.txt"
PROBE = ROOT / "layers" / "probe" / "requirements.txt"


def pins(path: Path) -> dict[str, str]:
    """Map each package to its version and its hashes; where it is wanted is left out."""
    stanza = r"(?m)^([a-z0-9.-]+)==(\S+).*?((?: \\\n +--hash=\S+)+)"
    found = re.findall(stanza, path.read_text())
    return {name: f"{version} {hashes}" for name, version, hashes in found}


def version(stanza: str) -> str:
    return stanza.split(maxsplit=1)[0]


@pytest.mark.parametrize(
    "path",
    [LOCK, LAMBDA, PROBE, ROOT / "package-lock.json", ROOT / "package.json", ROOT / ".npmrc"],
)
def test_no_lock_holds_an_address(path: Path) -> None:
    assert re.findall(r"\S*(?:://|resolved\"|index-url|find-links)\S*", path.read_text()) == []


@pytest.mark.parametrize("path", [LOCK, LAMBDA, PROBE])
def test_every_pinned_package_has_its_hashes(path: Path) -> None:
    named = re.findall(r"(?m)^([a-z0-9.-]+)==", path.read_text())
    assert list(pins(path)) == named
    assert named


def test_lambda_gets_the_versions_that_are_tested() -> None:
    assert pins(LAMBDA).items() <= pins(LOCK).items()
    assert pins(PROBE).items() <= pins(LOCK).items()
    assert not pins(PROBE).keys() & pins(LAMBDA).keys()
    assert {"boto3", "botocore", "urllib3"} <= pins(LAMBDA).keys()


def test_the_lock_meets_what_the_project_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    asked = [
        *project["project"]["dependencies"],
        *project["dependency-groups"]["dev"],
    ]
    locked = {name: version(stanza) for name, stanza in pins(LOCK).items()}
    needs = [Requirement(each) for each in asked]
    assert [need.name for need in needs if locked[need.name] not in need.specifier] == []


def test_the_cdk_is_pinned_and_checked() -> None:
    locked = json.loads((ROOT / "package-lock.json").read_text())
    asked = json.loads((ROOT / "package.json").read_text())["devDependencies"]
    assert asked == locked["packages"][""]["devDependencies"] == {"aws-cdk": "2.1148.1"}
    modules = {name: it for name, it in locked["packages"].items() if name}
    assert modules["node_modules/aws-cdk"]["version"] == "2.1148.1"
    assert [name for name, it in modules.items() if not it["integrity"].startswith("sha512-")] == []
