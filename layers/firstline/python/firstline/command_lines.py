"""Command lines: what pages, the console and reports give a person to copy, whole as it stands."""

_WHY = '--why "..."'
"""The reason, which the command line requires and which only the person knows."""


def approve(incident: str, plan: str) -> str:
    """Allow the plan whose hash begins with *plan*."""
    return f"firstline approve {incident} {plan}"


def deny(incident: str, plan: str) -> str:
    """Refuse it."""
    return f"firstline deny {incident} {plan} {_WHY}"


def promote(action: str) -> str:
    """Let an action that was demoted go by itself again."""
    return f"firstline promote {action} {_WHY}"
