"""Command lines: what firstline gives a person to copy, whole as it stands."""

import shlex

_WHY = '--why "..."'
"""The reason, which the command line requires and which only the person knows."""


def deployment(fleet: str, region: str = "") -> str:
    """The options that say which deployment is meant, on a machine without its profile."""
    return f" --fleet {shlex.quote(fleet)}" + (f" --region {region}" if region else "")


def deploy(fleet_file: str) -> str:
    """Deploy the fleet file at that path."""
    return shlex.join(("firstline", "deploy", "--fleet", fleet_file))


def look(fleet_file: str) -> str:
    """Ask the hosts of the fleet file at that path, too."""
    return shlex.join(("firstline", "doctor", "--look", "--fleet", fleet_file))


def approve(incident: str, plan: str, where: str = "") -> str:
    """Allow the plan whose hash begins with *plan*; *where* is the deployment's options."""
    return f"firstline approve {incident} {plan}{where}"


def deny(incident: str, plan: str, where: str = "") -> str:
    """Refuse it."""
    return f"firstline deny {incident} {plan} {_WHY}{where}"


def promote(action: str, where: str) -> str:
    """Let an action that was demoted go by itself again; *where* is the deployment's options."""
    return f"firstline promote {action} {_WHY}{where}"
