"""What a look tells beside the states: units in detail, what bars an enclave, what NATS sent."""

import time

import pytest

from tests.infra.documents.host import RUNNING, Host
from tests.infra.documents.looking import RUNS, look
from tests.infra.documents.nats import serving

HOUR = 3600
"""The hosts of these tests have been up for an hour."""


@pytest.mark.parametrize(
    ("restarts", "properties", "seconds"),
    [
        # the first attempt: systemd dates it
        ("0", {"SubState": "start", "InactiveExitTimestampMonotonic": "3000000000"}, 600),
        ("0", {"SubState": "start-post", "InactiveExitTimestampMonotonic": "3600520000"}, 0),
        # what cannot be read is null
        ("0", {"SubState": "start", "InactiveExitTimestampMonotonic": ""}, None),
        # tried again: since the end of the last run of a minute
        ("1", {"ActiveEnterTimestampMonotonic": "1", "ActiveExitTimestampMonotonic": "2"}, HOUR),
        (
            "1",
            {
                "ActiveEnterTimestampMonotonic": "1000000000",
                "ActiveExitTimestampMonotonic": "3500000000",
            },
            100,
        ),
        # before the first retry systemd has counted none
        (
            "0",
            {
                "SubState": "auto-restart",
                "InactiveExitTimestampMonotonic": "3599000000",
                "ActiveEnterTimestampMonotonic": "1000000000",
                "ActiveExitTimestampMonotonic": "3590000000",
            },
            10,
        ),
        # never active: since the boot
        ("9", {"ActiveEnterTimestampMonotonic": "0", "ActiveExitTimestampMonotonic": "0"}, HOUR),
        ("9", {}, HOUR),
    ],
)
def test_how_long_a_unit_has_been_starting(
    host: Host, restarts: str, properties: dict[str, str], seconds: int | None
) -> None:
    """Since the first attempt, and where systemd no longer knows it, since before that."""
    host.unit("vettid-parent", "activating", restarts=restarts, **properties)
    assert look(host)["parent_unit_detail"]["starting_seconds"] == seconds


@pytest.mark.parametrize("active", ["active", "inactive", "failed", "deactivating"])
def test_only_a_unit_that_starts_has_been_starting(host: Host, active: str) -> None:
    """The instants of an earlier start say nothing of the present."""
    host.unit("vettid-enclave", active, InactiveExitTimestampMonotonic="3000000000")
    assert look(host)["enclave_unit_detail"]["starting_seconds"] is None


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        ({"Job": "4711"}, {"job": True}),
        ({"Job": "0"}, {"job": False}),
        ({"SubState": "auto-restart-queued"}, {"sub": "auto-restart"}),
        ({"SubState": "mounting"}, {"sub": None}),
        ({"Result": "start-limit-hit"}, {"result": "start-limit-hit"}),
        ({"Result": "$(touch pwn)"}, {"result": None}),
        ({"LoadState": "masked"}, {"load": "masked"}),
        ({"LoadState": "bad-setting"}, {"load": "bad-setting"}),
    ],
)
def test_a_detail_is_a_word_of_its_list(
    host: Host, properties: dict[str, str], expected: dict[str, object]
) -> None:
    """Any other word is null by itself."""
    host.unit("vettid-enclave", "active", **properties)
    assert look(host)["enclave_unit_detail"] == RUNS | expected


@pytest.mark.parametrize(("left", "stopped"), [("60000000", True), ("60000001", False)])
def test_a_unit_that_was_active_at_once_may_be_stopped(
    host: Host, left: str, *, stopped: bool
) -> None:
    """It left the inactive state in the microsecond in which it was active, or before."""
    properties = {"RemainAfterExit": "yes", "InactiveExitTimestampMonotonic": left}
    host.unit("vettid-parent", "inactive", **properties)
    assert look(host)["parent_unit_detail"]["stopped"] is stopped


