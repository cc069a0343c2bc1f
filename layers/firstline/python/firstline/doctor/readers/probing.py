"""Probing: the NATS probe's network, and what it measured within a day."""

from datetime import datetime, timedelta

from boto3.session import Session

from firstline.config.profile import Profile
from firstline.doctor.facts import Metric, Probed, Read, Unread
from firstline.doctor.readers.alarms import AlarmsReader
from firstline.doctor.readers.reading import client, pages, read
from firstline.monitoring.alarms import PROBED


class ProbingReader:
    """Reads for the probe of *profile*; where it has none, nothing is asked for."""

    def __init__(self, session: Session, profile: Profile) -> None:
        self._session = session
        self._nats = profile.probe.nats
        self._by = (("service", profile.fleet.name),)

    def subnets(self) -> Read[dict[str, str]] | None:
        """The VPC of each of its subnets that is there."""
        if self._nats is None:
            return None
        hosts = client(self._session, "ec2")
        wanted = [{"Name": "subnet-id", "Values": list(self._nats.network.subnets)}]
        return read(
            "ec2:DescribeSubnets",
            lambda: {
                str(each["SubnetId"]): str(each["VpcId"])
                for each in pages(hosts, "describe_subnets", "Subnets", Filters=wanted)
            },
        )

    def security_groups(self) -> Read[dict[str, str]] | None:
        """The VPC of each of its security groups that is there."""
        if self._nats is None:
            return None
        hosts = client(self._session, "ec2")
        wanted = [{"Name": "group-id", "Values": list(self._nats.network.security_groups)}]
        return read(
            "ec2:DescribeSecurityGroups",
            lambda: {
                str(each["GroupId"]): str(each["VpcId"])
                for each in pages(
                    hosts, "describe_security_groups", "SecurityGroups", Filters=wanted
                )
            },
        )

    def probed(self, alarms: AlarmsReader, now: datetime) -> Read[Probed] | None:
        """When it last measured, and when its credentials end by what it measured of them."""
        if self._nats is None:
            return None
        connected = Metric(PROBED, "NatsConnected", self._by)
        left = Metric(PROBED, "CredentialsDaysLeft", self._by)
        found = alarms.latest((connected, left), now)
        if isinstance(found, Unread):
            return found
        last, days = found[connected], found[left]
        ends_at = days[0] + timedelta(days=days[1]) if days else None
        return Probed(last[0] if last else None, ends_at)
