"""The commands of a checkout: its tests and its checks.

They call the tools installed beside this interpreter and return those tools' exit status.
"""

import os
import resource
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Annotated

import typer

import firstline
from firstline.errors import InvalidInput

PASSED_ON = {"ignore_unknown_options": True}
VALUED = frozenset({"-W", "-c", "-k", "-m", "-n", "-o", "-p", "-r"})
"""Pytest's short options that take a value."""
Arguments = Annotated[list[str] | None, typer.Argument(help="are passed on", show_default=False)]
Fast = Annotated[bool, typer.Option("--fast", help="only what decides, in a minute of CPU")]
FAST_SECONDS = 60
BESIDE = Path(sys.executable).parent
CHECKS = {
    "ruff check": ("ruff", "check", "--quiet"),
    "ruff format": ("ruff", "format", "--quiet", "--diff"),
    "mypy": ("mypy", "--no-error-summary"),
    "lint-imports": ("lint-imports", "--no-logo"),
    "shellcheck": ("shellcheck", ".ci/run"),
}

app = typer.Typer(add_completion=False, rich_markup_mode=None)


def checkout() -> Path:
    """The checkout that this editable install points into; ``InvalidInput`` if none."""
    package = Path(firstline.__file__).parent
    root = package.joinpath(*[".."] * 4).resolve()
    if not (root / "requirements.lock").is_file():
        raise InvalidInput(f"works in a checkout only, by ./dev; this firstline lies in {package}")
    return root


@app.command("test", context_settings=PASSED_ON)
def run_tests(arguments: Arguments = None, fast: Fast = False) -> int:
    """Run pytest with these arguments; paths are relative to where you stand.

    Without a path it runs the whole suite, on all cores; --fast runs in one process, since each
    process imports for some seconds.
    """
    root, arguments = checkout(), arguments or []
    for path in paths(arguments):
        if not Path(path.partition("::")[0]).exists():
            raise InvalidInput(f"{path}: there is no such file or folder of tests")
    # pytest looks for its configuration where the caller stands: say where it is
    command = [sys.executable, "-m", "pytest", "--config-file", str(root / "pyproject.toml")]
    named = any(Path(argument.partition("::")[0]).exists() for argument in arguments)
    where = [] if named or Path.cwd() == root else [str(root / "tests")]
    # one process more than cores: some tests wait for other processes
    apart = [] if named else ["-n", str((os.cpu_count() or 1) + 1), "--dist", "loadscope"]
    chosen = ["--fast"] if fast else apart
    ran = subprocess.run([*command, *chosen, *arguments, *where], check=False, env=compiled())
    if fast:
        print(f"fast: {spent_seconds():.0f} s of CPU, of {FAST_SECONDS} that it may take")
    return ran.returncode


def paths(arguments: list[str]) -> list[str]:
    """Those of pytest's *arguments* that are paths: no options, and no options' values."""
    pairs = pairwise(["", *arguments])
    return [word for before, word in pairs if not word.startswith("-") and not takes(before)]


def takes(option: str) -> bool:
    """Whether what follows *option* may be its value."""
    return option in VALUED or (option.startswith("--") and "=" not in option)


def compiled() -> dict[str, str]:
    """The environment in which each module is compiled once, and not by every process.

    Who wants no bytecode beside the sources has it in the folder of this interpreter's packages.
    """
    env = dict(os.environ)
    if env.pop("PYTHONDONTWRITEBYTECODE", ""):
        env.setdefault("PYTHONPYCACHEPREFIX", str(Path(sys.prefix) / "pycache"))
    return env


def spent_seconds() -> float:
    """The CPU, user and system, of all processes that ended under this one, in seconds."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@app.command()
def check() -> int:
    """Run every check, show what the failing ones say, and return 1 if there is one."""
    root = checkout()
    failed = [name for name, command in CHECKS.items() if not passes(name, command, root)]
    print(f"failed: {', '.join(failed)}" if failed else "all checks pass")
    return 1 if failed else 0


def passes(name: str, command: tuple[str, ...], root: Path) -> bool:
    tool, *arguments = command
    ran = subprocess.run(
        [BESIDE / tool, *arguments], cwd=root, capture_output=True, text=True, check=False
    )
    if ran.returncode:
        print(f"-- {name}\n{ran.stdout}{ran.stderr}", end="", flush=True)
    return ran.returncode == 0
