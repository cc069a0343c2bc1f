"""Names: what of the twin a call names, as what it is in every deployment: ``<incidents>``.

What a call names and nobody told the function of stays as it is, and no role may touch it.
"""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import firstline
from firstline.config import fleet_file as profiles
from firstline.config.profile import Fleet, Profile
from firstline.config.settings import Settings
from firstline.lab.twin.preflight import KEY
from firstline.lab.twin.world import World

SHIPPED = Path(firstline.__file__).parent / "profiles"
FLEET = "<fleet>"


class Names(NamedTuple):
    """The *profile* that is deployed, empty if it is not a shipped one, and what is known."""

    profile: str
    known: Mapping[str, str]
    ours: Callable[[str], bool]

    def of(self, resource: str) -> str:
        """What *resource* of `requests` is."""
        kind, _, name = resource.partition("/")
        if kind in {"instance", "member"} and self.ours(name):
            return f"{kind}/{FLEET}"
        for actual, known in self.known.items():
            if resource == actual or resource.startswith(f"{actual}/"):
                return known + resource.removeprefix(actual)
        return resource


def of_twin(settings: Settings, profile: bytes, world: World) -> Names:
    """What functions with *settings* are told, and what their whole *profile* names."""
    deployed = profiles.parse(profile, "the profile")
    known = dict([*_settings_names(settings), *of_profile(deployed)])
    return Names(shipped(deployed), known, lambda host: host in world.hosts)


def shipped(profile: Profile) -> str:
    """The name of the shipped profile with the fleet of *profile*; empty if there is none.

    A scenario may change what an action may do by itself, which no permission depends on.
    """
    loaded = ((path.stem, profiles.load(path)) for path in SHIPPED.glob("*.toml"))
    return next((name for name, each in loaded if each.fleet == profile.fleet), "")


def _settings_names(settings: Settings) -> Iterator[tuple[str, str]]:
    yield f"table/{settings.incidents_table}", "table/<incidents>"
    yield f"table/{settings.ledger_table}", "table/<ledger>"
    yield f"queue{urlsplit(settings.signals_queue_url).path}", "queue/<signals>"
    yield f"queue{urlsplit(settings.wakes_queue_url).path}", "queue/<wakes>"
    yield f"secret/{settings.routing_key_secret}", "secret/<routing-key>"
    yield f"topic/{settings.team_topic}", "topic/<team>"
    yield f"key/{settings.signing_key}", "key/<signing>"
    yield f"bucket/{settings.archive_bucket}", "bucket/<archive>"
    yield f"object/{settings.archive_bucket}", "object/<archive>"
    for action, name in settings.documents.items():
        yield f"document/{name}", f"document/<{action}>"


def of_profile(profile: Profile) -> Iterator[tuple[str, str]]:
    """What the profile names, and what that is."""
    yield from _fleet(profile.fleet)
    if profile.probe.nats is not None:
        asks = profile.probe.nats
        for name, known in (
            (asks.credentials_parameter, "<nats-credentials>"),
            (asks.system_credentials_parameter, "<nats-system-credentials>"),
        ):
            if name:
                yield f"parameter/{name.removeprefix('/')}", f"parameter/{known}"


def _fleet(fleet: Fleet) -> Iterator[tuple[str, str]]:
    yield f"group/{fleet.group}", f"group/{FLEET}"
    if fleet.kms_key:
        yield f"key/{fleet.kms_key}", "key/<enclaves-alias>"
        yield f"key/{KEY}", "key/<enclaves>"
    if fleet.stack:
        yield f"stack/{fleet.stack}", f"stack/{FLEET}"
    if fleet.deployment_group:
        yield f"deployments/{fleet.deployment_group}", f"deployments/{FLEET}"
    if fleet.pcr0_parameter:
        yield f"parameter/{fleet.pcr0_parameter.removeprefix('/')}", "parameter/<pcr0>"
