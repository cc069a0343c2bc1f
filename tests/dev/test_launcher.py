"""The launcher in a folder of its own, with shell scripts standing for Python, pip and uv."""

import ast
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

DEV = Path(__file__).parents[2] / "dev"
PIN = "uv==1.2.3 \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb"
INSTALL_ONE = "install python3.99 (pyenv install 3.99)"
DEBIAN = "on Debian or Ubuntu: apt install python3.99-venv"
CANNOT_FETCH = "cannot fetch uv (is the network up?):"
NETWORK_DOWN = "ERROR: No matching distribution found for uv==1.2.3"

# one script under every name that the launcher calls; it notes each call in $NOTES
STAND_IN = f"""#!/bin/sh
case "$(basename "$0") $*" in
"python3.99 -c"*) echo "$SAYS ${{0%/bin/*}}"; exit "${{VENVS:-0}}" ;;
demo*) pwd; echo "$VIRTUAL_ENV"; echo "${{PATH%%:*}}"; printf '%s\\n' "$@"; exit 7 ;;
esac
echo "$(basename "$0") $*" >>"$NOTES"
case "$(basename "$0") $*" in
*"-m venv"*) mkdir -p .tools/bin; cp "$0" .tools/bin/python ;;
*"-m pip"*)
    [ "$KILL" != pip ] || kill -9 "$PPID"
    [ -z "$DOWN" ] || {{ printf 'WARNING: again\\n{NETWORK_DOWN}\\n' >&2; exit 1; }}
    cp "$0" .tools/bin/uv ;;
"uv venv"*) rm -rf .venv; mkdir -p .venv/bin; cp "$0" .venv/bin/python ;;
*sync*) [ "$KILL" != sync ] || kill -9 "$PPID"; sleep 0.1 ;;
*install*) cp "$0" .venv/bin/demo ;;
esac
"""


class Checkout:
    """A project named demo, with a Python 3.99 on its PATH."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "a checkout"
        self.bin = folder / "bin"
        self.notes = folder / "notes"
        self.stand = folder / "where the user stands"
        for each in (self.root, self.bin, self.stand):
            each.mkdir()
        shutil.copy(DEV, self.root / "dev")
        (self.root / "pyproject.toml").write_text(
            '[build]\nname = "no"\n[project]\nname = "demo"\n'
        )
        (self.root / ".python-version").write_text("3.99\n")
        (self.root / "requirements.lock").write_text(f"six==1\n{PIN}\n    # via demo\nzipp==2\n")
        self.place(self.bin)

    def place(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "python3.99").write_text(STAND_IN)
        (folder / "python3.99").chmod(0o755)

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, self.root / "dev", *arguments],
            cwd=self.stand,
            env={
                "PATH": f"{self.bin}{os.pathsep}{os.defpath}",
                "HOME": str(self.root),
                "NOTES": str(self.notes),
                "SAYS": "3.99",
                **environment,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str, **environment: str) -> tuple[int, list[str], list[str]]:
        process = self.start(*arguments, **environment)
        out, err = process.communicate(timeout=30)
        return process.returncode, out.splitlines(), err.splitlines()

    def calls(self) -> list[str]:
        """Return the calls since the last look, as their first five words."""
        lines = self.notes.read_text().splitlines() if self.notes.exists() else []
        self.notes.unlink(missing_ok=True)
        return [" ".join(line.replace(str(self.root), "").split()[:5]) for line in lines]


TOOLS = ["python3.99 -m venv /.tools", "python -m pip install -qq"]
VENV = ["uv venv -q --no-config --clear"]
INSTALL = ["uv -q --no-config pip sync", "uv -q --no-config pip install"]


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


def test_the_first_run_makes_everything_and_says_so_in_one_line(checkout: Checkout) -> None:
    status, out, err = checkout.run("go")
    assert (status, out[3:]) == (7, ["go"])
    assert err == ["dev: preparing .venv, which can take a minute the first time"]
    assert checkout.calls() == [*TOOLS, *VENV, *INSTALL]
    assert (checkout.root / ".tools" / ".stamp").read_text() == PIN


def test_a_made_environment_runs_the_command_as_the_user_gave_it(checkout: Checkout) -> None:
    """The command sees the user's folder, the arguments untouched, and its own tools first."""
    checkout.run()
    checkout.calls()
    venv = checkout.root / ".venv"
    status, out, err = checkout.run("two words", "--", "", "-x=*", SAYS="no longer there")
    assert out == [str(checkout.stand), str(venv), str(venv / "bin"), "two words", "--", "", "-x=*"]
    assert (status, err, checkout.calls()) == (7, [], [])


def test_an_interrupt_waits_for_the_command(checkout: Checkout) -> None:
    """The command lets it through: an interpreter that starts would print a traceback."""
    checkout.run()
    (checkout.root / ".venv" / "bin" / "demo").write_text(
        f"#!{sys.executable}\nimport signal\nprint(*signal.pthread_sigmask(signal.SIG_BLOCK, []))\n"
    )
    assert checkout.run()[1] == [str(int(signal.SIGINT))]


