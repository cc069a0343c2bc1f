"""The profile loader of the functions."""

from pathlib import Path

from aws_lambda_powertools import Logger

from firstline.config import profile_file
from firstline.config.fallback_profile import fallback_profile
from firstline.config.profile import Profile


def load(path: Path) -> Profile:
    """The profile, or the fallback if it cannot be loaded, so that alarms still page."""
    try:
        return profile_file.load(path)
    except Exception as error:  # noqa: BLE001 - whatever is wrong with it, alarms page
        Logger(service="firstline").error("the profile cannot be loaded: %s", error)
        return fallback_profile(str(error))
