"""The command line: the first word picks a command, and only that command's module is imported.

A row of ``COMMANDS`` names the module under ``firstline.cli``, or one of the checkout's
``tools``, and the line that ``--help`` shows.
The module holds ``app``, a Typer with a command of the row's name (``develop.py`` has six), or one
whose commands are the row's own subcommands (``audit list``). A command returns its exit status;
nothing means 0. So ``--help`` and a mistyped word import neither Typer nor a command.

A mistake in the call, and ``InvalidInput`` or ``DependencyUnavailable`` out of a command, are one
line on stderr and status 2. SIGINT and SIGTERM end a command alike, by ``KeyboardInterrupt``: it
restores what it changed and leaves with one line and ``STOPPED`` where it does not choose a status
of its own.
"""

import gc
import os
import signal
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from importlib import import_module
from itertools import pairwise
from types import FrameType, ModuleType
from typing import TYPE_CHECKING

from firstline.cli.account import ca_bundle
from firstline.errors import DependencyUnavailable, InvalidInput

if TYPE_CHECKING:
    from typer.core import TyperGroup

NAME = "firstline"
COMPLETES = "_FIRSTLINE_COMPLETE"
"""The variable by which a shell's script asks for what may stand next."""
STOPPED = 130
"""The status of a command that a signal ended, as shells have it for Ctrl-C."""
COMMANDS: dict[str, tuple[str, str]] = {
    "replay": ("replay", "an event or a scenario through the whole system, on this machine"),
    "console": ("console", "open incidents and timelines of a replay or export, in a browser"),
    "init": ("init", "write a fleet file from an account, from answers, or from a profile"),
    "classify": ("classify", "what events mean by a profile, and why"),
    "generate": ("classify", "the event of an alarm or a rule, to classify or replay it"),
    "policy": ("policy", "check a profile; explain which rule an event matched"),
    "doctor": ("doctor", "hold a profile against the account: what would not be heard, or fixed"),
    "drill": ("drill", "ring an alarm of the deployed system on purpose, and follow it"),
    "report-user": ("report_user", "report a user's trouble to the deployed system (P3)"),
    "approve": ("operators", "allow a plan that an incident proposed, once"),
    "deny": ("operators", "refuse a proposed plan: a person takes the incident"),
    "pause": ("operators", "no fixes for a while: of everything, a condition or an incident"),
    "resume": ("operators", "end a pause before its time"),
    "promote": ("operators", "let an action go by itself again that failed too often"),
    "simulate": ("simulate", "the remediator against a failing fleet, by seeds"),
    "backtest": ("backtest", "what another policy would have done with what was recorded"),
    "audit": ("audit", "list, show, export and verify the ledger"),
    "report": ("report", "an incident as people read it afterwards; --since: across incidents"),
    "test": ("develop", "run the tests of a checkout; arguments go to pytest"),
    "check": ("develop", "run the linters and the type checker over a checkout"),
    "synth": ("cdk", "make the CloudFormation templates; arguments go to the CDK"),
    "bootstrap": ("cdk", "prepare an account and Region for the CDK, once"),
    "diff": ("cdk", "what a deployment would change of what is deployed"),
    "deploy": ("cdk", "deploy the stacks; arguments go to the CDK"),
    "destroy": ("cdk", "destroy the app stack; records stay; arguments go to the CDK"),
    "bench": (
        "tools.bench.bench",
        "measure a checkout beside its baselines: all benches, or those named",
    ),
    "prove": ("tools.prove", "what takes too long for CI, in parts; keeps their tables up to date"),
    "docs": ("tools.docs.documents", "write the generated documents of a checkout anew"),
}


def main() -> None:
    """Run the command of ``sys.argv`` and leave with its status."""
    end_on_signals()
    ca_bundle.spread(os.environ)
    try:
        status = completed([]) if COMPLETES in os.environ else dispatch(sys.argv[1:])
    except KeyboardInterrupt:  # what the command changed is restored by now
        print(f"{NAME}: stopped", file=sys.stderr)
        status = STOPPED
    # what is left needs no search for garbage: the process ends, and that search costs 0.2 s
    gc.freeze()
    sys.exit(status)


def end_on_signals() -> None:
    """Turn SIGINT and SIGTERM into ``KeyboardInterrupt``, whatever this process inherited.

    A shell starts a script's background jobs with SIGINT ignored, and by default SIGTERM ends a
    process before it can let a drill's alarm go or remove half a file.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, _terminate)


def _terminate(_number: int, _frame: FrameType | None) -> None:
    """Interrupt once: timeout(1) sends SIGTERM twice, and the second must not cut the end short."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise KeyboardInterrupt


