"""Deploying: the line that deploys a fleet file, and what the last deployment was made with."""

from collections.abc import Mapping

import msgspec

from firstline import command_lines
from firstline.config.deployment_section import PAGERS, SECTION, Deployment, line
from firstline.doctor.facts import Deployed

OUTPUT = "Context"
"""The app stack's output with the settings of its deployment, as JSON, but for the defaults."""
FLEET_FILE = "my-fleet.toml"
"""What the documents call the operator's own file."""


def places(path: str) -> dict[str, str]:
    """The commands that a remedy names: ``enforce`` deploys so that it fixes."""
    deploy = command_lines.deploy(path)
    enforce = f"write {line('mode', 'enforce')} under [{SECTION}] in {path}, then {deploy}"
    return {"deploy": deploy, "enforce": enforce, "look": command_lines.look(path)}


def recorded(settings: Deployment) -> str:
    """What `OUTPUT` holds of *settings*."""
    return msgspec.json.encode(settings.given()).decode()


def given(deployed: Deployed) -> Mapping[str, str]:
    """The settings of the deployment; none where its output does not show them whole.

    One of an earlier version has PagerDuty's service region by its address.
    """
    try:
        found = msgspec.json.decode(deployed.outputs.get(OUTPUT, ""), type=dict[str, str])
    except (msgspec.DecodeError, UnicodeError):
        return {}
    if found.get("pager_url") == PAGERS["eu"]:
        del found["pager_url"]
        found["pager_region"] = "eu"
    printable = all(map(str.isprintable, (*found, *found.values())))
    return found if printable else {}
