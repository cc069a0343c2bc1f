"""The profile's ``[probe]``: the probes' targets, and the network of the NATS probe."""

from typing import Annotated

import msgspec

from firstline.config.probe_settings import HealthTarget, NatsTarget, ProbeSettings

_Vpc = Annotated[str, msgspec.Meta(pattern=r"^vpc-[0-9a-f]{8,17}\Z")]
_Subnet = Annotated[str, msgspec.Meta(pattern=r"^subnet-[0-9a-f]{8,17}\Z")]
_Group = Annotated[str, msgspec.Meta(pattern=r"^sg-[0-9a-f]{8,17}\Z")]


class Network(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Private subnets of the fleet's VPC, and security groups that may reach NATS."""

    vpc: _Vpc
    subnets: Annotated[tuple[_Subnet, ...], msgspec.Meta(min_length=1, max_length=16)]
    security_groups: Annotated[tuple[_Group, ...], msgspec.Meta(min_length=1, max_length=5)]


class NatsProbe(NatsTarget, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The NATS probe's target and network."""

    network: Network


class Probe(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The two probes; each may be absent."""

    nats: NatsProbe | None = None
    health: HealthTarget | None = None

    def settings(self, fleet: str) -> ProbeSettings:
        """Return the probe functions' settings; ``fleet`` is the metrics' ``service``."""
        nats = self.nats and msgspec.convert(self.nats, NatsTarget, from_attributes=True)
        return ProbeSettings(fleet=fleet, nats=nats, health=self.health)
