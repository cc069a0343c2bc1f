"""The look on one host: what each probe tells, and what it tells where a probe fails."""

import json
import socket
from contextlib import closing
from pathlib import Path

import pytest

from tests.infra.documents.host import HEALTHY, RUNNING, Door, Host
from tests.infra.documents.looking import (
    ALL_WELL,
    DOCUMENT,
    NATS_UNREAD,
    NO_ENCLAVE,
    NO_LOGS,
    NO_PARENT,
    look,
    seen,
    values,
)

MEMINFO = Path("/proc/meminfo")


def test_all_is_well(host: Host, port: int, door: Door) -> None:
    """A host that works is told as such."""
    assert look(host, port, door) == ALL_WELL


def test_the_memory_that_is_left(host: Host) -> None:
    """The available memory is what the kernel says, in MiB, and not the whole memory."""
    ran = host.send(DOCUMENT, "environment", **values())
    shown = json.loads(ran.out)["memory_available_mib"]
    kib = {line.split()[0]: int(line.split()[1]) for line in MEMINFO.read_text().splitlines()}
    assert shown == pytest.approx(kib["MemAvailable:"] / 1024, rel=0.5)
    assert shown != kib["MemTotal:"] // 1024


def test_the_enclave_is_gone_and_its_unit_says_active(host: Host) -> None:
    """A oneshot unit outlives its enclave: both facts are told, and they differ."""
    host.enclaves("[]\n")
    facts = look(host)
    assert facts["enclave_unit"] == "active"
    assert (facts["enclave_state"], facts["enclave_memory_mib"], facts["enclave_cpus"]) == (
        "none",
        None,
        None,
    )


def test_a_unit_that_does_not_exist(host: Host) -> None:
    """A unit that systemd does not know is `not-found`, not inactive, and has no count."""
    (host.folder / "units" / "vettid-enclave.service").unlink()
    facts = look(host)
    assert (facts["enclave_unit"], facts["enclave_unit_restarts"]) == ("not-found", None)
    assert (facts["parent_unit"], facts["parent_unit_restarts"]) == ("active", 2)


@pytest.mark.parametrize(
    ("active", "load", "expected"),
    [
        ("active", "loaded", "active"),
        ("inactive", "loaded", "inactive"),
        ("inactive", "masked", "inactive"),
        ("failed", "loaded", "failed"),
        ("activating", "loaded", "activating"),
        ("deactivating", "loaded", "deactivating"),
        ("inactive", "not-found", "not-found"),
        ("reloading", "loaded", "unknown"),
        ("maintenance", "loaded", "unknown"),
        ("", "loaded", "unknown"),
        ("active; id", "loaded", "unknown"),
    ],
)
def test_the_states_of_a_unit(host: Host, active: str, load: str, expected: str) -> None:
    """The five states and `not-found` are told; any other word is unknown."""
    host.unit("vettid-parent", active, load=load)
    assert look(host)["parent_unit"] == expected


@pytest.mark.parametrize(
    ("restarts", "expected"),
    [
        ("0", 0),
        ("37", 37),
        ("", None),
        ("-1", None),
        ("007", None),
        ("1e9", None),
        ("9" * 30, None),
    ],
)
def test_the_restarts_of_a_unit(host: Host, restarts: str, expected: int | None) -> None:
    """A count is a plain whole number, or null."""
    host.unit("vettid-parent", "active", restarts=restarts)
    assert look(host)["parent_unit_restarts"] == expected


@pytest.mark.parametrize("state", ["RUNNING", "TERMINATING", "EMPTY"])
def test_the_states_of_an_enclave(host: Host, state: str) -> None:
    """The three states of nitro-cli are told with what the enclave really has."""
    host.enclaves(f'[{{"State": "{state}", "MemoryMiB": 6144, "NumberOfCPUs": 2}}]')
    facts = look(host)
    assert (facts["enclave_state"], facts["enclave_memory_mib"], facts["enclave_cpus"]) == (
        state,
        6144,
        2,
    )


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        ('{"State": "running"}', ("unknown", None, None)),
        ('{"State": "PAUSED", "MemoryMiB": 6144}', ("unknown", 6144, None)),
        ('{"State": ["RUNNING"], "MemoryMiB": "6144"}', ("unknown", None, None)),
        ('{"State": "RUNNING 1 1", "MemoryMiB": 6144.5}', ("unknown", None, None)),
        ('{"State": "RUNNING", "MemoryMiB": true, "NumberOfCPUs": -2}', ("RUNNING", None, None)),
        ('{"State": "RUNNING", "MemoryMiB": 1e99, "NumberOfCPUs": NaN}', ("RUNNING", None, None)),
        ('{"State": "none"}', ("unknown", None, None)),
        ('{"EnclaveName": "\\", \\"State\\": \\"RUNNING"}', ("unknown", None, None)),
        ("{}", ("unknown", None, None)),
        ("null", ("unknown", None, None)),
    ],
)
def test_what_nitro_cli_should_not_say(
    host: Host, one: str, expected: tuple[str, int | None, int | None]
) -> None:
    """A field of another type, or a word that is not on the list, is unknown by itself."""
    host.enclaves(f"[{one}]")
    facts = look(host)
    assert (facts["enclave_state"], facts["enclave_memory_mib"], facts["enclave_cpus"]) == expected


def test_several_enclaves_are_unknown(host: Host) -> None:
    """With two enclaves the look cannot say which one is meant."""
    host.enclaves(f"[{RUNNING.strip()[1:-1]}, {RUNNING.strip()[1:-1]}]")
    assert look(host).items() >= NO_ENCLAVE.items()


