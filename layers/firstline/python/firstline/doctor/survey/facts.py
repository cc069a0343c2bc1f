"""Facts of a survey: an Auto Scaling group and the resources around it."""

import msgspec

from firstline.config.settings import Home
from firstline.doctor.facts import Agent, Alarm, Api, Fact, TargetGroup
from firstline.ids import InstanceId


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """The group; ``tags`` are those of its instances, ``stack`` is the one that made it, if any."""

    name: str
    max_size: int
    hosts: tuple[InstanceId, ...] = ()
    tags: dict[str, str] = {}
    stack: str = ""
    subnets: tuple[str, ...] = ()
    target_groups: tuple[str, ...] = ()
    launch_template: str = ""


class Network(msgspec.Struct, frozen=True):
    """The network of one host of the group."""

    vpc: str
    security_groups: tuple[str, ...]


class Survey(msgspec.Struct, frozen=True, kw_only=True):
    """All facts of a survey.

    ``hosts_by_tag`` are the running instances that carry each of the group's tags. ``units`` are
    one host's service units; None if no host was inspected.
    """

    home: Home
    group: Group
    hosts_by_tag: Fact[dict[str, tuple[InstanceId, ...]]]
    target_groups: Fact[tuple[TargetGroup, ...]]
    http_apis: Fact[tuple[Api, ...]]
    rest_apis: Fact[tuple[Api, ...]]
    log_groups: Fact[tuple[str, ...]]
    alarms: Fact[tuple[Alarm, ...]]
    agents: Fact[tuple[Agent, ...]]
    network: Fact[Network | None]
    units: Fact[tuple[str, ...]] | None = None
