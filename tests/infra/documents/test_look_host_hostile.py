"""The look among hostile text and hung tools: nothing runs, nothing leaks, and it ends in time."""

import json
import time
from typing import Any

import pytest

from tests.infra.documents.host import Host
from tests.infra.documents.looking import (
    ALL_WELL,
    DOCUMENT,
    NO_ENCLAVE,
    NO_PARENT,
    NOT_LOOKED_AT,
    look,
    seen,
    values,
)

HOSTILE = [
    "",
    "garbage",
    "$(touch pwn)",
    "`touch pwn`",
    "'; touch pwn; '",
    '"; touch pwn; "',
    '","enclave_state":"RUNNING","x":"',
    "\x1b[31mRUNNING\x1b[0m",
    "\x00\x01\x7f",
    "%s%n%d",
    "-n",
    "*",
    "a\nb\nc",
    "SECRET eyJhbGciOiJlZDI1NTE5In0",
    "9" * 5_000,
    "true",
    "[[[[[[" * 10_000,
    "x" * 1_048_576,
]


@pytest.mark.parametrize(
    ("changed", "unseen"),
    [
        ({"EnclaveUnit": "x; touch pwn"}, {"enclave_unit": "unknown"}),
        ({"EnclaveUnit": "$(touch pwn)"}, {"enclave_unit": "unknown"}),
        ({"EnclaveUnit": "--version"}, {"enclave_unit": "unknown"}),
        ({"EnclaveUnit": "vettid-enclave\n"}, {"enclave_unit": "unknown"}),
        ({"EnclaveUnit": ""}, {"enclave_unit": "unknown"}),
        ({"ParentUnit": "`touch pwn`"}, {"parent_unit": "unknown"}),
        ({"ParentUnit": "*"}, {"parent_unit": "unknown", "log_counts": None}),
        ({"NatsHost": "127.0.0.1/4222;touch pwn"}, {"nats_reachable": None}),
        ({"NatsHost": "$(touch pwn)"}, {"nats_reachable": None}),
        ({"NatsHost": "../../proc/version"}, {"nats_reachable": None}),
        ({"NatsPort": "4222; touch pwn"}, {"nats_reachable": None}),
        ({"NatsPort": "a[$(touch pwn)]"}, {"nats_reachable": None}),
        ({"NatsPort": "0"}, {"nats_reachable": None}),
        ({"NatsPort": "1"}, {"nats_reachable": False}),
        ({"NatsPort": "65535"}, {"nats_reachable": False}),
        ({"NatsPort": "65536"}, {"nats_reachable": None}),
        ({"NatsPort": "099"}, {"nats_reachable": False}),
        ({"NatsPort": "000099"}, {"nats_reachable": None}),
        ({"NatsPort": ""}, {"nats_reachable": None}),
    ],
)
def test_a_hostile_parameter_is_not_looked_at(
    host: Host, port: int, changed: dict[str, str], unseen: dict[str, Any]
) -> None:
    """The script refuses by itself what a document's guard should have stopped."""
    ran = host.run(DOCUMENT, "environment", values(port) | changed)
    facts = seen(ran)
    assert facts.items() >= unseen.items()
    assert not list(host.folder.rglob("pwn"))


@pytest.mark.parametrize(("length", "state"), [(1, "active"), (63, "active"), (64, "unknown")])
def test_a_name_of_a_unit_has_its_bounds(host: Host, length: int, state: str) -> None:
    """One letter is a name, and so are 63, as in the document's pattern."""
    name = "e" * length
    host.unit(name, "active")
    ran = host.run(DOCUMENT, "environment", values() | {"EnclaveUnit": name})
    assert seen(ran)["enclave_unit"] == state


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_output_stays_on_the_host(host: Host, text: str) -> None:
    """Whatever the tools print, nothing runs and nothing but the promised object leaves."""
    (host.folder / "hostile").write_text(text, encoding="utf-8")
    for tool in ("systemctl", "nitro-cli", "curl", "journalctl", "pgrep"):
        host.command(tool, 'cat "$HOST/hostile"; cat "$HOST/hostile" >&2')
    unit = {"enclave_unit": "unknown", "parent_unit": "unknown"}
    counts = {"enclave_unit_restarts": None, "parent_unit_restarts": None}
    nothing = NOT_LOOKED_AT | unit | counts
    assert look(host) == nothing | NO_ENCLAVE | NO_PARENT
    assert not list(host.folder.rglob("pwn"))


