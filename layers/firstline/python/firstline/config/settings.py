"""Settings of the controller's functions: one struct, which ``infra`` writes."""

import copy
from collections.abc import Mapping
from typing import ClassVar, Literal, Self, cast

import msgspec

from firstline.config.environment import EnvironmentSettings

Mode = Literal["dry-run", "enforce"]


class Home(msgspec.Struct, frozen=True):
    """The account and Region of firstline; events of others are rejected."""

    account: str
    region: str


class Settings(EnvironmentSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Addresses and the mode of one deployment.

    ``documents`` maps an action to its SSM document; ``alarms`` maps the ARN of a stack's alarm
    to its name in the profile; ``hash_key`` makes pseudonyms of users. ``archive_bucket`` is
    the locked bucket and ``signing_key`` the ARN of the key that signs checkpoints. With
    ``pager_notes_from``, a PagerDuty user's address, updates are also notes on incidents.
    ``code`` is the digest of the running package, which every ledger entry has.
    """

    variable: ClassVar = "FIRSTLINE_SETTINGS"
    key_variable: ClassVar = "FIRSTLINE_HASH_KEY"
    """The key has its own variable because CloudFormation inserts it unescaped."""
    mend: ClassVar = "deploy with the stack in infra/, which writes it"

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
    pager_notes_from: str
    team_topic: str
    documents: dict[str, str]
    alarms: dict[str, str]
    hash_key: str
    code: str

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Self:
        """Return the settings, with the pseudonym key from its own variable."""
        settings = super().read(environment)
        key = environment.get(cls.key_variable, settings.hash_key)
        return cast("Self", copy.replace(settings, hash_key=key))
