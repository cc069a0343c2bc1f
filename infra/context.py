"""The CDK's input: the fleet file, and its permitted overrides."""

import copy
import os
from collections.abc import Callable
from pathlib import Path

import msgspec

from firstline.config import deployment_section, fleet_choice
from firstline.config import fleet_file as profiles
from firstline.config.deployment_section import SECTION
from firstline.config.deployment_section import Deployment as Settings
from firstline.config.profile import Profile
from firstline.doctor import quotas
from firstline.errors import InvalidInput

FLEET = "fleet"
OVERRIDES = ("account", "region")
"""The keys that a file shared by several accounts may leave to the command line."""

type LookUp = Callable[[str], object]
"""Returns the value of a context key, or None."""


class Deployment(msgspec.Struct, frozen=True, kw_only=True):
    """A fleet's profile and its ``settings``, the file's section; ``path`` is the file's."""

    settings: Settings
    profile: Profile
    path: Path


def deployment(look_up: LookUp) -> Deployment:
    """Return the deployment in the context; raises `InvalidInput`."""
    path = fleet_choice.choose(_text(look_up(FLEET)), os.environ, Path.cwd())
    _refuse(look_up, path)
    profile = profiles.load(path)
    quotas.check(profile, path)
    settings = _overridden(profiles.deployment(path), look_up)
    return Deployment(settings=settings, profile=profile, path=path.resolve())


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _refuse(look_up: LookUp, path: Path) -> None:
    """Raise `InvalidInput` for a key of the file: a later command would not repeat it."""
    if (given := look_up("profile")) is not None:
        raise InvalidInput(f"-c profile={given}: name the fleet file by -c fleet={given}")
    for key in Settings.__struct_fields__:
        if key not in OVERRIDES and (given := look_up(key)) is not None:
            line = deployment_section.toml_line(key, str(given))
            raise InvalidInput(f"-c {key}={given}: write {line} under [{SECTION}] in {path}")


def _overridden(settings: Settings, look_up: LookUp) -> Settings:
    """Return *settings* with the context's account and Region; raises `InvalidInput`."""
    given = {key: _text(look_up(key)) for key in OVERRIDES}
    named = {key: value for key, value in given.items() if value is not None}
    found = deployment_section.parse_section({SECTION: named})
    if not isinstance(found, Settings):
        faults = "; ".join(f"{each.key[-1]} {each.why}" for each in found)
        raise InvalidInput(f"the CDK context (-c KEY=VALUE): {faults}")
    return copy.replace(
        settings,
        account=named.get("account", settings.account),
        region=named.get("region", settings.region),
    )