@pytest.mark.parametrize("text", HOSTILE[1:], ids=range(1, len(HOSTILE)))
def test_hostile_text_in_a_field_stays_on_the_host(host: Host, text: str) -> None:
    """Text where a word or a number belongs is unknown, and never echoed."""
    line = text.replace("\n", " ").replace("\x00", "")
    host.unit("vettid-enclave", line, restarts=line)
    host.enclaves(json.dumps([{"State": text, "MemoryMiB": text, "NumberOfCPUs": text}]))
    host.parent(json.dumps({"healthy": text, "nats_connected": text}))
    facts = look(host)
    assert (facts["enclave_unit"], facts["enclave_unit_restarts"]) == ("unknown", None)
    assert facts.items() >= (NO_ENCLAVE | NO_PARENT).items()
    assert not list(host.folder.rglob("pwn"))


@pytest.mark.parametrize(
    "body",
    [
        "sleep 60",
        "trap '' TERM; while :; do sleep 1; done",
        'setsid sleep 60 & echo $! >>"$HOST/left"; sleep 60',
    ],
    ids=["hangs", "ignores-term", "leaves-a-child"],
)
def test_every_tool_hangs(host: Host, port: int, body: str) -> None:
    """Tools that hang are left; what needs no tool is told all the same."""
    host.environment["FIRSTLINE_PROBE_SECONDS"] = "1"
    for tool in ("systemctl", "nitro-cli", "curl", "journalctl", "pgrep"):
        host.command(tool, body)
    begun = time.monotonic()
    facts = look(host, port)
    assert time.monotonic() - begun < 6
    assert (facts["log_counts"], facts["restart_blockers"]) == (None, None)
    assert facts["nats_reachable"] is True
    assert (facts["enclave_unit"], facts["parent_unit"]) == ("unknown", "unknown")
    assert facts.items() >= (NO_ENCLAVE | NO_PARENT).items()


def test_a_tool_that_nothing_ends(host: Host, port: int) -> None:
    """Where even the time limit is stuck, the look ends at its own time and tells the rest."""
    host.environment["FIRSTLINE_PROBE_SECONDS"] = "0"  # no limit for a tool, 10 s for the look
    host.command(
        "timeout",
        'case "$*" in *nitro-cli*) echo $$ >>"$HOST/left"; exec sleep 60 ;; esac\n'
        'exec /usr/bin/timeout "$@"',
    )
    begun = time.monotonic()
    facts = look(host, port)
    assert time.monotonic() - begun < 12
    # without a limit for a tool there is no time to read the journal in
    assert facts == ALL_WELL | NO_ENCLAVE | {"restart_blockers": None}


def test_the_whole_look_is_bounded(host: Host) -> None:
    """At its own limits, with every tool hanging, a look ends well before 30 s."""
    for tool in ("systemctl", "nitro-cli", "curl", "journalctl", "pgrep"):
        host.command(tool, "sleep 60")
    begun = time.monotonic()
    facts = look(host)
    assert time.monotonic() - begun < 10
    assert facts.items() >= (NO_ENCLAVE | NO_PARENT).items()


def test_the_look_leaves_nothing_behind(host: Host) -> None:
    """A look writes no file on the host but its place in the journal."""
    before = sorted(path for path in host.folder.rglob("*") if "_script" not in path.name)
    look(host)
    after = sorted(path for path in host.folder.rglob("*") if "_script" not in path.name)
    own = {host.folder / each for each in ("logged", "state", "state/restart_blockers.json")}
    assert set(after) - set(before) == own
    assert set(before) <= set(after)
