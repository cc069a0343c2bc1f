"""What the stacks tell the probe's functions: one struct, apart from the controller's.

The probe stands in another network and may know nothing of the controller's tables.
"""

from typing import Annotated, ClassVar, Literal

import msgspec

from firstline.config.environment import FromEnvironment

_PREFIX = r"^(?:[A-Za-z0-9_-]+\.)*[A-Za-z0-9_-]+\Z"
_Subject = Annotated[str, msgspec.Meta(pattern=_PREFIX)]
_Host = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9.-]+\Z", max_length=253)]
_Port = Annotated[int, msgspec.Meta(ge=1, le=65535)]
_Step = Annotated[float, msgspec.Meta(gt=0, le=10)]
_Gather = Annotated[float, msgspec.Meta(gt=0, le=4)]
_Whole = Annotated[float, msgspec.Meta(ge=1, le=60)]
_Name = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]+\Z")]


class Consumer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A JetStream consumer whose backlog is watched."""

    stream: _Name
    consumer: _Name


class NatsTarget(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The NATS server, what is asked of the fleet through it, and for how long.

    ``tls`` is ``none``, ``upgrade`` (the server's own, after its INFO) or ``first`` (a load
    balancer's, before it). ``credentials_parameter`` names an SSM SecureString that holds a
    ``.creds`` file; None connects without any. ``system_credentials_parameter`` names one of a
    user of the system account, which may ping the servers; None asks none. ``gather_seconds`` is
    how long more answers are awaited after the first; it stays under five seconds, after which a
    parent sends its own answer a second time. ``limit_seconds`` bounds the whole probe.
    """

    host: _Host
    port: _Port = 4222
    tls: Literal["none", "upgrade", "first"] = "none"
    credentials_parameter: str | None = None
    system_credentials_parameter: str | None = None
    subject: _Subject = "enclave.health.check"
    inbox_prefix: _Subject = "_INBOX"
    consumers: tuple[Consumer, ...] = ()
    step_seconds: _Step = 4.0
    gather_seconds: _Gather = 1.0
    limit_seconds: _Whole = 15.0


class HealthTarget(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One fixed address whose answer tells of health, always over https.

    ``loopback_test`` is for tests alone: it takes loopback addresses and no others.
    """

    host: _Host
    path: Annotated[str, msgspec.Meta(pattern=r"^/[A-Za-z0-9/._-]*\Z")]
    port: _Port = 443
    bytes_max: Annotated[int, msgspec.Meta(ge=1, le=1_048_576)] = 16_384
    limit_seconds: _Step = 5.0
    loopback_test: bool = False


class ProbeSettings(FromEnvironment, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is probed for which fleet; ``fleet`` is the metrics' ``service``."""

    variable: ClassVar = "FIRSTLINE_PROBE"
    mend: ClassVar = "deploy with a stack that writes it"

    fleet: str
    nats: NatsTarget | None = None
    health: HealthTarget | None = None
