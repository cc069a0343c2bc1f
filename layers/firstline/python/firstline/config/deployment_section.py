"""The fleet file's ``[deployment]``: its account, permissions to act, and recipients.

It is part of neither the deployed policy nor the ledger: no decision depends on it.
"""

from typing import Annotated, Any, Literal

import msgspec

from firstline.config import type_errors
from firstline.config.profile import Table
from firstline.config.settings import Mode
from firstline.config.toml_document import Fault

SECTION = "deployment"
PAGERDUTY_URLS = {
    "us": "https://events.pagerduty.com/v2/enqueue",
    "eu": "https://events.eu.pagerduty.com/v2/enqueue",
}
"""PagerDuty's Events API v2, by service region."""

Architecture = Literal["arm64", "x86_64"]

Account = Annotated[str, msgspec.Meta(pattern=r"^([0-9]{12})?$")]
Region = Annotated[str, msgspec.Meta(pattern=r"^([a-z]{2}(-[a-z]+)+-[0-9])?$")]
_Email = Annotated[str, msgspec.Meta(pattern=r"^([^@\s]+@[^@\s]+)?$")]
_SecretArn = Annotated[str, msgspec.Meta(pattern=r"^(arn:[a-z-]+:secretsmanager:.+:secret:.+)?$")]
# plain HTTP is for a stand-in on this machine: no function in AWS can reach it
_Address = Annotated[str, msgspec.Meta(pattern=r"^((https://|http://127\.0\.0\.1:).+/enqueue)?$")]
# an event source takes no fewer than two and no more than a thousand
_Workers = Annotated[int, msgspec.Meta(ge=2, le=1000)]
# an event source that keeps to a reservation takes no fewer than two; 0 would stop paging
_Reserved = Annotated[int, msgspec.Meta(ge=2, le=1000)]
# S3 takes up to a hundred years
_LockDays = Annotated[int, msgspec.Meta(ge=1, le=36500)]


class Deployment(Table, frozen=True, kw_only=True):
    """The settings of a deployment; an empty text means not set.

    ``account`` and ``region`` default to the credentials'. Each ``*_email`` subscribes to a
    topic. ``routing_key_secret_arn`` is a secret with PagerDuty's routing key, encrypted with
    Secrets Manager's own key; default: the stack makes an empty one. ``pager_region`` is
    PagerDuty's service region; ``pager_url`` replaces it, for example with a stand-in. With
    ``pager_notes_from``, a PagerDuty user's address, updates are also notes on PagerDuty's
    incidents, and the secret holds the REST API's key too. ``ingest_concurrency_reserved``
    reserves executions for paging. ``archive_lock`` is S3's: with ``compliance`` not even the
    account's root can remove an archived entry within ``archive_lock_days``.
    """

    account: Account = ""
    region: Region = ""
    mode: Mode = "dry-run"
    architecture: Architecture = "arm64"
    emergency_email: _Email = ""
    security_email: _Email = ""
    team_email: _Email = ""
    routing_key_secret_arn: _SecretArn = ""
    pager_region: Literal["us", "eu"] = "us"
    pager_url: _Address = ""
    pager_notes_from: _Email = ""
    reconcile_concurrency_max: _Workers = 10
    ingest_concurrency_reserved: _Reserved | None = None
    archive_lock: Literal["governance", "compliance"] = "governance"
    archive_lock_days: _LockDays = 1

    @property
    def pager(self) -> str:
        """The URL for PagerDuty's events."""
        return self.pager_url or PAGERDUTY_URLS[self.pager_region]

    def explicit_settings(self) -> dict[str, str]:
        """Return the mode and each setting that is not the default, as text."""
        default = msgspec.to_builtins(Deployment())
        return {
            key: str(value)
            for key, value in msgspec.to_builtins(self).items()
            if key == "mode" or value != default[key]
        }


def parse_section(table: dict[str, Any]) -> Deployment | list[Fault]:
    """Return the deployment in *table*, a fleet file, or all faults of the section."""
    section = table.get(SECTION, {})
    try:
        return msgspec.convert(section, type=Deployment)
    except msgspec.ValidationError:
        return list(type_errors.faults(section, Deployment, (SECTION,)))


def toml_line(key: str, value: str) -> str:
    """Return ``key = value`` in TOML; numbers are unquoted."""
    numbers = ("reconcile_concurrency_max", "ingest_concurrency_reserved", "archive_lock_days")
    shown = value if key in numbers else msgspec.json.encode(value).decode()
    return f"{key} = {shown}"
