"""The fleet file's ``[deployment]``: where its stacks are, what they may do, and who reads them.

It is in neither the deployed policy nor the ledger: no decision of an incident rests on it.
"""

from typing import Annotated, Any, Literal

import msgspec

from firstline.config import type_errors
from firstline.config.profile import Table
from firstline.config.settings import Mode
from firstline.config.toml_document import Fault

SECTION = "deployment"
PAGERS = {
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
    """What is deployed beside the policy; an empty text is what is not given.

    ``account`` and ``region`` may be left to the credentials. Each ``*_email`` reads a topic.
    ``routing_key_secret_arn`` names a secret that holds PagerDuty's routing key and is encrypted
    with Secrets Manager's own key; without it the stack makes an empty one. ``pager_region`` is
    the service region of the PagerDuty account; ``pager_url`` takes its place, such as of a
    stand-in. With ``pager_notes_from``, the address of a PagerDuty user, updates are notes on
    PagerDuty's incidents as well; the secret then holds the REST API's key too.
    ``ingest_concurrency_reserved`` keeps executions for paging alone. ``archive_lock`` is S3's:
    with ``compliance`` no one, not even the account's root, can remove an archived entry or
    shorten its time, which is ``archive_lock_days``.
    """

    account: Account = ""
    region: Region = ""
    mode: Mode = "observe"
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
        """Where PagerDuty's events are posted."""
        return self.pager_url or PAGERS[self.pager_region]

    def given(self) -> dict[str, str]:
        """The mode, and each key that is no default, as text."""
        default = msgspec.to_builtins(Deployment())
        return {
            key: str(value)
            for key, value in msgspec.to_builtins(self).items()
            if key == "mode" or value != default[key]
        }


def read(table: dict[str, Any]) -> Deployment | list[Fault]:
    """The section of the fleet file that *table* is, or all that is wrong with it."""
    section = table.get(SECTION, {})
    try:
        return msgspec.convert(section, type=Deployment)
    except msgspec.ValidationError:
        return list(type_errors.faults(section, Deployment, (SECTION,)))


def line(key: str, value: str) -> str:
    """*key* with *value* as TOML has it: a number where the section has a number."""
    numbers = ("reconcile_concurrency_max", "ingest_concurrency_reserved", "archive_lock_days")
    shown = value if key in numbers else msgspec.json.encode(value).decode()
    return f"{key} = {shown}"
