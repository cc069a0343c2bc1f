"""Settings of the probe's functions, separate from the controller's.

The probe runs in another network and has no access to the controller's tables.
"""

from typing import Annotated, ClassVar, Literal

import msgspec

from firstline.config.environment import EnvironmentSettings

_PREFIX = r"^(?:[A-Za-z0-9_-]+\.)*[A-Za-z0-9_-]+\Z"
_Subject = Annotated[str, msgspec.Meta(pattern=_PREFIX)]
_Host = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9.-]+\Z", max_length=253)]
_Port = Annotated[int, msgspec.Meta(ge=1, le=65535)]
_Step = Annotated[float, msgspec.Meta(gt=0, le=10)]
_Gather = Annotated[float, msgspec.Meta(gt=0, le=4)]
_Whole = Annotated[float, msgspec.Meta(ge=1, le=60)]
_Name = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]+\Z")]


class Consumer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A JetStream consumer whose backlog is measured."""

    stream: _Name
    consumer: _Name


class NatsTarget(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The NATS server, the probe's request to the fleet, and the time limits.

    ``tls`` is ``none``, ``upgrade`` (the server's, after its INFO) or ``first`` (a load
    balancer's, before it). ``credentials_parameter`` is an SSM SecureString with a ``.creds``
    file; None connects without credentials. ``system_credentials_parameter`` is one of a user
    of the system account, which can ping the servers; None skips the ping. ``gather_seconds``
    is the wait for more replies after the first, less than five seconds, after which a parent
    repeats its reply. ``limit_seconds`` is the limit of the whole probe.
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
    """One fixed health endpoint, always over https.

    ``loopback_test`` is for tests alone: it allows loopback addresses and no others.
    """

    host: _Host
    path: Annotated[str, msgspec.Meta(pattern=r"^/[A-Za-z0-9/._-]*\Z")]
    port: _Port = 443
    bytes_max: Annotated[int, msgspec.Meta(ge=1, le=1_048_576)] = 16_384
    limit_seconds: _Step = 5.0
    loopback_test: bool = False


class ProbeSettings(EnvironmentSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The probes of one fleet; ``fleet`` is the metrics' ``service``."""

    variable: ClassVar = "FIRSTLINE_PROBE"
    mend: ClassVar = "deploy with a stack that writes it"

    fleet: str
    nats: NatsTarget | None = None
    health: HealthTarget | None = None
