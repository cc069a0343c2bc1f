"""The command line's own words, in real processes."""

import signal
import subprocess
import sys
import tomllib
import warnings
from pathlib import Path

import pytest
import typer

from firstline.cli.main import COMMANDS, module_of, print_error, print_warnings

ROOT = Path(__file__).parents[2]
FIRSTLINE = Path(sys.executable).parent / "firstline"


def call(*arguments: str | Path, cwd: Path, path: str = "") -> tuple[int, str, str]:
    ran = subprocess.run(
        arguments,
        cwd=cwd,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    return ran.returncode, ran.stdout, ran.stderr


def test_help_names_every_command_with_its_line(tmp_path: Path) -> None:
    status, out, err = call(FIRSTLINE, "--help", cwd=tmp_path)
    rows = [line.split(maxsplit=1) for line in out.splitlines() if line.startswith("  ")]
    assert [row for row in rows if row[0] != "firstline"] == [
        [name, line] for name, (_, line) in COMMANDS.items()
    ]
    assert (status, err) == (0, "")


def interrupted(command: str, cwd: Path, path: str) -> tuple[int, str, str]:
    """*command* in a Python that has *path*, in front of all else."""
    return call(sys.executable, "-c", command, cwd=cwd, path=path)


KILL = "import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n"
BLOCKED = "import os, signal; signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})\n"


def test_an_interrupt_while_modules_load_is_no_traceback(tmp_path: Path) -> None:
    """Ctrl-C in the midst of the imports: the process ends by the signal, and prints nothing."""
    (tmp_path / "difflib.py").write_text(KILL)
    start = f"import os; os.execv({str(FIRSTLINE)!r}, ['firstline', '--help'])"
    assert interrupted(start, tmp_path, str(tmp_path)) == (-signal.SIGINT, "", "")


def test_a_blocked_interrupt_ends_it_before_it_loads(tmp_path: Path) -> None:
    """The launcher holds it back until then, for Python starts without knowing what to do."""
    start = f"{BLOCKED}{KILL}os.execv({str(FIRSTLINE)!r}, ['firstline', '--help'])"
    assert interrupted(start, tmp_path, "") == (-signal.SIGINT, "", "")


def test_the_version_is_the_project_s(tmp_path: Path) -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert call(FIRSTLINE, "--version", cwd=tmp_path) == (0, f"firstline {version}\n", "")


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["chekc"], "firstline: no command 'chekc'; did you mean check?\n"),
        (["zzz"], "firstline: no command 'zzz'; firstline --help lists the commands\n"),
        (["--colour"], "firstline: no command '--colour'; firstline --help lists the commands\n"),
        (["check", "--hard"], "firstline: check: No such option: --hard\n"),
        (["check", "a"], "firstline: check: Got unexpected extra argument(s) (a)\n"),
        (["policy", "chek"], "firstline: policy: No such command 'chek'. Did you mean 'check'?\n"),
        (
            ["test", "-q", "-k", "gone", "tests/gone.py::test_a", "-n0"],
            "firstline: test: tests/gone.py::test_a: no such test file or folder\n",
        ),
    ],
)
def test_a_mistake_in_the_call_is_one_line(tmp_path: Path, arguments: list[str], line: str) -> None:
    assert call(FIRSTLINE, *arguments, cwd=tmp_path) == (2, "", line)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_row_of_the_table_names_a_command(name: str) -> None:
    module = module_of(COMMANDS[name][0])
    group = typer.main.get_group(module.app)
    assert group.commands.get(name, group).help


def test_the_command_line_itself_imports_nothing_heavy(tmp_path: Path) -> None:
    """A person asking for help waits for no command's imports."""
    code = "import sys, firstline.cli.main; print(*sorted(m for m in sys.modules if '.' not in m))"
    status, out, _ = call(sys.executable, "-c", code, cwd=tmp_path)
    heavy = {"aws_cdk", "boto3", "jinja2", "moto", "msgspec", "pytest", "rich", "typer"}
    assert (status, heavy & set(out.split())) == (0, set())


def test_pytest_takes_the_arguments_from_where_the_user_stands(tmp_path: Path) -> None:
    """Its status comes back too, and the checkout's configuration holds."""
    (tmp_path / "test_here.py").write_text(
        "import warnings\ndef test_a(): pass\ndef test_b(): warnings.warn('an error here')\n"
    )
    status, out, _ = call(
        FIRSTLINE, "test", "-q", "-n", "0", "test_here.py", "-k", "a or b", cwd=tmp_path
    )
    assert (status, out.splitlines()[-1][:18]) == (1, "1 failed, 1 passed")
    status, out, _ = call(FIRSTLINE, "test", "-q", "-n", "0", "test_here.py::test_a", cwd=tmp_path)
    assert (status, out.splitlines()[-1][:8]) == (0, "1 passed")
    assert call(FIRSTLINE, "test", "--no-such-option", cwd=tmp_path)[0] == 4


def test_a_warning_is_one_line_that_steers_no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """It names words of a file, which may be anything."""
    monkeypatch.setattr(warnings, "formatwarning", warnings.formatwarning)
    print_warnings()
    line = warnings.formatwarning("a\x1b[2J\nb", UserWarning, "mine.toml", 1)
    assert line == "firstline: a\N{REPLACEMENT CHARACTER}[2J b\n"


def test_a_mistake_is_one_line_that_steers_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """A name out of an export may hold anything."""
    assert print_error("no incident x\x1b[2J\nin it") == 2
    assert capsys.readouterr().err == "firstline: no incident x\N{REPLACEMENT CHARACTER}[2J in it\n"
