"""The fix on one host: the named unit, in time, and nothing else."""

import re
import time
from pathlib import Path

import pytest

from infra.documents import content
from tests.infra.documents.host import Door, Host, Refused
from tests.infra.documents.restarting import (
    DOCUMENT,
    ENCLAVE,
    INCIDENT,
    TOKEN,
    after,
    answer,
    both,
    values,
)


def test_the_named_unit_is_restarted(host: Host, door: Door) -> None:
    """A delivery in time restarts the one unit, as a service, and keeps its claim."""
    ran = host.send(DOCUMENT, door, **values())
    assert answer(ran) == (0, "restarted", "vettid-enclave")
    assert host.restarted() == ["vettid-enclave.service"]
    assert [path.name for path in (host.folder / "state" / "tokens").iterdir()] == [TOKEN]


def test_a_suffix_is_not_doubled(host: Host) -> None:
    """A unit named with its suffix is the same unit."""
    document = content.restart_parent(units=("vettid-enclave.service",))
    ran = host.send(document, "environment", **values(Unit="vettid-enclave.service"))
    assert answer(ran) == (0, "restarted", "vettid-enclave.service")
    assert host.restarted() == ["vettid-enclave.service"]


@pytest.mark.parametrize("length", [1, 63])
def test_a_name_of_a_unit_has_its_bounds(host: Host, length: int) -> None:
    """As in the document's pattern; one of 64 letters is refused."""
    host.unit("u" * length, "active")
    ran = host.run(DOCUMENT, "environment", values(Unit="u" * length))
    assert answer(ran) == (0, "restarted", "u" * length)


def test_a_target_cannot_be_reached(host: Host) -> None:
    """`reboot.target` is taken as a service of that name, which no host has."""
    ran = host.run(DOCUMENT, "environment", values(Unit="reboot.target"))
    assert answer(ran) == (3, "not-found", "reboot.target")
    assert host.asked() == []


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (-1, (3, "refused-late", "vettid-enclave")),
        (-86_400, (3, "refused-late", "vettid-enclave")),
        (120, (0, "restarted", "vettid-enclave")),
        (86_000, (0, "restarted", "vettid-enclave")),
        # valid for longer than its claim would be kept
        (90_000, (3, "refused-input", "vettid-enclave")),
    ],
)
def test_a_delivery_out_of_its_time_is_refused(
    host: Host, door: Door, seconds: int, expected: tuple[int, str, str]
) -> None:
    """A late delivery restarts nothing and spends no token; nor does one valid for over a day."""
    ran = host.send(DOCUMENT, door, **values(NotAfter=after(seconds)))
    assert answer(ran) == expected
    acted = expected[1] == "restarted"
    assert host.restarted() == ["vettid-enclave.service"] * acted
    assert (host.folder / "state").exists() == acted


@pytest.mark.parametrize(
    "changed",
    [
        {"Unit": "x; touch pwn"},
        {"Unit": "$(touch pwn)"},
        {"Unit": "`touch pwn`"},
        {"Unit": "x' ; touch pwn ; '"},
        {"Unit": "vettid-enclave\ntouch pwn"},
        {"Unit": "vettid-enclave\n"},
        {"Unit": "--no-block"},
        {"Unit": "vettid-*"},
        {"Unit": "VETTID"},
        {"Unit": "\x1b[31mred"},
        {"Unit": "a" * 64},
        {"Unit": ""},
        {"Token": ""},
        {"Token": TOKEN.upper()},
        {"Token": TOKEN[1:]},
        {"Token": f"{TOKEN}\n"},
        {"Token": f"../{TOKEN[3:]}"},
        {"Token": "$(touch pwn)"},
        {"Token": "'; touch pwn; '"},
        {"NotAfter": ""},
        {"NotAfter": "99999999999"},
        {"NotAfter": "a[$(touch pwn)]"},
        {"NotAfter": "0x7fffffff"},
        {"NotAfter": "1+1000000000"},
        {"NotAfter": "9999999999\n"},
        {"Incident": ""},
        {"Incident": "inc-$(touch pwn)"},
        {"Incident": f"{INCIDENT}\n"},
        {"Action": "restart parent"},
        {"Action": "`touch pwn`"},
        {"AllowanceSeconds": ""},
        {"AllowanceSeconds": "a[$(touch pwn)]"},
    ],
)
def test_a_hostile_parameter_is_refused(host: Host, changed: dict[str, str]) -> None:
    """The script refuses by itself what a document's guard should have stopped."""
    ran = host.run(DOCUMENT, "environment", values(**changed))
    status, result, unit = answer(ran)
    assert (status, result) == (3, "refused-input")
    assert unit == (None if "Unit" in changed else "vettid-enclave")
    assert host.restarted() == []
    assert not (host.folder / "state").exists()
    assert not list(host.folder.rglob("pwn"))


