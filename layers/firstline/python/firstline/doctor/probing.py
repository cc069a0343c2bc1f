"""Probing: whether the NATS probe can ask, which a P1 may rest on.

What its credentials are is not read: that takes a permission to decrypt them, which whoever runs
doctor need not have. What the deployed probe measures tells it: it measures nothing without a
whole ``.creds`` file, and how long the file is good for otherwise.
"""

from collections.abc import Iterator
from datetime import timedelta

from firstline.config.profile import Profile
from firstline.doctor import watched
from firstline.doctor.facts import Deployed, Probed, Unread
from firstline.doctor.finding import Case, Check, Found, Grade
from firstline.monitoring.alarms import PROBED
from firstline.monitoring.nats_probe import NATS_METRICS
from firstline.signal import Severity

SILENT = timedelta(minutes=10)
"""It measures each minute; CloudWatch may show it some minutes late."""
_KNOWN_BY_PROBE = "whether it holds a whole .creds file is not known"


def parameters(profile: Profile) -> tuple[tuple[str, str], ...]:
    """The SSM parameters that hold the probe's credentials, each with its key."""
    nats = profile.probe.nats
    if nats is None:
        return ()
    named = (
        ("credentials_parameter", nats.credentials_parameter),
        ("system_credentials_parameter", nats.system_credentials_parameter),
    )
    return tuple((f"probe.nats.{field}", name) for field, name in named if name)


def grade(case: Case) -> Grade:
    """How much hangs on the probe: whether an alarm of a P1 watches what it measures."""
    profile = case.profile
    watching = (*watched.made(profile), *watched.others(profile, case.account))
    p1 = any(
        each.known_as and profile.severity_of(each.known_as) is Severity.P1
        for each in watching
        if any(it.namespace == PROBED and it.name in NATS_METRICS for it in each.metrics)
    )
    return "critical" if p1 else "warning"


def credentials(case: Case) -> Iterator[Found]:
    """The NATS probe's credentials are there, whole as far as is known, and not at their end."""
    named, there = parameters(case.profile), case.account.parameters
    if not named or isinstance(there, Unread):
        return
    absent = [(field, name) for field, name in named if name not in (there or ())]
    for field, name in absent:
        yield Found(name, f"is no parameter here ({field})", grade(case))
    if not absent:
        yield from _measured(case, named[0][1])


def network(case: Case) -> Iterator[Found]:
    """The NATS probe's subnets and security groups are there, in its VPC."""
    nats = case.profile.probe.nats
    if nats is None:
        return
    place, account = nats.network, case.account
    named = ((place.subnets, account.subnets), (place.security_groups, account.security_groups))
    for ids, there in named:
        if isinstance(there, Unread):
            continue
        for each in ids:
            found = (there or {}).get(each)
            if found != place.vpc:
                told = f"is in {found}, not in {place.vpc}" if found else "is not here"
                yield Found(each, told, grade(case))


def _measured(case: Case, name: str) -> Iterator[Found]:
    """What the probe's own measures tell of the credentials in the parameter *name*."""
    probed = case.account.probed
    if case.account.deployed is None:
        yield Found(name, f"is there; {_KNOWN_BY_PROBE} before the probe runs", "note")
    elif isinstance(case.account.deployed, Deployed) and isinstance(probed, Probed):
        now = case.account.now
        if probed.at is None or now - probed.at > SILENT:
            since = f"since {probed.at:%Y-%m-%d %H:%M} UTC" if probed.at else "in a day"
            told = f"is there; {_KNOWN_BY_PROBE}, for the probe has measured nothing {since}"
            yield Found(name, told, grade(case))
        elif probed.ends_at and probed.ends_at <= now:
            told = f"holds credentials that ended on {probed.ends_at:%Y-%m-%d %H:%M} UTC"
            yield Found(name, told, grade(case))


_GRADED = "critical where the alarm of a P1 watches what the probe measures, else a warning"
_BLIND = "the probe measures nothing: alarms on it ring without end, or never"
CHECKS = (
    Check(
        name="probe-credentials",
        ask=credentials,
        severity=f"{_GRADED}; a note before the first deployment",
        consequence=_BLIND,
        remedy="aws ssm put-parameter --name {quoted} --type SecureString --overwrite"
        " --value file://PROBE.creds {region}; the file is that of the probe's own user; then see"
        " its log",
    ),
    Check(
        name="probe-network",
        ask=network,
        severity=_GRADED,
        consequence=_BLIND,
        remedy="set probe.nats.network to the fleet's VPC, its private subnets and a security"
        " group that may reach NATS, then {deploy}",
    ),
)
