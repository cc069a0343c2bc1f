"""The commands of a checkout: its tests and its checks.

They run the tools installed with this interpreter and return their exit status.
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
VALUE_OPTIONS = frozenset({"-W", "-c", "-k", "-m", "-n", "-o", "-p", "-r"})
"""Pytest's short options that take a value."""
Arguments = Annotated[list[str] | None, typer.Argument(help="passed to pytest", show_default=False)]
Fast = Annotated[bool, typer.Option("--fast", help="only the decision tests, in one CPU minute")]
FAST_SECONDS = 60
BIN = Path(sys.executable).parent
CHECKS = {
    "ruff check": ("ruff", "check", "--quiet"),
    "ruff format": ("ruff", "format", "--quiet", "--diff"),
    "mypy": ("mypy", "--no-error-summary"),
    "lint-imports": ("lint-imports", "--no-logo"),
    "shellcheck": ("shellcheck", ".ci/run"),
}

app = typer.Typer(add_completion=False, rich_markup_mode=None)


def checkout() -> Path:
    """Return the checkout of this editable install; raises ``InvalidInput`` if there is none."""
    package = Path(firstline.__file__).parent
    root = package.joinpath(*[".."] * 4).resolve()
    if not (root / "requirements.lock").is_file():
        raise InvalidInput(
            f"works only in a checkout, by ./dev; this firstline is installed in {package}"
        )
    return root


@app.command("test", context_settings=PASSED_ON)
def run_tests(arguments: Arguments = None, fast: Fast = False) -> int:
    """Run pytest with these arguments; paths are relative to the current folder.

    Without a path it runs the whole suite, on all cores. --fast runs in one process, since each
    process spends seconds on imports.
    """
    root, arguments = checkout(), arguments or []
    for path in test_paths(arguments):
        if not Path(path.partition("::")[0]).exists():
            raise InvalidInput(f"{path}: no such test file or folder")
    # pytest looks for its configuration in the current folder
    command = [sys.executable, "-m", "pytest", "--config-file", str(root / "pyproject.toml")]
    has_path = any(Path(argument.partition("::")[0]).exists() for argument in arguments)
    default_path = [] if has_path or Path.cwd() == root else [str(root / "tests")]
    # one process more than cores: some tests wait for other processes
    parallel = [] if has_path else ["-n", str((os.cpu_count() or 1) + 1), "--dist", "loadscope"]
    chosen = ["--fast"] if fast else parallel
    process = subprocess.run(
        [*command, *chosen, *arguments, *default_path], check=False, env=bytecode_environment()
    )
    if fast:
        print(f"fast: {child_cpu_seconds():.0f} s of CPU; the limit is {FAST_SECONDS}")
    return process.returncode


def test_paths(arguments: list[str]) -> list[str]:
    """Return those of pytest's *arguments* that are paths: neither options nor their values."""
    pairs = pairwise(["", *arguments])
    return [word for before, word in pairs if not word.startswith("-") and not takes_value(before)]


def takes_value(option: str) -> bool:
    """True if the argument after *option* may be its value."""
    return option in VALUE_OPTIONS or (option.startswith("--") and "=" not in option)


def bytecode_environment() -> dict[str, str]:
    """Return an environment in which each module is compiled once, not by every process.

    With PYTHONDONTWRITEBYTECODE the bytecode goes to a folder of this interpreter's environment.
    """
    environment = dict(os.environ)
    if environment.pop("PYTHONDONTWRITEBYTECODE", ""):
        environment.setdefault("PYTHONPYCACHEPREFIX", str(Path(sys.prefix) / "pycache"))
    return environment


def child_cpu_seconds() -> float:
    """Return the CPU seconds, user and system, of all ended child processes."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


@app.command()
def check() -> int:
    """Run every check, print the output of failing ones, and return 1 if one fails."""
    root = checkout()
    failed = [name for name, command in CHECKS.items() if not passes_check(name, command, root)]
    print(f"failed: {', '.join(failed)}" if failed else "all checks pass")
    return 1 if failed else 0


def passes_check(name: str, command: tuple[str, ...], root: Path) -> bool:
    tool, *arguments = command
    process = subprocess.run(
        [BIN / tool, *arguments], cwd=root, capture_output=True, text=True, check=False
    )
    if process.returncode:
        print(f"-- {name}\n{process.stdout}{process.stderr}", end="", flush=True)
    return process.returncode == 0
