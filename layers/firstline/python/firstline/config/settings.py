"""What the stacks tell the functions: one struct, written by ``infra`` and read here."""

import copy
from collections.abc import Mapping
from typing import ClassVar, Literal, Self, cast

import msgspec

from firstline.config.environment import FromEnvironment

Mode = Literal["observe", "enforce"]


class Home(msgspec.Struct, frozen=True):
    """The account and Region that firstline answers for; events of others are rejected."""

    account: str
    region: str


class Settings(FromEnvironment, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Addresses and the mode of one deployment.

    ``documents`` maps an action's name to its SSM document's name; ``alarms`` maps the ARN of
    an alarm that the stack made to its name in the profile; ``hash_key`` makes pseudonyms of
    users. ``archive_bucket`` is the locked bucket's name and ``signing_key`` the ARN of the key
    that signs its checkpoints. Where ``pager_notes_from`` is the address of a PagerDuty user,
    updates are notes on its incidents too. ``code`` is the digest of the package that runs, and
    goes into every ledger entry.
    """

    variable: ClassVar = "FIRSTLINE_SETTINGS"
    key_variable: ClassVar = "FIRSTLINE_HASH_KEY"
    """The key stands beside the others: CloudFormation puts it in, whatever it holds."""
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
        """See `FromEnvironment.read`; the key of pseudonyms has a variable of its own."""
        found = super().read(environment)
        key = environment.get(cls.key_variable, found.hash_key)
        return cast("Self", copy.replace(found, hash_key=key))