@pytest.mark.parametrize("name", ["AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"])
def test_what_it_fetches_with_trusts_the_bundle(checkout: Checkout, name: str) -> None:
    """Python, pip, uv and the command have it by the variable that each reads."""
    holds = '[ "$PIP_CERT$SSL_CERT_FILE$NODE_EXTRA_CA_CERTS" = /ca/ca/own ] || exit 3'
    stand_in = STAND_IN.replace("#!/bin/sh\n", f"#!/bin/sh\n{holds}\n")
    (checkout.bin / "python3.99").write_text(stand_in)
    status, _, err = checkout.run("go", **{name: "/ca"}, NODE_EXTRA_CA_CERTS="/own")
    assert (status, len(err)) == (7, 1)
    assert checkout.calls() == [*TOOLS, *VENV, *INSTALL]


def test_no_argument_asks_for_the_help(checkout: Checkout) -> None:
    assert checkout.run()[1][3:] == ["--help"]


@pytest.mark.parametrize(
    ("file", "text", "calls"),
    [
        ("pyproject.toml", '[project]\nname = "demo"\n', INSTALL),
        ("requirements.lock", f"{PIN}\n", INSTALL),
        ("requirements.lock", f"{PIN} --hash=sha256:cc\n", [*TOOLS, *INSTALL]),
        (".python-version", "3.99", []),
        (".venv/.stamp", "", [*VENV, *INSTALL]),
    ],
)
def test_only_what_changed_is_made_again(
    checkout: Checkout, file: str, text: str, calls: list[str]
) -> None:
    checkout.run()
    checkout.calls()
    (checkout.root / file).write_text(text)
    assert checkout.run()[0] == 7
    assert checkout.calls() == calls


def test_a_moved_checkout_is_made_again(checkout: Checkout) -> None:
    """Scripts in an environment name its folder."""
    checkout.run()
    checkout.calls()
    checkout.root = checkout.root.rename(checkout.root.with_name("moved"))
    assert checkout.run()[0] == 7
    assert checkout.calls() == [*VENV, *INSTALL]


@pytest.mark.parametrize(
    ("where", "done", "mended"),
    [
        ("pip", TOOLS, [*TOOLS, *VENV, *INSTALL]),
        ("sync", [*TOOLS, *VENV, INSTALL[0]], [*VENV, *INSTALL]),
    ],
)
def test_a_run_killed_in_the_middle_is_repaired_by_the_next(
    checkout: Checkout, where: str, done: list[str], mended: list[str]
) -> None:
    assert checkout.run(KILL=where)[0] == -signal.SIGKILL
    assert checkout.calls() == done
    assert checkout.run()[0] == 7
    assert checkout.calls() == mended


def test_of_two_at_once_one_makes_and_both_run(checkout: Checkout) -> None:
    both = [checkout.start("one"), checkout.start("two")]
    assert [each.communicate(timeout=30)[0].splitlines()[3:] for each in both] == [["one"], ["two"]]
    assert checkout.calls() == [*TOOLS, *VENV, *INSTALL]


def test_a_python_is_looked_for_in_pyenv_too(checkout: Checkout) -> None:
    (checkout.bin / "python3.99").unlink()
    checkout.place(checkout.root / "pyenv" / "versions" / "3.99.4" / "bin")
    assert checkout.run(PYENV_ROOT=str(checkout.root / "pyenv"))[0] == 7
    checkout.place(checkout.root / ".pyenv" / "versions" / "3.99.4" / "bin")
    (checkout.root / ".venv" / ".stamp").unlink()
    assert checkout.run()[0] == 7


@pytest.mark.parametrize(
    ("environment", "line"),
    [
        ({"SAYS": "3.98"}, f"dev: no Python 3.99 on PATH or in pyenv: {INSTALL_ONE}"),
        ({"VENVS": "1"}, f"dev: {{bin}}/python3.99 cannot make a venv; {DEBIAN}"),
        ({"DOWN": "1"}, f"dev: {CANNOT_FETCH} {NETWORK_DOWN}"),
    ],
)
def test_what_is_missing_is_one_line(
    checkout: Checkout, environment: dict[str, str], line: str
) -> None:
    status, out, err = checkout.run("go", **environment)
    assert (status, out) == (2, [])
    assert [each for each in err if "preparing" not in each] == [line.format(bin=checkout.bin)]


def test_an_unwritable_folder_is_one_line(checkout: Checkout) -> None:
    (checkout.root / ".dev.lock").mkdir()
    status, _, err = checkout.run("go")
    assert (status, len(err), err[1][:9]) == (2, 2, "dev: [Err")


def test_the_launcher_is_small_and_old_pythons_read_it() -> None:
    text = DEV.read_text(encoding="utf-8")
    assert len(text.splitlines()) < 110
    assert ast.parse(text, feature_version=(3, 9)).body
    assert os.access(DEV, os.X_OK)
    assert "firstline" not in text
