"""The command line: the first word selects a command, and only its module is imported.

A row of ``COMMANDS`` names a module of ``firstline.cli``, or one of the checkout's ``tools``, and
the line that ``--help`` shows. The module has ``app``, a Typer with a command of the row's name
(``develop.py`` has two), or with the row's subcommands (``audit list``). A command returns its exit
status; None means 0. ``--help`` and a mistyped word import neither Typer nor a command.

A usage error, ``InvalidInput`` and ``DependencyUnavailable`` are one line on stderr and status 2.
SIGINT and SIGTERM both raise ``KeyboardInterrupt``: the command restores what it changed, prints
one line and exits with ``STOPPED_STATUS`` unless it returns another status.
"""

import gc
import os
import signal
import sys
import warnings
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
COMPLETE_VARIABLE = "_FIRSTLINE_COMPLETE"
"""The variable by which a shell's script requests completions."""
STOPPED_STATUS = 130
"""The status of a command that a signal ended, as shells report Ctrl-C."""
COMMANDS: dict[str, tuple[str, str]] = {
    "replay": (
        "replay",
        "replay an event, a scenario or an export through the system, on this machine",
    ),
    "console": ("console", "show open incidents and timelines of a replay or export in a browser"),
    "init": ("init", "write a fleet file from an account, from answers, or from a profile"),
    "classify": ("classify", "show how a fleet file classifies events, and why"),
    "generate": ("classify", "generate the event of an alarm or a rule, to classify or replay it"),
    "policy": ("policy", "check a fleet file; explain which rule an event matched"),
    "doctor": (
        "doctor",
        "check the account against the fleet file: missed alarms, hosts that cannot be fixed",
    ),
    "drill": ("drill", "set an alarm of the deployed system to ALARM and check the response"),
    "report-user": ("report_user", "report a user's problem to the deployed system (P3)"),
    "approve": ("operators", "approve a proposed plan, once"),
    "deny": ("operators", "deny a proposed plan: the incident is escalated to on-call"),
    "pause": ("operators", "pause fixes: of everything, a condition or an incident"),
    "resume": ("operators", "end a pause early"),
    "promote": ("operators", "make a demoted action automatic again"),
    "simulate": ("simulate", "simulate failing fleets by seeds, and check the invariants"),
    "backtest": (
        "backtest",
        "re-decide recorded events with another fleet file, and list the differences",
    ),
    "audit": ("audit", "list, show, export and verify the ledger"),
    "report": ("report", "report on an incident; with --since: across incidents"),
    "test": ("develop", "run the tests of a checkout; arguments go to pytest"),
    "check": ("develop", "run the linters and the type checker over a checkout"),
    "synth": ("cdk", "write the CloudFormation templates; arguments go to the CDK"),
    "bootstrap": ("cdk", "prepare an account and a Region for the CDK, once"),
    "diff": ("cdk", "show what a deployment would change"),
    "deploy": ("cdk", "deploy the stacks; arguments go to the CDK"),
    "destroy": ("cdk", "destroy the app stack; records stay; arguments go to the CDK"),
    "bench": (
        "tools.bench.bench",
        "measure a checkout against its baselines: all benches, or those named",
    ),
    "prove": (
        "tools.prove",
        "run the proofs that exceed CI time, in parts, and update their tables",
    ),
    "docs": ("tools.docs.documents", "write the generated documents of a checkout"),
}


def main() -> None:
    """Run the command of ``sys.argv`` and exit with its status."""
    end_on_signals()
    print_warnings()
    ca_bundle.set_bundle_variables(os.environ)
    try:
        status = complete([]) if COMPLETE_VARIABLE in os.environ else dispatch(sys.argv[1:])
    except KeyboardInterrupt:  # the command has restored what it changed
        print(f"{NAME}: stopped", file=sys.stderr)
        status = STOPPED_STATUS
    # a last garbage collection costs 0.2 s, and the process ends anyway
    gc.freeze()
    sys.exit(status)


def print_warnings() -> None:
    """Print each warning, such as that of an old word in a file, on one line."""
    warnings.formatwarning = lambda message, *_, **__: f"{_printed(f'{NAME}: {message}')}\n"


