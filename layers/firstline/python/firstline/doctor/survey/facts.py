"""Facts of a survey: an Auto Scaling group and what stands around it, as far as it can be read."""

import msgspec

from firstline.config.settings import Home
from firstline.doctor.facts import Agent, Alarm, Api, Read, TargetGroup
from firstline.ids import InstanceId


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """The group; ``tags`` are those that its instances get, ``stack`` made it, if one did."""

    name: str
    max_size: int
    hosts: tuple[InstanceId, ...] = ()
    tags: dict[str, str] = {}
    stack: str = ""
    subnets: tuple[str, ...] = ()
    target_groups: tuple[str, ...] = ()
    launch_template: str = ""


class Network(msgspec.Struct, frozen=True):
    """Where a host of the group stands."""

    vpc: str
    security_groups: tuple[str, ...]


class Survey(msgspec.Struct, frozen=True, kw_only=True):
    """All that was read.

    ``carriers`` are the running instances that carry each of the group's tags. ``units`` are the
    service units of one host, None where no look was asked for.
    """

    home: Home
    group: Group
    carriers: Read[dict[str, tuple[InstanceId, ...]]]
    target_groups: Read[tuple[TargetGroup, ...]]
    http_apis: Read[tuple[Api, ...]]
    rest_apis: Read[tuple[Api, ...]]
    log_groups: Read[tuple[str, ...]]
    alarms: Read[tuple[Alarm, ...]]
    agents: Read[tuple[Agent, ...]]
    network: Read[Network | None]
    units: Read[tuple[str, ...]] | None = None