@pytest.mark.parametrize(
    "changed",
    [
        {"Unit": "sshd"},
        {"Unit": "x; touch pwn"},
        {"Token": "'; touch pwn; '"},
        {"NotAfter": "$(touch pwn)"},
        {"Incident": "inc-1"},
        {"Action": "reboot now"},
    ],
)
def test_the_service_refuses_it_first(host: Host, door: Door, changed: dict[str, str]) -> None:
    """A value outside the document's guards never becomes a command."""
    with pytest.raises(Refused):
        host.send(DOCUMENT, door, **values(**changed))


def test_without_parameters_nothing_happens(host: Host) -> None:
    """An agent that hands nothing over at all gets a refusal."""
    ran = host.run(DOCUMENT, "text", {})
    assert answer(ran) == (3, "refused-input", None)
    assert host.restarted() == []


@pytest.mark.parametrize("body", ["sleep 60", "trap '' TERM; sleep 60 & wait; wait"])
def test_a_restart_that_hangs_is_given_up(host: Host, body: str) -> None:
    """A restart over its time is told as such, also where systemctl ignores SIGTERM."""
    host.restarting(f"exec bash -c '{body}'".replace("''", '""'))
    host.environment["FIRSTLINE_RESTART_SECONDS"] = "1"
    begun = time.monotonic()
    assert answer(host.run(DOCUMENT, "environment", values())) == (1, "timed-out", "vettid-enclave")
    assert time.monotonic() - begun < 10
    assert host.restarted() == ["vettid-enclave.service"]


def test_nothing_that_systemctl_says_leaves_the_host(host: Host) -> None:
    """Neither its output nor its errors reach the command's."""
    host.restarting("echo 'AKIA SECRET'; echo 'jwt $(id)' >&2; exit 1")
    ran = host.run(DOCUMENT, "environment", values())
    assert ran.out == '{"schema":1,"result":"failed","unit":"vettid-enclave"}\n'
    assert ran.err == ""


def test_a_unit_that_does_not_exist(host: Host) -> None:
    """A unit that systemd does not know is left alone."""
    document = content.restart_parent(units=("nitro-enclave",))
    ran = host.send(document, "environment", **values(Unit="nitro-enclave"))
    assert answer(ran) == (3, "not-found", "nitro-enclave")


def test_a_missing_systemctl_is_a_failure(host: Host) -> None:
    """A host whose systemctl cannot be run is told as failed."""
    host.command("systemctl", "exit 127")
    assert answer(host.run(DOCUMENT, "environment", values())) == (1, "failed", "vettid-enclave")


def test_the_limits_fit_into_the_step() -> None:
    """What comes before a restart leaves it half a minute; all together is below the SSM step."""
    text = (Path(content.__file__).parent / "restart_unit.sh").read_text(encoding="utf-8")
    claiming, rest = text.split("claimed=yes")
    before, after = rest.split("timeout -k 2 ")
    claim, limits = (
        [int(each) for each in re.findall(r"timeout -s KILL (\d+)", part)]
        for part in (claiming, before)
    )
    assert (claim, limits) == ([1, 2, 1, 2, 2], [2, 2, 2])
    assert "timeout" not in after
    assert "step_seconds=56 after_seconds=7\n" in text
    # each of two units is looked at before; after it come the kill, one look and the journal's line
    assert 56 - 7 - (sum(claim[1:]) + sum(limits) + 2) >= 30
    assert 2 + 2 + 1 <= 7
    assert content.STEP_TIMEOUT_SECONDS > 56


def test_both_units_are_queued_at_once(host: Host, door: Door) -> None:
    """Their counts of failed starts are reset before; the parent would else stay stopped."""
    units = "vettid-enclave.service vettid-parent.service"
    assert answer(host.send(ENCLAVE, door, **both())) == (0, "restarted", "vettid-enclave")
    assert host.asked() == [f"reset-failed {units}", f"restart {units}"]


@pytest.mark.parametrize(
    ("enclave", "parent", "status", "result"),
    [
        ("active", "active", 0, (0, "restarted")),
        ("active", "activating", 0, (0, "restarted")),
        ("active", "failed", 0, (1, "parent-failed")),
        ("active", "inactive", 1, (1, "parent-failed")),
        ("failed", "inactive", 1, (1, "failed")),
        ("activating", "inactive", 4, (1, "failed")),
    ],
)
def test_what_became_of_both_is_told(
    host: Host, enclave: str, parent: str, status: int, result: tuple[int, str]
) -> None:
    """A parent that does not run is no restart, whatever systemctl ends with."""
    host.unit("vettid-enclave", enclave)
    host.unit("vettid-parent", parent)
    host.restarting(f"exit {status}")
    assert answer(host.send(ENCLAVE, "environment", **both())) == (*result, "vettid-enclave")


