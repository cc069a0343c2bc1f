"""Defaults for events that are read without a deployed stack.

It imports no AWS client and no moto, so that commands which only read events start fast.
"""

from datetime import UTC, datetime

from firstline.config.profile import Profile
from firstline.config.settings import Home

UNDATED = datetime(2026, 1, 1, tzinfo=UTC)
"""The instant of an event without a readable time of its own."""


def alarm_arn(name: str, home: Home) -> str:
    """Return the ARN of the alarm with the profile's *name*."""
    return f"arn:aws:cloudwatch:{home.region}:{home.account}:alarm:{name}"


def alarms_by_arn(profile: Profile, home: Home) -> dict[str, str]:
    """Return the profile's own alarms by their ARNs under their plain names.

    A stack names them otherwise, and its settings map those.
    """
    return {alarm_arn(each.name, home): each.name for each in profile.alarms.made}
