"""The settings of the last deployment, and the commands that deploy a fleet file."""

from collections.abc import Mapping

import msgspec

from firstline import command_lines
from firstline.config.deployment_section import PAGERDUTY_URLS, SECTION, Deployment, toml_line
from firstline.doctor.facts import StackState
from firstline.schema_1 import MODES

CONTEXT_OUTPUT = "Context"
"""The app stack's output with the deployment's settings as JSON, without the defaults."""
DEFAULT_FLEET_FILE = "my-fleet.toml"
"""The fleet file's path in the documents."""


def command_fills(path: str) -> dict[str, str]:
    """Return the commands for remedies; ``enforce`` is the one that turns fixes on."""
    deploy = command_lines.deploy(path)
    enforce = f"write {toml_line('mode', 'enforce')} under [{SECTION}] in {path}, then {deploy}"
    return {"deploy": deploy, "enforce": enforce, "look": command_lines.look(path)}


def encode_settings(settings: Deployment) -> str:
    """Return the value of `CONTEXT_OUTPUT` for *settings*."""
    return msgspec.json.encode(settings.explicit_settings()).decode()


def decode_settings(deployed: StackState) -> Mapping[str, str]:
    """Return the deployment's settings; empty if the output is absent, cut or unprintable.

    An earlier version's URL of PagerDuty becomes its service region.
    """
    try:
        settings = msgspec.json.decode(
            deployed.outputs.get(CONTEXT_OUTPUT, ""), type=dict[str, str]
        )
    except (msgspec.DecodeError, UnicodeError):
        return {}
    if settings.get("pager_url") == PAGERDUTY_URLS["eu"]:
        del settings["pager_url"]
        settings["pager_region"] = "eu"
    if "mode" in settings:
        settings["mode"] = MODES.get(settings["mode"], settings["mode"])
    printable = all(map(str.isprintable, (*settings, *settings.values())))
    return settings if printable else {}