@pytest.mark.parametrize("load", ["masked", "bad-setting", "not-found", "error"])
@pytest.mark.parametrize("unit", ["vettid-enclave", "vettid-parent"])
def test_a_unit_that_cannot_be_started_is_left_alone(host: Host, unit: str, load: str) -> None:
    """Either of the two: a person masked it, or its file is wrong."""
    host.unit(unit, "inactive", load=load)
    result = "bad-setting" if load == "error" else load
    assert answer(host.send(ENCLAVE, "environment", **both())) == (3, result, unit)
    assert host.asked() == []


BACK = """printf 'LoadState=loaded\\nActiveState=active\\n' >"$HOST/units/$unit\""""
YOUNG = {"Job": "4711", "InactiveExitTimestampMonotonic": "3001000000"}
OLD = YOUNG | {"InactiveExitTimestampMonotonic": "3000000000"}
STEADY = {"ActiveEnterTimestampMonotonic": "1", "ActiveExitTimestampMonotonic": "3500000000"}


@pytest.mark.parametrize(
    ("active", "properties", "refused"),
    [
        # the host has been up for 3600 s, and a job is young for 600
        ("activating", YOUNG | {"SubState": "start"}, True),
        ("activating", OLD | {"SubState": "start"}, False),
        # a series of starts that systemd makes by itself, each of which is young
        ("activating", YOUNG | {"NRestarts": "4"}, False),
        ("activating", YOUNG | {"NRestarts": "4"} | STEADY, True),
        ("deactivating", {"Job": "4711", "StateChangeTimestampMonotonic": "3599000000"}, True),
        ("deactivating", {"Job": "4711", "StateChangeTimestampMonotonic": "60000000"}, False),
        # one that waits has no age
        ("inactive", {"Job": "4711"}, True),
        ("activating", {"Job": "4711", "InactiveExitTimestampMonotonic": ""}, True),
        # no job
        ("activating", {"Job": "", "SubState": "auto-restart"}, False),
        ("activating", {"Job": "0", "SubState": "auto-restart"}, False),
    ],
)
def test_a_young_job_is_left_alone_and_an_old_one_is_cancelled(
    host: Host, active: str, properties: dict[str, str], *, refused: bool
) -> None:
    """A person's restart is not restarted in its midst."""
    host.unit("vettid-enclave", active, **properties)
    host.restarting(BACK)
    result = answer(host.send(DOCUMENT, "environment", **values()))[:2]
    if refused:
        assert (result, host.asked()) == ((3, "refused-job"), [])
        return
    assert result == (0, "restarted")
    cancelled = [each for each in host.asked() if each.startswith("cancel")]
    assert cancelled == ["cancel 4711"] * (properties["Job"] == "4711")


@pytest.mark.parametrize(
    ("enclave", "parent", "asked"),
    [
        (OLD, {"Job": "4712"}, ["cancel 4711 4712"]),
        ({}, {"Job": "4712"}, None),
        (OLD, YOUNG | {"Job": "4712", "ActiveState": "activating"}, None),
    ],
)
def test_the_parents_job_is_left_alone_too(
    host: Host, enclave: dict[str, str], parent: dict[str, str], asked: list[str] | None
) -> None:
    """Unless it waits for an enclave's that is old."""
    host.unit("vettid-enclave", "activating", **enclave)
    host.unit("vettid-parent", "inactive", **parent)
    host.restarting(BACK)
    result = answer(host.send(ENCLAVE, "environment", **both()))[:2]
    assert result == ((3, "refused-job") if asked is None else (0, "restarted"))
    assert host.asked()[:1] == (asked or [])


@pytest.mark.parametrize(
    ("restart", "result"), [("exit 0", "restarted"), ("exit 1", "failed"), ("sleep 9", "timed-out")]
)
def test_a_mutation_is_a_line_of_the_hosts_journal(host: Host, restart: str, result: str) -> None:
    """A person on the host sees who restarted the unit, in which incident."""
    host.environment["FIRSTLINE_RESTART_SECONDS"] = "1"
    host.restarting(restart)
    host.send(DOCUMENT, "environment", **values())
    who = f"incident={INCIDENT} action=restart_parent"
    assert host.logged() == [f"{who} unit=vettid-enclave token={TOKEN} result={result}"]


def test_a_delivery_that_claims_nothing_leaves_no_line(host: Host) -> None:
    """One that came late has done nothing."""
    host.send(DOCUMENT, "environment", **values(NotAfter=after(-1)))
    assert host.logged() == []


def test_a_hostile_parent_is_refused(host: Host) -> None:
    """The script matches what the service has matched already."""
    ran = host.run(ENCLAVE, "environment", both() | {"ParentUnit": "x; reboot"})
    assert (answer(ran), host.restarted()) == ((3, "refused-input", "vettid-enclave"), [])
