"""The fix on one host: the named unit, in time, and nothing else."""

import time
from pathlib import Path

import pytest

from infra.documents import content
from tests.infra.documents.host import Door, Host, Refused
from tests.infra.documents.restarting import DOCUMENT, TOKEN, after, answer, values


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


def test_a_target_cannot_be_reached(host: Host) -> None:
    """`reboot.target` is taken as a service of that name, which no host has."""
    ran = host.run(DOCUMENT, "environment", values(Unit="reboot.target"))
    assert answer(ran) == (1, "failed", "reboot.target")
    assert host.restarted() == ["reboot.target.service"]


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
    host.command("systemctl", f'echo "${{!#}}" >>"$HOST/restarted"; {body}')
    host.environment["FIRSTLINE_RESTART_SECONDS"] = "1"
    begun = time.monotonic()
    assert answer(host.run(DOCUMENT, "environment", values())) == (1, "timed-out", "vettid-enclave")
    assert time.monotonic() - begun < 10
    assert host.restarted() == ["vettid-enclave.service"]


def test_nothing_that_systemctl_says_leaves_the_host(host: Host) -> None:
    """Neither its output nor its errors reach the command's."""
    host.command("systemctl", "echo 'AKIA SECRET'; echo 'jwt $(id)' >&2; exit 1")
    ran = host.run(DOCUMENT, "environment", values())
    assert ran.out == '{"schema":1,"result":"failed","unit":"vettid-enclave"}\n'
    assert ran.err == ""


def test_a_unit_that_does_not_exist(host: Host) -> None:
    """A unit that systemctl does not know is a failure."""
    document = content.restart_parent(units=("nitro-enclave",))
    ran = host.send(document, "environment", **values(Unit="nitro-enclave"))
    assert answer(ran) == (1, "failed", "nitro-enclave")


def test_a_missing_systemctl_is_a_failure(host: Host) -> None:
    """A host whose systemctl cannot be run is told as failed."""
    host.command("systemctl", "exit 127")
    assert answer(host.run(DOCUMENT, "environment", values())) == (1, "failed", "vettid-enclave")


def test_the_limits_fit_into_the_step() -> None:
    """All time limits of the script together stay below that of the SSM step."""
    text = (Path(content.__file__).parent / "restart_unit.sh").read_text(encoding="utf-8")
    short = [
        int(line.split("timeout -s KILL ")[1].split()[0])
        for line in text.splitlines()
        if "timeout -s KILL" in line
    ]
    assert short == [2, 1, 2, 2, 4]
    assert "${FIRSTLINE_RESTART_SECONDS:-46}" in text
    assert 'timeout -k 2 "$restart_seconds" systemctl' in text
    assert sum(short) + 46 + 2 < content.STEP_TIMEOUT_SECONDS


ENCLAVE = content.restart_enclave(units=("vettid-enclave",), parents=("vettid-parent",))


def both(**changed: str) -> dict[str, str]:
    """Give the parameters of a delivery in time, with the parent's unit."""
    return values(ParentUnit="vettid-parent", **changed)


def test_an_enclave_that_is_back_has_its_parent_started(host: Host, door: Door) -> None:
    """A parent that an earlier failure had stopped would stay stopped."""
    assert answer(host.send(ENCLAVE, door, **both())) == (0, "restarted", "vettid-enclave")
    assert host.restarted() == ["vettid-enclave.service", "started vettid-parent.service"]


def test_an_enclave_that_fails_has_no_parent_started(host: Host) -> None:
    """Without its enclave the parent would only fail as well."""
    host.command("systemctl", 'echo "$1" >>"$HOST/restarted"; [[ $1 != restart ]]')
    ran = host.send(ENCLAVE, "environment", **both())
    assert (answer(ran), host.restarted()) == ((1, "failed", "vettid-enclave"), ["restart"])


def test_a_parent_that_cannot_be_started_is_told(host: Host) -> None:
    """The enclave is back and nothing speaks for it."""
    host.command("systemctl", 'echo "$1" >>"$HOST/restarted"; [[ $1 != start ]]')
    ran = host.send(ENCLAVE, "environment", **both())
    assert (answer(ran), host.restarted()) == (
        (1, "failed", "vettid-enclave"),
        ["restart", "start"],
    )


def test_a_hostile_parent_is_refused(host: Host) -> None:
    """The script matches what the service has matched already."""
    ran = host.run(ENCLAVE, "environment", both() | {"ParentUnit": "x; reboot"})
    assert (answer(ran), host.restarted()) == ((3, "refused-input", "vettid-enclave"), [])
