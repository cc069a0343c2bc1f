"""Every documented line that deploys, in the documents' order, over one stack: nothing is lost."""

import json
import shutil
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App

from app import compose
from firstline.cli import cdk
from firstline.cli.account import past_check
from firstline.cli.main import dispatch
from firstline.doctor.diff.changes import compare
from firstline.doctor.diff.contents import contents
from tests.adapters.account import Answering, Refusal
from tests.builders import FLEET_TEXT
from tests.dev.documented import DOCUMENTS, commands
from tests.infra.conftest import WITHOUT_BUNDLING

FIRST = ("GETTING-STARTED.md", "DEPLOY.md", "OPERATIONS.md")
"""In the order in which a newcomer reads them; the others come behind."""
DEPLOYMENT = """
[deployment]
account = "111122223333"
region = "us-east-1"
mode = "enforce"
emergency_email = "on-call@acme.org"
security_email = "security@acme.org"
team_email = "team@acme.org"
routing_key_secret_arn = "arn:aws:secretsmanager:us-east-1:111122223333:secret:pager-AbCdEf"
pager_region = "eu"
"""


def lines() -> Iterator[list[str]]:
    """The words of each, from ``deploy`` on."""
    by_name = {each.name: each for each in DOCUMENTS}
    for document in [by_name.pop(name) for name in FIRST] + list(by_name.values()):
        for words in commands(document):
            if words[:2] == ["./dev", "deploy"]:
                yield words[1:]


LINES = list(lines())


class Stacks:
    """The deployed stacks of the account, and the CDK that deploys them."""

    def __init__(self, folder: Path) -> None:
        self.standing: dict[str, Any] = {}
        self.deployed = 0
        self._folder = folder
        self._made: dict[tuple[str, ...], Path] = {}

    def run(self, _root: Path, *arguments: str) -> int:
        """As ``cdk ARGUMENTS`` does: make an assembly of a context, or deploy one."""
        if arguments[0] == "synth":
            out = arguments[arguments.index("--output") + 1]
            shutil.copytree(self._assembly(arguments), out, dirs_exist_ok=True)
            return 0
        for path in Path(arguments[arguments.index("--app") + 1]).glob("*.template.json"):
            self.standing[path.name.partition(".")[0]] = json.loads(path.read_text())
        self.deployed += 1
        return 0

    def _assembly(self, arguments: tuple[str, ...]) -> Path:
        """The assembly of the fleet file among *arguments*; of the same text it is made once."""
        pairs = pairwise(arguments)
        context = tuple(value for option, value in pairs if option == "-c")
        key = (*context, *(Path(it.partition("=")[2]).read_text() for it in context))
        if key not in self._made:
            folder = self._folder / f"assembly-{len(self._made)}"
            given = dict(each.split("=", 1) for each in context)
            app = App(outdir=str(folder), context={**WITHOUT_BUNDLING, **given})
            compose(app)
            app.synth()
            self._made[key] = folder
        return self._made[key]

    def contents(self) -> set[str]:
        """All that a person would miss of what stands."""
        return {item for each in self.standing.values() for item in contents(each)}

    def template(self, asked: dict[str, str]) -> object:
        """As CloudFormation answers GetTemplate."""
        found = self.standing.get(asked["StackName"])
        return Refusal("ValidationError") if found is None else {"TemplateBody": found}


def test_nothing_is_lost_by_any_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """People, secret, pager, mode, alarms, backstops and rules stay as the first line made them."""
    stacks = Stacks(tmp_path)
    log_groups = {"logGroups": [{"logGroupName": "/vettid/enclave/parent"}]}
    limit = {"AccountLimit": {"ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": 900}}
    answers: dict[str, Any] = {
        "cloudformation.GetTemplate": stacks.template,
        "cloudwatch-logs.DescribeLogGroups": log_groups,
        "lambda.GetAccountSettings": limit,
    }
    fleet = tmp_path / "my-fleet.toml"
    own = FLEET_TEXT.replace("example.com", "acme.org").replace(
        "0a1b2c3d4e5f607", "0f1e2d3c4b5a697"
    )
    fleet.write_text(own + DEPLOYMENT)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(cdk, "cdk", stacks.run)
    monkeypatch.setattr(past_check, "check", lambda *_: past_check.PastCheck(0, (), ()))
    monkeypatch.setattr("firstline.cli.fleets.session", lambda *_: Answering(answers).session)
    before: set[str] = set()
    for number, line in enumerate(LINES, start=1):
        assert dispatch(line) == 0, line
        after = stacks.contents()
        assert compare(before, after).losses == (), line
        assert stacks.deployed == number
        before = after
    assert "mode:enforce" in before
    fleet.write_text(own + DEPLOYMENT.replace("enforce", "dry-run"))
    assert dispatch(LINES[-1]) == 2  # what is lost would have been noticed


def test_there_are_such_lines() -> None:
    assert len(LINES) > 4
    assert any("--check-past" in each for each in LINES)
