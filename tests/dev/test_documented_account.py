"""The documents' commands about a deployment, run against one as they stand there."""

import contextlib
import io
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from firstline.cli.main import dispatch
from tests.adapters.account import Answering
from tests.cli.doctor_account import Clock, account
from tests.dev.account import PROFILE, Account, quiet, waiting
from tests.dev.documented import DOCUMENTS, commands
from tests.dev.lines import kind

DOCUMENTED = [
    each
    for each in DOCUMENTS
    if any(kind(line[1:]) == "account" for line in commands(each) if line[0] == "./dev")
]


def lines(document: Path) -> Iterator[list[str]]:
    """Return the lines about a deployment in a document, in order."""
    for program, *line in commands(document):
        if program == "./dev" and kind(line) == "account":
            yield line


def put(line: list[str], there: Account) -> list[str]:
    """*line* with the incident and the plan that there are."""
    known = {"inc-0123456789abcdef0123": there.incident, "5f1c09ab12de": there.plan[:12]}
    known["5f1c09ab"] = there.plan[:8]
    return [known.get(each, each) for each in line]


def run(line: list[str]) -> str:
    """Return a command's output; it executes."""
    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(out):
        assert dispatch(line) == 0, f"{' '.join(line)}: {out.getvalue()}"
    return out.getvalue()


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a person has a profile of their own."""
    shutil.copy(PROFILE, tmp_path / "my-fleet.toml")
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("document", DOCUMENTED, ids=lambda each: each.name)
def test_operator_commands_and_ledger(document: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An incident waits there for a person, and an action is demoted; each line leaves its mark."""
    with waiting(monkeypatch.setenv) as there:
        for line in lines(document):
            if line[0] not in ("drill", "doctor"):
                text = run(put(line, there))
                assert SAYS.get(line[0], "") in text, line


SAYS = {
    "approve": "approved: restart_enclave on i-0a1b2c3d4e5f60711",
    "deny": "denied: restart_enclave on i-0a1b2c3d4e5f60711",
    "pause": "paused: no fixes of everything",
    "resume": "resumed: fixes of everything are allowed again",
    "promote": "promoted: restart_enclave has the autonomy",
    "report-user": "firstline opens a P3",
}


@pytest.mark.parametrize("document", DOCUMENTED, ids=lambda each: each.name)
def test_a_drill(document: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It is announced, rung, paged, decided on in dry-run, and over, with its reports."""
    for line in lines(document):
        if line[0] == "drill":
            with quiet(monkeypatch.setenv) as there:
                monkeypatch.setattr("firstline.adapters.clock.SystemClock", lambda: there.clock)
                text = run(line)
            assert "a dry run, in mode enforce" in text
            assert "holds: received, classified, notified and decided on in time" in text
            for each in line:
                if each.startswith("drill."):
                    assert "Drill of complete-outage: holds" in (tmp_path / each).read_text()


@pytest.mark.parametrize("document", DOCUMENTED, ids=lambda each: each.name)
def test_the_doctor(document: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of an account in which all is well."""
    monkeypatch.setattr("firstline.cli.doctor.SystemClock", Clock)
    for line in lines(document):
        if line[0] == "doctor":
            one = Answering(account())
            monkeypatch.setattr("firstline.doctor.readers.stacks.Session", given(one))
            monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
            assert "no problem prevents the detection of a P1" in run(line)


def given(one: Answering) -> Callable[..., object]:
    """Return a factory of sessions that always gives this one."""
    return lambda **_: one.session


def test_every_line_about_a_deployment_is_run() -> None:
    """None is left out by the split above."""
    output = [line for document in DOCUMENTED for line in lines(document)]
    assert {line[0] for line in output} <= {"drill", "doctor", "audit", "report"} | SAYS.keys()
