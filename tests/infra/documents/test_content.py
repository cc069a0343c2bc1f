"""The documents' content: every parameter guarded, nothing free, the text put together rightly."""

import itertools
import json
import re
from datetime import timedelta
from typing import Any

import pytest

from firstline.actions.action import Action
from firstline.actions.look_host import LOOK_HOST
from firstline.actions.restart_enclave import RESTART_ENCLAVE
from firstline.actions.restart_parent import RESTART_PARENT
from infra.documents import content

UNITS = ("vettid-enclave", "vettid-parent")
DOCUMENTS: dict[str, dict[str, Any]] = {
    "look_host": content.look_host(enclave_units=UNITS[:1], parent_units=UNITS[1:]),
    "restart_enclave": content.restart_enclave(units=UNITS[:1], parents=UNITS[1:]),
    "restart_parent": content.restart_parent(units=UNITS[1:]),
}
CARRIED_OUT = (LOOK_HOST, RESTART_ENCLAVE, RESTART_PARENT)
PARAMETERS = [
    pytest.param(parameter, id=f"{document}-{name}")
    for document, body in DOCUMENTS.items()
    for name, parameter in body["parameters"].items()
]
PATTERNS = [
    *(content.UNIT, content.TOKEN, content.NOT_AFTER, content.HOST, content.PORT),
    *(content.INCIDENT, content.ACTION, content.ALLOWANCE),
]
HOSTILE = [
    "x; touch /tmp/pwn",
    "$(touch /tmp/pwn)",
    "`touch /tmp/pwn`",
    "x'; touch /tmp/pwn; '",
    'x"; touch /tmp/pwn; "',
    "x\ntouch /tmp/pwn",
    "x && touch /tmp/pwn",
    "x | sh",
    "../../etc/shadow",
    "--force",
    "\x1b[31mx",
    "{{ ssm:/vettid/nitro/parent-nats-creds }}",
    "\\",
    "x y",
    "ü",
]


def test_the_parameters_are_these() -> None:
    """A document takes the named parameters and no other."""
    taken = {name: sorted(body["parameters"]) for name, body in DOCUMENTS.items()}
    assert taken == {
        "look_host": ["CredentialsFile", "EnclaveUnit", "NatsHost", "NatsPort", "ParentUnit"],
        "restart_enclave": [
            *("Action", "AllowanceSeconds", "Incident", "NotAfter", "ParentUnit", "Token", "Unit")
        ],
        "restart_parent": ["Action", "AllowanceSeconds", "Incident", "NotAfter", "Token", "Unit"],
    }


@pytest.mark.parametrize("parameter", PARAMETERS)
def test_every_parameter_is_guarded(parameter: dict[str, Any]) -> None:
    """A parameter is a string with a list of values or an anchored pattern, and never free text."""
    assert parameter["type"] == "String"
    assert parameter["interpolationType"] == "ENV_VAR"
    assert ("allowedValues" in parameter) != ("allowedPattern" in parameter)
    if "allowedValues" in parameter:
        assert set(parameter["allowedValues"]) <= set(UNITS)
    pattern = parameter.get("allowedPattern", "^$")
    assert re.fullmatch(r"\^[^|]+\$|\^\$", pattern)


@pytest.mark.parametrize("action", CARRIED_OUT, ids=lambda action: action.name)
def test_the_sender_holds_the_same_patterns(action: Action) -> None:
    """What firstline checks before it sends is what the document allows, word for word."""
    guards = DOCUMENTS[action.name]["parameters"]
    assert {each.name: each.pattern for each in action.parameters} == {
        name: guard.get("allowedPattern", content.UNIT) for name, guard in guards.items()
    }


@pytest.mark.parametrize("action", CARRIED_OUT, ids=lambda action: action.name)
def test_the_sender_knows_the_time_limits(action: Action) -> None:
    """The step runs as long as its action says; a delivery is valid for no more than a day."""
    assert action.execution_limit == timedelta(seconds=content.STEP_TIMEOUT_SECONDS)
    assert action.delivery_limit < timedelta(days=1)