def dispatch(arguments: Sequence[str]) -> int:
    """Run one command line, without the program's name, and return the exit status."""
    match arguments:
        case [] | ["--help" | "-h", *_]:
            print(usage())
            return 0
        case ["--version", *_]:
            from importlib import metadata

            print(NAME, metadata.version(NAME))
            return 0
        case ["--install-completion" | "--show-completion", *_]:
            return completed(arguments)
        case [name, *rest] if name in COMMANDS:
            return run(name, rest)
        case _:
            close = get_close_matches(arguments[0], COMMANDS, n=1)
            hint = f"did you mean {close[0]}?" if close else f"{NAME} --help lists the commands"
            return mistake(f"no command {arguments[0]!r}; {hint}")


def usage() -> str:
    """The help text, made of the table alone."""
    width = max(map(len, COMMANDS))
    rows = [f"  {name:<{width}}  {line}" for name, (_, line) in COMMANDS.items()]
    head = f"Usage: {NAME} COMMAND [ARGUMENTS]\n       {NAME} COMMAND --help | --version\n"
    head += f"       {NAME} --install-completion | --show-completion\n"
    return "\n".join([head, *rows])


def completed(arguments: Sequence[str]) -> int:
    """Answer a shell, or make its script; see `firstline.cli.shell.completion`."""
    from firstline.cli.shell import completion

    try:
        return completion.answer(arguments)
    except InvalidInput as error:
        return mistake(str(error))


def run(name: str, arguments: Sequence[str]) -> int:
    """Import the command's module and call it with its arguments."""
    if (old := fleet_as_profile(arguments)) is not None:
        return mistake(f"{name}: --profile names AWS credentials: name the file by --fleet {old}")
    try:
        return called(name, arguments)
    except InvalidInput as error:
        first, *more = error.lines
        return mistake(f"{name}: {first}", *more)
    except DependencyUnavailable as error:
        return mistake(f"{name}: {error}")


def called(name: str, arguments: Sequence[str]) -> int:
    """The command's own status; raises `InvalidInput` for a mistake in *arguments*."""
    import typer

    try:
        return invoked(group_of(name), name, arguments)
    except typer.TyperException as error:
        raise InvalidInput(error.format_message()) from error
    except typer.Abort as error:
        raise InvalidInput("stopped, nothing was answered") from error


def invoked(group: "TyperGroup", name: str, arguments: Sequence[str]) -> int:
    """The status of the command *name* of *group*; a group alone shows its commands.

    An interrupt passes through: Typer's own ``main`` ends without a word. Raises Typer's errors.
    """
    import typer

    command = group.commands.get(name, group)
    given = list(arguments) if arguments or command is not group else ["--help"]
    words, helps = f"{NAME} {name}", ["-h", "--help"]
    try:
        with command.make_context(words, given, help_option_names=helps) as context:
            return int(command.invoke(context) or 0)
    except typer.Exit as ended:
        return ended.exit_code
    except EOFError as error:
        raise typer.Abort from error


def group_of(name: str) -> "TyperGroup":
    """The commands of the module of *name*; raises `InvalidInput` as `module_of` does."""
    import typer

    return typer.main.get_group(module_of(COMMANDS[name][0]).app)


def fleet_as_profile(arguments: Sequence[str]) -> str | None:
    """The fleet file that *arguments* give as ``--profile``, as commands took it once."""
    words = [word.removeprefix("--profile=") for word in arguments if word.startswith("--profile=")]
    words += [value for word, value in pairwise(arguments) if word == "--profile"]
    return next((each for each in words if each.endswith(".toml")), None)


def module_of(name: str) -> ModuleType:
    """The module of a command; raises `InvalidInput` for one of ``tools`` outside of a checkout."""
    if not name.startswith("tools."):
        return import_module(f"firstline.cli.{name}")
    from firstline.cli.develop import checkout

    checkout()
    return import_module(name)


def mistake(line: str, *more: str) -> int:
    """Print a line on stderr, and *more* of it, and return status 2.

    Nothing in them steers the terminal.
    """
    for each in (f"{NAME}: {line}", *more):
        words = " ".join(each.split())
        shown = (each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in words)
        print("".join(shown), file=sys.stderr)
    return 2