def test_a_unit_that_nobody_could_read_has_no_detail(host: Host) -> None:
    """A load state that systemd does not know is no detail at all."""
    host.unit("vettid-enclave", "active", load="stub")
    host.unit("vettid-parent", "active", load="")
    facts = look(host)
    assert (facts["enclave_unit_detail"], facts["parent_unit_detail"]) == (None, None)


@pytest.mark.parametrize(
    ("flags", "expected"), [("NONE", False), ("DEBUG_MODE", True), ("debug", None), ("_", None)]
)
def test_an_enclave_in_debug_mode(host: Host, flags: str, *, expected: bool | None) -> None:
    """It attests no measurement, whatever its image's is."""
    host.enclaves(RUNNING.replace('"Flags": "NONE"', f'"Flags": "{flags}"'))
    assert look(host)["enclave_debug"] is expected


PAGES = "sys/kernel/mm/hugepages/hugepages-{}kB/free_hugepages"
POOL = "sys/module/nitro_enclaves/parameters/ne_cpus"


def without(host: Host, *, allocator: str = "active", pages: str = "0 6", pool: str = "1-3") -> str:
    """What bars an enclave from a host with no enclave, this pool and these pages."""
    host.enclaves("[]")
    host.unit("nitro-enclaves-allocator", allocator)
    for size, free in zip((2048, 1_048_576), pages.split(), strict=True):
        host.file(PAGES.format(size), f"{free}\n")
    host.file(POOL, f"{pool}\n")
    obstacle: str = look(host)["enclave_obstacle"]
    return obstacle


def test_what_bars_an_enclave(host: Host) -> None:
    """The first cause is told: the device, the allocator, the pages, the processors."""
    assert without(host) is None
    assert without(host, pool="") == "no-cpus"
    assert without(host, pages="0 0", pool="") == "no-hugepages"
    assert without(host, pages="512 0") is None
    assert without(host, allocator="failed", pages="0 0") == "allocator-failed"
    (host.folder / "root/dev/nitro_enclaves").unlink()
    assert without(host, allocator="failed") == "no-device"


def test_what_cannot_be_read_bars_nothing(host: Host) -> None:
    """A kernel without these files says nothing."""
    host.enclaves("[]")
    assert look(host)["enclave_obstacle"] is None


@pytest.mark.parametrize(
    ("active", "sub", "expected"),
    [
        ("activating", "start", None),
        ("deactivating", "stop", None),
        ("activating", "auto-restart", "no-hugepages"),
        ("failed", "failed", "no-hugepages"),
    ],
)
def test_an_enclave_that_is_about_to_run_has_its_pages(
    host: Host, active: str, sub: str, expected: str | None
) -> None:
    """Until it has booted nitro-cli lists none, and its memory is taken."""
    host.unit("vettid-enclave", active, SubState=sub)
    assert without(host, pages="0 0") == expected


def test_an_enclave_that_runs_has_used_its_pages(host: Host) -> None:
    """None is free, and nothing is wrong."""
    host.file(PAGES.format(2048), "0\n")
    assert look(host)["enclave_obstacle"] is None


@pytest.mark.parametrize(
    ("says", "hangs_up", "expected"),
    [
        (b'INFO {"server_id":"NA"}\r\n', True, "answering"),
        (b"", False, "hung"),
        (b"", True, "refusing"),
        (b"-ERR 'maximum connections exceeded'\r\n", True, "refusing"),
        (b"HTTP/1.1 400 Bad Request\r\n", False, "refusing"),
    ],
)
def test_what_nats_sends(host: Host, says: bytes, *, hangs_up: bool, expected: str) -> None:
    """Only its INFO line makes it reachable; a connection alone proves nothing."""
    host.environment["FIRSTLINE_PROBE_SECONDS"] = "1"
    with serving(says, hangs_up=hangs_up) as port:
        begun = time.monotonic()
        facts = look(host, port)
    assert (facts["nats_state"], facts["nats_reachable"]) == (expected, expected == "answering")
    assert time.monotonic() - begun < 8