@pytest.mark.parametrize("parameter", PARAMETERS)
@pytest.mark.parametrize("value", HOSTILE)
def test_no_guard_lets_hostile_text_pass(parameter: dict[str, Any], value: str) -> None:
    """A guard refuses whatever could leave single quotes, or be more than one word."""
    allowed, pattern = parameter.get("allowedValues"), parameter.get("allowedPattern", "")
    assert value not in allowed if allowed else not re.search(pattern, value)


@pytest.mark.parametrize("pattern", PATTERNS)
def test_no_pattern_allows_a_character_of_the_shell(pattern: str) -> None:
    """Whatever a pattern allows is made of letters, digits and four marks, none of the shell's."""
    passing = set()
    for code, length in itertools.product(range(0x250), (1, 4, 10, 32)):
        for text in (chr(code) * length, "a" + chr(code), "0" * (length - 1) + chr(code)):
            if re.fullmatch(pattern, text):
                passing.add(chr(code))
    assert passing <= set("abcdefghijklmnopqrstuvwxyz0123456789@_.-")


@pytest.mark.parametrize(
    ("parameter", "value", "allowed"),
    [
        ("NatsHost", "", True),
        ("NatsHost", "nats.internal.vettid.dev", True),
        ("NatsHost", "10.10.4.20", True),
        ("NatsHost", "-nats", False),
        ("NatsHost", "a" * 253, True),
        ("NatsHost", "a" * 254, False),
        ("NatsPort", "4222", True),
        ("NatsPort", "", False),
        ("NatsPort", "123456", False),
    ],
)
def test_the_address_of_nats(parameter: str, value: str, *, allowed: bool) -> None:
    """An empty host means not to look; a port is always one to five digits."""
    pattern = DOCUMENTS["look_host"]["parameters"][parameter]["allowedPattern"]
    assert (re.search(pattern, value) is not None) == allowed


@pytest.mark.parametrize("name", DOCUMENTS)
def test_one_step_of_bash(name: str) -> None:
    """A document is one shell step of 60 s, whose first line names bash."""
    body = DOCUMENTS[name]
    (step,) = body["mainSteps"]
    assert (body["schemaVersion"], step["action"], step["name"]) == (
        "2.2",
        "aws:runShellScript",
        name,
    )
    assert step["inputs"]["timeoutSeconds"] == "60"
    assert step["inputs"]["runCommand"][0] == "#!/bin/bash"


@pytest.mark.parametrize("name", DOCUMENTS)
def test_each_parameter_stands_in_the_text_once(name: str) -> None:
    """SSM replaces `{{ ... }}` wherever it stands: once for each parameter, in single quotes."""
    body = DOCUMENTS[name]
    lines = body["mainSteps"][0]["inputs"]["runCommand"]
    marked = [line for line in lines if "{{" in line or "}}" in line]
    assert marked == lines[1 : 1 + len(body["parameters"])]
    for line, parameter in zip(marked, body["parameters"], strict=True):
        assert re.findall(r"'\{\{ (\w+) \}\}'", line) == [parameter]
        assert (line.count("{{"), line.count("}}")) == (1, 1)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_service_would_take_it(name: str) -> None:
    """A document is plain JSON below the service's 64 KB."""
    text = json.dumps(DOCUMENTS[name])
    assert json.loads(text) == DOCUMENTS[name]
    assert len(text.encode()) < 65_536


@pytest.mark.parametrize(
    "units", [(), ("",), ("vettid-enclave", "x; reboot"), ("Nitro",), ("a\n",)]
)
def test_a_bad_list_of_units_is_refused(units: tuple[str, ...]) -> None:
    """No unit at all would allow every value; a name that is not plain could be more than one."""
    with pytest.raises(ValueError, match="unit"):
        content.restart_enclave(units=units, parents=UNITS)
    with pytest.raises(ValueError, match="unit"):
        content.restart_enclave(units=UNITS, parents=units)
    with pytest.raises(ValueError, match="unit"):
        content.restart_parent(units=units)
    with pytest.raises(ValueError, match="unit"):
        content.look_host(enclave_units=units, parent_units=("vettid-parent",))
    with pytest.raises(ValueError, match="unit"):
        content.look_host(enclave_units=("vettid-enclave",), parent_units=units)
