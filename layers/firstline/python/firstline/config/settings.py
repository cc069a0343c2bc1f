"""What the stacks tell the functions: one struct, written by ``infra`` and read here."""

from collections.abc import Mapping
from typing import Literal

import msgspec

from firstline.errors import Malformed

VARIABLE = "FIRSTLINE_SETTINGS"
"""The one environment variable of every function."""

Mode = Literal["observe", "enforce"]


class Home(msgspec.Struct, frozen=True):
    """The account and Region that firstline answers for; events of others are rejected."""

    account: str
    region: str


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Addresses and the mode of one deployment.

    ``documents`` maps an action's name to its SSM document's name; ``alarms`` maps the ARN of
    an alarm that the stack made to its name in the profile; ``hash_key`` makes pseudonyms of
    users. ``archive_bucket`` is the locked bucket's name and ``signing_key`` the ARN of the key
    that signs its checkpoints. ``code`` is the digest of the package that runs, and goes into
    every ledger entry.
    """

    home: Home
    mode: Mode
    profile_path: str
    incidents_table: str
    ledger_table: str
    archive_bucket: str
    signing_key: str
    signals_queue_url: str
    wakes_queue_url: str
    routing_key_secret: str
    pager_url: str
    team_topic: str
    documents: dict[str, str]
    alarms: dict[str, str]
    hash_key: str
    code: str


def read(environment: Mapping[str, str]) -> Settings:
    """Settings from *environment*; raises `Malformed` when they are missing or do not fit."""
    try:
        return msgspec.json.decode(environment[VARIABLE], type=Settings)
    except KeyError:
        message = f"{VARIABLE} is not set: deploy with the stack in infra/, which writes it"
        raise Malformed(message) from None
    except msgspec.DecodeError as error:
        message = f"{VARIABLE} does not fit firstline.config.settings.Settings: {error}"
        raise Malformed(message) from error


def write(settings: Settings) -> str:
    """The value of `VARIABLE` for *settings*."""
    return msgspec.json.encode(settings).decode()


def nowhere(home: Home, code: str) -> Settings:
    """The settings of what runs beside no stack: it has no addresses, and only observes."""
    return Settings(
        home=home,
        mode="observe",
        profile_path="",
        incidents_table="",
        ledger_table="",
        archive_bucket="archive",
        signing_key="key",
        signals_queue_url="",
        wakes_queue_url="",
        routing_key_secret="",
        pager_url="",
        team_topic="",
        documents={},
        alarms={},
        hash_key=code,
        code=code,
    )