def test_an_object_is_not_a_list(host: Host) -> None:
    """A description outside a list is not what nitro-cli prints: unknown."""
    host.enclaves(RUNNING.strip()[1:-1])
    assert look(host).items() >= NO_ENCLAVE.items()


@pytest.mark.parametrize(
    "body",
    [
        'cat "$HOST/enclaves"; exit 1',
        'cat "$HOST/enclaves"; printf "%60000s" ""; echo x',
        "echo '[ E26 ] Insufficient memory' >&2; exit 26",
        "exit 127",
        "kill -9 $$",
        'cat "$HOST/enclaves" "$HOST/enclaves"',
        'head -c 59000 /dev/zero | tr "\\0" " "; cat "$HOST/enclaves"; yes',
    ],
    ids=["failed", "large", "says-E26", "missing", "killed", "twice", "endless"],
)
def test_nitro_cli_fails(host: Host, port: int, body: str) -> None:
    """Where nitro-cli fails the enclave is unknown, and every other fact is still told."""
    host.command("nitro-cli", body)
    assert look(host, port) == ALL_WELL | NO_ENCLAVE


def test_nitro_cli_is_not_installed(host: Host, port: int) -> None:
    """Without nitro-cli the enclave is unknown, which is not `none`."""
    (host.folder / "bin" / "nitro-cli").unlink()
    assert look(host, port) == ALL_WELL | NO_ENCLAVE


def test_python_is_not_installed(host: Host, port: int) -> None:
    """Without python3 what it would have read is unknown, and the rest is told."""
    host.command("python3", "exit 127")
    assert look(host, port) == ALL_WELL | NO_ENCLAVE | NO_PARENT | NO_LOGS


@pytest.mark.parametrize(
    ("body", "status", "healthy", "connected"),
    [
        (HEALTHY, "200", True, True),
        ('{"healthy":false,"nats_connected":false}', "503", False, False),
        ('{"healthy":false,"nats_connected":true}', "503", False, True),
        # before its first connection the parent says so
        ('{"healthy":true,"nats_connected":false,"uptime":"1s"}', "200", True, False),
        # status and body disagree
        (HEALTHY, "503", None, True),
        (HEALTHY, "500", None, None),
        (HEALTHY, "302", None, None),
        (HEALTHY, "000", None, None),
        (HEALTHY, "", None, None),
        ('{"healthy":"true","nats_connected":1}', "200", None, None),
        ('{"healthy":"TRUE","nats_connected":null}', "200", None, None),
        ('{"healthy":true}', "200", True, None),
        ('{"healthy":true},{"healthy":true}', "200", None, None),
        ("ready", "200", None, None),
        ("[]", "200", None, None),
    ],
)
def test_what_the_parent_says(
    host: Host, body: str, status: str, *, healthy: bool | None, connected: bool | None
) -> None:
    """Booleans of a 200 or a 503 are told; a body of another shape is null."""
    host.parent(body, status)
    facts = look(host)
    assert (facts["parent_healthy"], facts["parent_nats_connected"]) == (healthy, connected)


@pytest.mark.parametrize("body", ["exit 7", "exit 28", "exit 63", "exit 127", "yes"])
def test_the_parent_does_not_answer(host: Host, port: int, body: str) -> None:
    """A curl that fails gives null, not false."""
    host.command("curl", body)
    assert look(host, port) == ALL_WELL | NO_PARENT


def test_nats_refuses(host: Host) -> None:
    """A port that nobody listens on is not reachable."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        closed = server.getsockname()[1]
    assert look(host, closed)["nats_reachable"] is False


def test_nats_does_not_answer(host: Host) -> None:
    """A server that takes no connection is not reachable, and is not waited for."""
    host.environment["FIRSTLINE_PROBE_SECONDS"] = "1"
    with closing(socket.socket()) as server, closing(socket.socket()) as waiting:
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        waiting.connect(server.getsockname())  # fills the queue of a server that never accepts
        assert look(host, server.getsockname()[1])["nats_reachable"] is False


def test_the_name_of_nats_is_unknown(host: Host) -> None:
    """A name that does not resolve is not reachable."""
    ran = host.send(DOCUMENT, "environment", **values() | {"NatsHost": "nats.invalid"})
    assert seen(ran)["nats_reachable"] is False


def test_nats_is_not_looked_at(host: Host, door: Door) -> None:
    """Without a host NATS is not looked at, which is null."""
    ran = host.send(DOCUMENT, door, EnclaveUnit="vettid-enclave", ParentUnit="vettid-parent")
    assert seen(ran) == ALL_WELL | NATS_UNREAD


@pytest.mark.parametrize(
    "measurements",
    [
        "null",
        "[]",
        '"PCR0"',
        '{"PCR0": null}',
        '{"PCR0": ["a"]}',
        f'{{"PCR0": "{"a" * 95}"}}',
        f'{{"PCR0": "{"a" * 97}"}}',
        f'{{"PCR0": "{"A" * 96}"}}',
        f'{{"PCR0": "{"a" * 94}; "}}',
        '{"PCR0": "RUNNING"}',
    ],
)
def test_a_measurement_is_96_hexadecimal_digits(host: Host, measurements: str) -> None:
    """Whatever else stands there is null by itself."""
    host.enclaves(f'[{{"State": "RUNNING", "MemoryMiB": 6144, "Measurements": {measurements}}}]')
    facts = look(host)
    assert (facts["enclave_state"], facts["enclave_memory_mib"]) == ("RUNNING", 6144)
    assert facts["enclave_pcr0"] is None
