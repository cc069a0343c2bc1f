"""Undeployed: what stands in for a stack where an event is read that came to none.

It imports no AWS client and no moto, so that commands which only read events start fast.
"""

from datetime import UTC, datetime

from firstline.config.profile import Profile
from firstline.config.settings import Home

UNDATED = datetime(2026, 1, 1, tzinfo=UTC)
"""When an event came that has no readable time of its own."""


def alarm_arn(name: str, home: Home) -> str:
    """The ARN of the alarm that the profile calls *name*."""
    return f"arn:aws:cloudwatch:{home.region}:{home.account}:alarm:{name}"


def alarms_by_arn(profile: Profile, home: Home) -> dict[str, str]:
    """The profile's own alarms by the ARNs that they have here: under their plain names.

    A stack names them otherwise, and its settings map those.
    """
    return {alarm_arn(each.name, home): each.name for each in profile.alarms.made}
