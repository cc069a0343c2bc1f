"""Command lines that firstline prints for a person to copy."""

import shlex

_WHY = '--why "..."'
"""The reason, which the command requires and only the person knows."""


def deployment(fleet: str, region: str = "") -> str:
    """The options that select the deployment, on a machine without its profile."""
    return f" --fleet {shlex.quote(fleet)}" + (f" --region {region}" if region else "")


def deploy(fleet_file: str) -> str:
    """Deploy the fleet file at that path."""
    return shlex.join(("firstline", "deploy", "--fleet", fleet_file))


def look(fleet_file: str) -> str:
    """Run the doctor on the fleet file at that path, with a look at the hosts."""
    return shlex.join(("firstline", "doctor", "--look", "--fleet", fleet_file))


def approve(incident: str, plan: str, where: str = "") -> str:
    """Approve the plan whose hash begins with *plan*; *where* is the deployment's options.

    >>> approve("inc-1", "0a1b2c3d4e5f", " --fleet vettid")
    'firstline approve inc-1 0a1b2c3d4e5f --fleet vettid'
    """
    return f"firstline approve {incident} {plan}{where}"


def deny(incident: str, plan: str, where: str = "") -> str:
    """Deny the plan."""
    return f"firstline deny {incident} {plan} {_WHY}{where}"


def promote(action: str, where: str) -> str:
    """End the demotion of an action; *where* is the deployment's options."""
    return f"firstline promote {action} {_WHY}{where}"
