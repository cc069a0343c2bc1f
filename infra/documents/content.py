"""The content of firstline's SSM Command documents: one look, and a fix for each unit.

How a parameter reaches its script. Each script begins with one line per parameter:

    if [[ -v SSM_Token ]]; then Token=$SSM_Token; else Token='{{ Token }}'; fi

An agent from 3.3.2746.0 on obeys `interpolationType: ENV_VAR` and hands the value over in the
environment, where it is never code. An older agent ignores that and writes the value into the
text. There the guard is the document's own `allowedValues` or `allowedPattern`: SSM holds every
value against it when the command is sent, and no value that passes has a quote, a space, a `$` or
a backslash, so it cannot leave the single quotes. The scripts match the same patterns again,
because `$` in an SSM pattern may stand before a final newline.

Source: the Systems Manager guide, "Data elements and parameters" and "Troubleshooting parameter
handling issues".
"""

import re
import shlex
from pathlib import Path

from firstline.actions.look_host import LOOK_HOST
from firstline.actions.restart_enclave import RESTART_ENCLAVE
from firstline.actions.restart_parent import RESTART_PARENT

UNIT = r"^[a-z][a-z0-9@_.-]{0,62}$"
TOKEN = r"^[0-9a-f]{32}$"  # noqa: S105 - a pattern, not a secret
NOT_AFTER = r"^[0-9]{10}$"
INCIDENT = r"^inc-[0-9a-f]{20}$"
ACTION = r"^[a-z][a-z_]{0,40}$"
ALLOWANCE = r"^[0-9]{1,5}$"
HOST = r"^[a-z0-9][a-z0-9.-]{0,252}$"
FILE = r"^/[A-Za-z0-9_/-][A-Za-z0-9._/-]{0,200}$"
FILE_OR_EMPTY = f"^({FILE[1:-1]})?$"
HOST_OR_EMPTY = f"^({HOST[1:-1]})?$"
PORT = r"^[0-9]{1,5}$"

STEP_TIMEOUT_SECONDS = 60
ALLOWANCE_SECONDS = 600
"""As long as a host may take to boot, and a person's restart to end."""

type Parameters = dict[str, dict[str, object]]


def look_host(
    *, enclave_units: tuple[str, ...], parent_units: tuple[str, ...]
) -> dict[str, object]:
    """Give the document that looks at one host, and changes nothing but its own notes.

    Parameters: EnclaveUnit, ParentUnit, NatsHost and CredentialsFile (empty: do not look),
    NatsPort. The command prints one JSON object; `look_host.sh` says which.

    Raises ValueError for no unit at all, or one whose name is not a plain systemd name.
    """
    parameters: Parameters = {
        "EnclaveUnit": _unit("The unit that starts the enclave.", enclave_units),
        "ParentUnit": _unit("The unit of the parent process.", parent_units),
        "NatsHost": _matching("The NATS server; empty: no check.", HOST_OR_EMPTY, ""),
        "NatsPort": _matching("The port of the NATS server.", PORT, "4222"),
        "CredentialsFile": _matching(
            "The NATS credentials, to read their expiry; empty: no check.",
            FILE_OR_EMPTY,
            "",
        ),
    }
    script = _lines(LOOK_HOST.name, tuple(parameters))
    return _document(
        "Inspect one host. Changes only its own notes.", LOOK_HOST.name, script, parameters
    )


# One script restarts enclaves and parents under two documents, so that each document allows its own
# unit alone. The enclave's document also restarts the parent, which an earlier failure may have
# stopped. Both jobs are queued in systemd at once, so a time limit or a cancel of the command ends
# neither.
def restart_enclave(*, units: tuple[str, ...], parents: tuple[str, ...]) -> dict[str, object]:
    """Give the document that restarts an enclave's unit and its parent's.

    Parameters: Unit, ParentUnit, and those of every restart. The command prints one JSON object;
    `restart_unit.sh` says which.

    Raises ValueError for no unit at all, or one whose name is not a plain systemd name.
    """
    parent = {"ParentUnit": _unit("The parent to restart with the enclave.", parents)}
    return _restart(RESTART_ENCLAVE.name, units, parent)


def restart_parent(*, units: tuple[str, ...]) -> dict[str, object]:
    """Give the document that restarts a parent's unit and leaves its enclave running.

    Parameters: Unit, and those of every restart. Raises ValueError as `restart_enclave` does.
    """
    return _restart(RESTART_PARENT.name, units, {})


def _restart(name: str, units: tuple[str, ...], beside: Parameters) -> dict[str, object]:
    """Token is 32 lower-case hexadecimal digits, NotAfter Unix seconds at most a day ahead."""
    parameters: Parameters = {
        "Unit": _unit("The unit to restart.", units),
        **beside,
        "Token": _matching("The token of the intent; a repeat is refused.", TOKEN),
        "NotAfter": _matching("Unix seconds; a later delivery is refused.", NOT_AFTER),
        "Incident": _matching("The incident, for the host's journal.", INCIDENT),
        "Action": _matching("The action, for the host's journal.", ACTION),
        "AllowanceSeconds": _matching(
            "A younger job of the unit is not interrupted.", ALLOWANCE, str(ALLOWANCE_SECONDS)
        ),
    }
    script = _lines("restart_unit", tuple(parameters))
    return _document("Restart one unit, once for each token.", name, script, parameters)


def _unit(description: str, units: tuple[str, ...]) -> dict[str, object]:
    if not units:
        raise ValueError("name at least one systemd unit: an empty list would allow every value")
    for unit in units:
        if not re.fullmatch(UNIT, unit):
            raise ValueError(f"{unit!r} is not a unit name; it must match {UNIT}")
    return {
        "type": "String",
        "description": description,
        "interpolationType": "ENV_VAR",
        "allowedValues": list(units),
    }


def _matching(description: str, pattern: str, default: str | None = None) -> dict[str, object]:
    parameter: dict[str, object] = {
        "type": "String",
        "description": description,
        "interpolationType": "ENV_VAR",
        "allowedPattern": pattern,
    }
    return parameter if default is None else parameter | {"default": default}


def _document(
    description: str, name: str, script: list[str], parameters: Parameters
) -> dict[str, object]:
    return {
        "schemaVersion": "2.2",
        "description": description,
        "parameters": parameters,
        "mainSteps": [
            {
                "action": "aws:runShellScript",
                "name": name,
                "inputs": {
                    "timeoutSeconds": str(STEP_TIMEOUT_SECONDS),
                    "runCommand": script,
                },
            }
        ],
    }


def _lines(script: str, names: tuple[str, ...]) -> list[str]:
    """Put the parameters into variables, under the script's first line (`#!`, which names bash)."""
    path = Path(__file__).with_name(f"{script}.sh")
    first, *rest = path.read_text(encoding="utf-8").splitlines()
    carried = [line for each in rest for line in _carried(path.parent, each)]
    return [first, *map(_assignment, names), *carried]


def _carried(folder: Path, line: str) -> list[str]:
    """A line `name=@file@` sets a variable to a program's text; any other stands as it is."""
    match re.fullmatch(r"(\w+)=@([\w.]+)@", line):
        case None:
            return [line]
        case found:
            text = (folder / found[2]).read_text(encoding="utf-8")
            return f"{found[1]}={shlex.quote(text)}".splitlines()


def _assignment(name: str) -> str:
    return f"if [[ -v SSM_{name} ]]; then {name}=$SSM_{name}; else {name}='{{{{ {name} }}}}'; fi"
