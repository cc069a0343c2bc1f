"""Ways to try each line of the documents: here, in an account, with an end, or read only."""

from collections.abc import Sequence

ACCOUNT = {
    *("doctor", "drill", "approve", "deny", "pause", "resume", "promote", "report-user"),
}
"""What talks to the deployed system: it is run against one."""
DEPLOYED = {"report", "audit"}
"""What reads the deployed ledger where no export is named."""
SERVED = {"console"}
"""What runs until it is ended."""
SHORTENED = {"simulate"}
"""What runs for long: with fewer seeds."""
ASSEMBLED = {"synth"}
"""What runs the CDK over the checkout."""
SURVEYED = {"init"}
"""What reads an account in which nothing is deployed."""
HERE = {"backtest", "bench", "classify", "generate", "policy", "replay"}
"""What needs nothing but the checkout, and ends soon."""
ONLY_READ = {
    "bootstrap": "the real CDK runs it in tests/end_to_end, against a cloud of its own",
    "diff": "the real CDK runs it in tests/end_to_end, against a cloud of its own",
    "deploy": "the real CDK runs it in tests/end_to_end, against a cloud of its own",
    "destroy": "the real CDK runs it in tests/end_to_end, against a cloud of its own",
    "test": "it is what runs this",
    "check": "it runs beside the tests, over the same checkout, in CI",
    "docs": "it writes the documents of the checkout; tests/tools/test_documents.py makes each",
    "prove": "it runs for a long time; tests/tools/test_prove.py runs each part in small",
}
"""What is read by its parser and not run, and why."""


def kind(line: Sequence[str]) -> str:
    """Return how the line of a command is tried; empty where it is not listed."""
    name = line[0]
    kinds = {
        "account": name in ACCOUNT or (name in DEPLOYED and not _of_a_file(line)),
        "served": name in SERVED,
        "surveyed": name in SURVEYED,
        "shortened": name in SHORTENED,
        "assembled": name in ASSEMBLED,
        "only read": name in ONLY_READ,
        "here": name in HERE or (name in DEPLOYED and _of_a_file(line)),
    }
    found = [each for each, holds in kinds.items() if holds]
    return found[0] if len(found) == 1 else ""


def _of_a_file(line: Sequence[str]) -> bool:
    """True if an export is read; ``audit export`` is what writes one."""
    return tuple(line[:2]) != ("audit", "export") and any(each.endswith(".jsonl") for each in line)


AWS_ONLY_READ = {
    "cloudformation": "moto's needs packages that nothing else does; tests/end_to_end deploys",
    "restore-table-to-point-in-time": "moto restores no table of another's past",
    "start-message-move-task": "moto moves no dead letters",
    "list-message-move-tasks": "moto moves no dead letters",
    "s3": "the command line's own, over several requests",
}
"""Of the ``aws`` lines those that are held against botocore's models alone, and why."""


def aws_only_read(line: Sequence[str]) -> str:
    """Why an ``aws`` line is not run; empty where it is."""
    return AWS_ONLY_READ.get(line[0], AWS_ONLY_READ.get(line[1], ""))
