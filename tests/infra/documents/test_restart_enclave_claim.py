"""The claim of a token: one delivery gets it, and without it nothing is restarted."""

import json
import os
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.infra.documents.host import Door, Host
from tests.infra.documents.restarting import DOCUMENT, TOKEN, answer, values


def test_a_repeated_token_is_refused(host: Host, door: Door) -> None:
    """The second delivery of a token restarts nothing, whatever unit it names."""
    assert host.send(DOCUMENT, door, **values()).status == 0
    again = host.send(DOCUMENT, door, **values(Unit="vettid-parent"))
    assert answer(again) == (3, "refused-repeat", "vettid-parent")
    assert host.restarted() == ["vettid-enclave.service"]


def test_a_token_is_spent_by_a_failed_restart_too(host: Host) -> None:
    """A restart that failed is not tried again under its token."""
    host.restarting("exit 1")
    first = host.run(DOCUMENT, "environment", values())
    second = host.run(DOCUMENT, "environment", values())
    assert answer(first) == (1, "failed", "vettid-enclave")
    assert answer(second) == (3, "refused-repeat", "vettid-enclave")
    assert host.restarted() == ["vettid-enclave.service"]


def test_deliveries_at_once_restart_once(host: Host) -> None:
    """Of eight deliveries of one token at the same time, one acts."""
    with ExitStack() as started:
        processes = [
            started.enter_context(host.running(DOCUMENT, "environment", values())) for _ in range(8)
        ]
        results = [
            json.loads(process.communicate(timeout=60)[0])["result"] for process in processes
        ]
    assert sorted(results) == ["refused-repeat"] * 7 + ["restarted"]
    assert host.restarted() == ["vettid-enclave.service"]


def test_no_claim_no_restart(host: Host) -> None:
    """Where the claim cannot be made the unit is left alone: here a file stands in its place."""
    (host.folder / "state").write_text("", encoding="utf-8")
    assert answer(host.run(DOCUMENT, "environment", values())) == (1, "failed", "vettid-enclave")
    assert host.restarted() == []


@pytest.mark.parametrize(
    ("tool", "body"),
    [
        ("mkdir", 'case ${!#} in *tokens) exec /bin/mkdir "$@" ;; *) exit 1 ;; esac'),
        ("mkdir", "sleep 60"),
        ("sync", "exit 1"),
    ],
    ids=["disk-full", "disk-hangs", "not-durable"],
)
def test_a_claim_that_may_be_lost_is_none(host: Host, tool: str, body: str) -> None:
    """A disk that is full, hangs, or cannot promise to keep the claim restarts nothing."""
    host.command(tool, body)
    assert answer(host.run(DOCUMENT, "environment", values())) == (1, "failed", "vettid-enclave")
    assert host.restarted() == []


def test_a_read_only_state_folder(host: Host) -> None:
    """A file system that takes no directory restarts nothing: /proc is one, for root as well."""
    host.environment["FIRSTLINE_STATE"] = "/proc/firstline"
    assert answer(host.run(DOCUMENT, "environment", values())) == (1, "failed", "vettid-enclave")
    assert host.restarted() == []


def test_old_claims_are_pruned(host: Host) -> None:
    """A claim goes after seven days; a younger one, and what is no claim, stays."""
    tokens = host.folder / "state" / "tokens"
    ages = {"a" * 32: 8, "b" * 32: 6, "other": 8}
    for name, days in ages.items():
        aged(tokens / name, timedelta(days=days))
    assert host.run(DOCUMENT, "environment", values()).status == 0
    assert sorted(path.name for path in tokens.iterdir()) == sorted([TOKEN, "b" * 32, "other"])


def aged(path: Path, age: timedelta) -> None:
    """Make an empty folder that was last changed so long ago."""
    path.mkdir(parents=True)
    then = (datetime.now(UTC) - age).timestamp()
    os.utime(path, (then, then))