def end_on_signals() -> None:
    """Turn SIGINT and SIGTERM into ``KeyboardInterrupt``, whatever this process inherited.

    A shell starts a script's background jobs with SIGINT ignored. By default SIGTERM ends a process
    before it can reset a drill's alarm or remove a partial file.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, _terminate)


def _terminate(_number: int, _frame: FrameType | None) -> None:
    """Interrupt once: timeout(1) sends SIGTERM twice, and the second must not stop the cleanup."""
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
            return complete(arguments)
        case [name, *rest] if name in COMMANDS:
            return run(name, rest)
        case _:
            close = get_close_matches(arguments[0], COMMANDS, n=1)
            hint = f"did you mean {close[0]}?" if close else f"{NAME} --help lists the commands"
            return print_error(f"no command {arguments[0]!r}; {hint}")


def usage() -> str:
    """Return the help text, made of the table alone."""
    width = max(map(len, COMMANDS))
    rows = [f"  {name:<{width}}  {line}" for name, (_, line) in COMMANDS.items()]
    head = f"Usage: {NAME} COMMAND [ARGUMENTS]\n       {NAME} COMMAND --help | --version\n"
    head += f"       {NAME} --install-completion | --show-completion\n"
    return "\n".join([head, *rows])


def complete(arguments: Sequence[str]) -> int:
    """Complete words for a shell, or print its script; see `firstline.cli.shell.completion`."""
    from firstline.cli.shell import completion

    try:
        return completion.complete(arguments)
    except InvalidInput as error:
        return print_error(str(error))


def run(name: str, arguments: Sequence[str]) -> int:
    """Import the command's module and call it with its arguments."""
    if (file := fleet_as_profile(arguments)) is not None:
        return print_error(
            f"{name}: --profile names AWS credentials: name the fleet file by --fleet {file}"
        )
    try:
        return call(name, arguments)
    except InvalidInput as error:
        first, *more = error.lines
        return print_error(f"{name}: {first}", *more)
    except DependencyUnavailable as error:
        return print_error(f"{name}: {error}")


def call(name: str, arguments: Sequence[str]) -> int:
    """Return the command's status; raises `InvalidInput` for a mistake in *arguments*."""
    import typer

    try:
        return invoke(group_of(name), name, arguments)
    except typer.TyperException as error:
        raise InvalidInput(error.format_message()) from error
    except typer.Abort as error:
        raise InvalidInput("stopped before an answer") from error


def invoke(group: "TyperGroup", name: str, arguments: Sequence[str]) -> int:
    """Return the status of the command *name* of *group*; a group alone prints its commands.

    An interrupt is passed on, as Typer's own ``main`` would end silently. Raises Typer's errors.
    """
    import typer

    command = group.commands.get(name, group)
    options = list(arguments) if arguments or command is not group else ["--help"]
    words, helps = f"{NAME} {name}", ["-h", "--help"]
    try:
        with command.make_context(words, options, help_option_names=helps) as context:
            return int(command.invoke(context) or 0)
    except typer.Exit as ended:
        return ended.exit_code
    except EOFError as error:
        raise typer.Abort from error


def group_of(name: str) -> "TyperGroup":
    """Return the commands of the module of *name*; raises `InvalidInput` as `module_of` does."""
    import typer

    return typer.main.get_group(module_of(COMMANDS[name][0]).app)


def fleet_as_profile(arguments: Sequence[str]) -> str | None:
    """Return the fleet file that *arguments* give as ``--profile``, as older versions did."""
    words = [word.removeprefix("--profile=") for word in arguments if word.startswith("--profile=")]
    words += [value for word, value in pairwise(arguments) if word == "--profile"]
    return next((each for each in words if each.endswith(".toml")), None)


def module_of(name: str) -> ModuleType:
    """Return a command's module; raises `InvalidInput` for ``tools`` without a checkout."""
    if not name.startswith("tools."):
        return import_module(f"firstline.cli.{name}")
    from firstline.cli.develop import checkout

    checkout()
    return import_module(name)


def print_error(line: str, *more: str) -> int:
    """Print a line and *more* on stderr, without control characters; return status 2."""
    for each in (f"{NAME}: {line}", *more):
        print(_printed(each), file=sys.stderr)
    return 2


def _printed(text: str) -> str:
    words = " ".join(text.split())
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in words)
