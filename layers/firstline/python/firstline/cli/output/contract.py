"""The contract with scripts: each command's exit statuses and the documents of its ``--json``.

`docs/CLI.md` is generated from these tables. Tests compare them with the commands: every status
that a command returns is listed here, and every document that it prints has the type named here.
"""

from typing import NamedTuple

import msgspec

from firstline.cli.analysis.statistics import Review
from firstline.cli.output import lines
from firstline.cli.output.deployment_lines import DoctorLine, DrillLine
from firstline.cli.output.redecide_lines import BacktestLine, RedecideLine
from firstline.controller.operators.commands import CommandResult
from firstline.reporting.postmortem.report import Report

COMMON_STATUSES = {
    0: "The command succeeded, and every check that it makes passes.",
    2: "The call, a file or the environment is invalid. Standard error names the fault in one"
    " line; a fleet file has a line for each fault.",
    130: "SIGINT (Ctrl-C) or SIGTERM ended the command. It restored what it had changed.",
}
"""The exit statuses of every command."""
_SOME_UNREADABLE = "A file cannot be read. Standard error names it, and the others are shown."
_CDK = {1: "The CDK failed."}
STATUSES: dict[str, dict[int, str]] = {
    "replay": {
        1: "The ending is not the one that the scenario expects, a page came after its target, or"
        " the re-decision of an exported incident differs from its record."
    },
    "console": {0: "SIGINT or SIGTERM ended it."},
    "init": {1: "The file is not complete, or makes other decisions than the file of `--from`."},
    "classify": {2: _SOME_UNREADABLE},
    "doctor": {1: "A P1 may go undetected: there is a critical result."},
    "drill": {1: "A result that the drill expects is missing or late."},
    "simulate": {
        1: (
            "A run broke an invariant, no run met one of the faults, or a planted bug was not "
            "found."
        ),
        130: "It was stopped; `--state` keeps the finished runs.",
    },
    "backtest": {1: "There is a flip of a kind that `--fail-on` names.", 2: _SOME_UNREADABLE},
    "audit verify": {
        1: (
            "The export is not consistent, or with `--require-anchor` one of its chains has no "
            "anchor."
        )
    },
    "test": {
        1: "A test failed.",
        2: "The call is invalid, or pytest could not collect the tests.",
        4: "pytest does not know an option.",
        5: "There is no such test.",
    },
    "check": {1: "A check failed."},
    "synth": _CDK,
    "bootstrap": _CDK,
    "diff": {1: "The CDK failed, or with `--fail` there is a difference."},
    "deploy": _CDK,
    "destroy": _CDK,
    "bench": {1: "A figure does not meet its aim."},
    "prove": {1: "A part failed.", 130: "It was stopped; the same command continues."},
}
"""The meaning of a command's exit statuses, where it differs from `COMMON_STATUSES`."""


class Document(NamedTuple):
    """A type of document that a command prints, one a line; ``when`` names the case."""

    type: type[msgspec.Struct]
    when: str


_OPERATOR_COMMAND = (Document(CommandResult, "the command's result"),)
DOCUMENTS: dict[str, tuple[Document, ...]] = {
    "replay": (
        Document(lines.ReplayLine, "each incident of an event or a scenario"),
        Document(RedecideLine, "each incident of an export"),
    ),
    "classify": (Document(lines.ClassifyLine, "each event"),),
    "policy check": (Document(lines.PolicyLine, "the file"),),
    "policy explain": (Document(lines.ExplainLine, "the event"),),
    "doctor": (Document(DoctorLine, "each result"),),
    "drill": (Document(DrillLine, "the drill"),),
    "report-user": (Document(lines.ReportLine, "the report"),),
    "approve": _OPERATOR_COMMAND,
    "deny": _OPERATOR_COMMAND,
    "pause": _OPERATOR_COMMAND,
    "resume": _OPERATOR_COMMAND,
    "promote": _OPERATOR_COMMAND,
    "simulate": (
        Document(lines.SimulateLine, "all runs together"),
        Document(lines.ViolationLine, "with `--seed`, the run"),
        Document(lines.PlantedLine, "with `--planted`, each bug"),
    ),
    "backtest": (Document(BacktestLine, "the whole record"),),
    "audit export": (Document(lines.ExportLine, "the file"),),
    "audit list": (Document(lines.IncidentLine, "each incident"),),
    "audit show": (Document(lines.EntryLine, "each entry"),),
    "audit verify": (Document(lines.AuditLine, "the export"),),
    "report": (
        Document(Report, "each incident"),
        Document(Review, "with `--since`, the time across incidents"),
    ),
}
"""The documents that each command of the package prints with ``--json``."""
