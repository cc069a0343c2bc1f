"""What the documents tell a person to do can be done, and what they name is there."""

import contextlib
import io
import json
import re
import shutil
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import Any

import botocore.session
import pytest
import typer
from botocore import xform_name

from firstline import measures
from firstline.cli.main import COMMANDS, dispatch
from infra.context import Context
from tests.dev.documented import (
    DOCUMENTS,
    ROOT,
    commands,
    defined_tests,
    exists,
    headings,
    is_known,
    is_path,
    links,
    names,
)

ACCOUNT = {
    *("doctor", "drill", "approve", "deny", "pause", "resume", "promote", "report-user", "deploy"),
    *("bootstrap", "destroy"),
}
"""What talks to an account: its words are read, and it is not run."""
HERE = {"test", "check", "docs", "synth", "console", "simulate"}
"""What works on the checkout for long, or until it is ended."""
DEPLOYED = {"report", "audit"}
"""What reads the deployed ledger where no export is named."""
CDK = {"synth", "bootstrap", "deploy", "destroy"}
AWS_ITSELF = {"--query", "--output", "--region", "--no-cli-pager"}
RUN = sorted(
    {
        (document.name, tuple(line[1:]))
        for document in DOCUMENTS
        for line in commands(document)
        if line[0] == "./dev"
    }
)
AWS = sorted(
    {tuple(line[1:]) for document in DOCUMENTS for line in commands(document) if line[0] == "aws"}
)


def known(name: str, arguments: tuple[str, ...]) -> list[str]:
    """What is wrong with a command's words: an option or a subcommand that is not there."""
    app: typer.Typer = import_module(f"firstline.cli.{COMMANDS[name][0]}").app
    group = typer.main.get_group(app)
    command: Any = group.commands.get(name, group)
    rest = list(arguments)
    while hasattr(command, "commands"):
        context = command.make_context(name, rest[:1], resilient_parsing=True)
        found = command.get_command(context, rest[0]) if rest else None
        if found is None:
            return [f"no subcommand {rest[:1]}"]
        command, rest = found, rest[1:]
    options = {option for each in command.params for option in each.opts}
    asked = {each.split("=")[0] for each in rest if each.startswith("--")}
    return sorted(asked - options)


@pytest.mark.parametrize(("document", "line"), RUN, ids=[f"{d} {' '.join(w)}" for d, w in RUN])
def test_a_command_has_the_words_that_are_told(document: str, line: tuple[str, ...]) -> None:
    """Also where it needs an account: command, subcommand, options and the CDK's context."""
    name, *rest = line
    assert name in COMMANDS, document
    if name in CDK:
        context = {each.split("=")[0] for flag, each in pairwise(rest) if flag == "-c"}
        assert context <= set(Context.__struct_fields__)
    elif name != "test":
        assert known(name, tuple(rest)) == []


def local(line: tuple[str, ...]) -> bool:
    """Whether a command can be run here, and ends soon."""
    if line[0] in ACCOUNT | HERE:
        return False
    if line[:2] == ("audit", "export"):
        return False
    return line[0] not in DEPLOYED or any(each.endswith(".jsonl") for each in line)


@pytest.fixture(scope="module")
def ran() -> set[str]:
    """Give what was run already, of all documents."""
    return set()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda each: each.name)
def test_what_can_be_run_here_is_run(document: Path, tmp_path: Path, ran: set[str]) -> None:
    """In the order of the document, from a folder that holds no more than a checkout does.

    What two documents tell is run once, unless it makes a file for the lines after it.
    """
    for each in ("events", "layers"):
        (tmp_path / each).symlink_to(ROOT / each)
    with contextlib.chdir(tmp_path):
        for program, *line in commands(document):
            if program == "cp":
                shutil.copy(*line)
            elif program == "./dev" and local(tuple(line)) and " ".join(line) not in ran:
                if not {"--export", "--html"} & set(line):
                    ran.add(" ".join(line))
                _made_before(line, tmp_path)
                with contextlib.redirect_stdout(io.StringIO()):
                    assert dispatch(line) == 0, line


def _made_before(line: list[str], folder: Path) -> None:
    """What an account would have given: a profile, an export of its ledger, archived events."""
    made = "--export" in line
    wanted = [each for each in line if not made and not (folder / each).exists()]
    if "my-fleet.toml" in wanted:
        source = folder / "layers/firstline/python/firstline/profiles/runbook.toml"
        shutil.copy(source, folder / "my-fleet.toml")
    if "ledger.jsonl" in wanted:
        scenario = "events/scenarios/one-dead-host.toml"
        with contextlib.redirect_stdout(io.StringIO()):
            assert dispatch(["replay", scenario, "--export", "ledger.jsonl"]) == 0
    if "events.jsonl" in wanted:
        event = json.loads((folder / "events/cloudwatch.healthy-hosts-zero.json").read_text())
        (folder / "events.jsonl").write_text(f"{json.dumps(event)}\n")


@pytest.mark.parametrize("line", AWS, ids=" ".join)
def test_a_command_of_aws_is_one(line: tuple[str, ...]) -> None:
    """Its service, operation and options are in botocore's models."""
    service, operation, *rest = line
    if service == "s3" or operation == "tail":  # the command line's own, over several requests
        return
    model = botocore.session.get_session().get_service_model(service)
    operations = {xform_name(each, "-"): each for each in model.operation_names}
    shape = model.operation_model(operations[operation]).input_shape
    takes = {f"--{xform_name(each, '-')}" for each in (shape.members if shape else {})}
    takes |= {each.replace("--", "--no-", 1) for each in takes} | AWS_ITSELF
    assert {each for each in rest if each.startswith("--")} <= takes


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda each: each.name)
def test_what_a_document_names_is_there(document: Path) -> None:
    """Paths, tests, and every name of code, profile, alarm or guard; links with their headings."""
    missing = set()
    for name in names(document):
        file, _, test = name.partition("::")
        if test and file.startswith("tests/"):
            missing |= {name} if test not in defined_tests(ROOT / file) else set()
        elif is_path(name):
            missing |= {name} if not exists(name) else set()
        elif re.fullmatch(r"[a-z]+(_[a-z0-9]+)+|([A-Z][a-z0-9]+){2,}", name):
            missing |= {name} if not is_known(name) else set()
    assert missing == set()
    for path, heading in links(document):
        assert path.exists(), path
        assert not heading or heading in headings(path), heading


def test_every_measure_is_told() -> None:
    """The table of OPERATIONS.md has each metric that the functions emit."""
    text = (ROOT / "docs" / "OPERATIONS.md").read_text().split("## What is measured")[1]
    emitted = {
        value for name, value in vars(measures).items() if name.isupper() and isinstance(value, str)
    }
    rows = (line for line in text.splitlines() if line.startswith("| `"))
    assert {name for row in rows for name in re.findall(r"`(\w+)`", row.split("|")[1])} == emitted


def test_a_command_that_is_not_there_would_be_found() -> None:
    """The check itself can fail."""
    assert known("doctor", ("--profile", "x", "--no-such")) == ["--no-such"]
    assert known("audit", ("lost",)) == ["no subcommand ['lost']"]
    assert not is_known("no_such_name")
    assert not is_known("HeartbeatsWelcome")
    assert not exists("no/such.py")
