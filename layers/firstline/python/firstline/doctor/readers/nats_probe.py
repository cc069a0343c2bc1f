"""Reads the NATS probe's network and its metrics of the last day."""

from datetime import datetime, timedelta

from boto3.session import Session

from firstline.config.profile import Profile
from firstline.doctor.facts import Fact, Metric, ProbeStatus, ReadFailure
from firstline.doctor.readers.alarms import AlarmsReader
from firstline.doctor.readers.requests import client, pages, read
from firstline.monitoring.alarms import PROBE_NAMESPACE


class NatsProbeReader:
    """Reads for the probe of *profile*; without a probe nothing is read."""

    def __init__(self, session: Session, profile: Profile) -> None:
        self._session = session
        self._nats = profile.probe.nats
        self._by = (("service", profile.fleet.name),)

    def subnets(self) -> Fact[dict[str, str]] | None:
        """Return the VPC of each subnet that exists."""
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

    def security_groups(self) -> Fact[dict[str, str]] | None:
        """Return the VPC of each security group that exists."""
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

    def status(self, alarms: AlarmsReader, now: datetime) -> Fact[ProbeStatus] | None:
        """Return the last measurement, and the expiry of the credentials that it implies."""
        if self._nats is None:
            return None
        connected = Metric(PROBE_NAMESPACE, "NatsConnected", self._by)
        left = Metric(PROBE_NAMESPACE, "CredentialsDaysLeft", self._by)
        found = alarms.latest((connected, left), now)
        if isinstance(found, ReadFailure):
            return found
        last, days = found[connected], found[left]
        ends_at = days[0] + timedelta(days=days[1]) if days else None
        return ProbeStatus(last[0] if last else None, ends_at)
