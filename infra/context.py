"""What the operator chooses when deploying: the CDK context, and the profile that it names."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from firstline.config import fleet_file as profiles
from firstline.config.profile import Profile
from firstline.config.settings import Mode
from firstline.doctor import quotas
from firstline.errors import Malformed
from firstline.version import PACKAGE

DEFAULT_PROFILE = PACKAGE / "profiles" / "runbook.toml"

Architecture = Literal["arm64", "x86_64"]

_Account = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{12}$")]
_Region = Annotated[str, msgspec.Meta(pattern=r"^[a-z]{2}(-[a-z]+)+-[0-9]$")]
_Email = Annotated[str, msgspec.Meta(pattern=r"^[^@\s]+@[^@\s]+$")]
_SecretArn = Annotated[str, msgspec.Meta(pattern=r"^arn:[a-z-]+:secretsmanager:.+:secret:.+$")]
# plain HTTP is for a stand-in on this machine: no function in AWS can reach it
_Address = Annotated[str, msgspec.Meta(pattern=r"^(https://|http://127\.0\.0\.1:).+/enqueue$")]
# an event source takes no fewer than two and no more than a thousand
_Workers = Annotated[int, msgspec.Meta(ge=2, le=1000)]
# never 0: it stops paging, and is no kill switch
_Reserved = Annotated[int, msgspec.Meta(ge=1, le=1000)]

# S3 takes up to a hundred years
_LockDays = Annotated[int, msgspec.Meta(ge=1, le=36500)]


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """Every key that is read, with what it is when the operator says nothing.

    ``profile`` is the path of the operator's file, from where the CDK stands. ``account`` and
    ``region`` may be left to the CDK. ``routing_key_secret_arn`` names a secret that holds
    PagerDuty's routing key and is encrypted with Secrets Manager's own key; without it the stack
    makes an empty one. ``pager_url`` is where events are posted: an account of PagerDuty's EU
    service region has another address. With ``pager_notes_from``, the address of a PagerDuty
    user, updates are notes on PagerDuty's incidents as well; the secret then holds the REST API's
    key too. ``ingest_concurrency_reserved`` keeps executions for paging alone.
    ``archive_lock`` is S3's: with ``compliance`` nobody, not even the account's root, can remove
    an archived entry or shorten its time, which is ``archive_lock_days``.
    """

    mode: Mode = "observe"
    profile: str | None = None
    architecture: Architecture = "arm64"
    account: _Account | None = None
    region: _Region | None = None
    emergency_email: _Email | None = None
    security_email: _Email | None = None
    team_email: _Email | None = None
    routing_key_secret_arn: _SecretArn | None = None
    pager_url: _Address = "https://events.pagerduty.com/v2/enqueue"
    pager_notes_from: _Email | None = None
    reconcile_concurrency_max: _Workers = 10
    ingest_concurrency_reserved: _Reserved | None = None
    archive_lock: Literal["governance", "compliance"] = "governance"
    archive_lock_days: _LockDays = 1


class Deployment(msgspec.Struct, frozen=True, kw_only=True):
    """The context with the profile that it names; ``path`` is where the profile lies."""

    context: Context
    profile: Profile
    path: Path


def deployment(look_up: Callable[[str], object]) -> Deployment:
    """What *look_up* (key to value or None) asks for; raises `Malformed`."""
    context = read(look_up)
    path = Path(context.profile) if context.profile else DEFAULT_PROFILE
    profile = profiles.load(path)
    quotas.check(profile, str(path))
    return Deployment(context=context, profile=profile, path=path.resolve())


def told(context: Context) -> str:
    """As JSON, what the next deployment must be given again: the mode, and what is no default.

    Not the profile: its path is of one machine.
    """
    default = msgspec.to_builtins(Context())
    given = {key: value for key, value in msgspec.to_builtins(context).items() if key != "profile"}
    kept = {
        key: str(value) for key, value in given.items() if key == "mode" or value != default[key]
    }
    return msgspec.json.encode(kept).decode()


def read(look_up: Callable[[str], object]) -> Context:
    """The context alone; raises `Malformed`."""
    given = {key: look_up(key) for key in Context.__struct_fields__}
    said = {key: value for key, value in given.items() if value is not None}
    try:
        return msgspec.convert(said, type=Context, strict=False)
    except msgspec.ValidationError as error:
        raise Malformed(f"the CDK context (cdk.json, or -c KEY=VALUE): {error}") from error
