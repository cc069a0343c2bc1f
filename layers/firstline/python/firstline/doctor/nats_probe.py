"""Checks of the NATS probe, which a P1 may depend on.

Doctor does not read the probe's credentials, which would need permission to decrypt them. It uses
the probe's metrics: without a complete ``.creds`` file there are none, and one of them is the
number of days until expiry.
"""

from collections.abc import Iterator
from datetime import timedelta

from firstline.config.profile import Profile
from firstline.doctor import alarm_inventory
from firstline.doctor.facts import ProbeStatus, ReadFailure, StackState
from firstline.doctor.result import Check, DoctorContext, Grade, Problem
from firstline.monitoring.alarms import PROBE_NAMESPACE
from firstline.monitoring.nats_probe import NATS_METRICS
from firstline.signal import Severity

SILENT_AFTER = timedelta(minutes=10)
"""The probe measures each minute; CloudWatch may show it minutes later."""
_UNKNOWN_CONTENT = "whether it contains a complete .creds file is unknown"


def parameters(profile: Profile) -> tuple[tuple[str, str], ...]:
    """Return the SSM parameters of the probe's credentials, each with its key."""
    nats = profile.probe.nats
    if nats is None:
        return ()
    named = (
        ("credentials_parameter", nats.credentials_parameter),
        ("system_credentials_parameter", nats.system_credentials_parameter),
    )
    return tuple((f"probe.nats.{field}", name) for field, name in named if name)


def grade(case: DoctorContext) -> Grade:
    """Return critical if an alarm of a P1 watches what the probe measures."""
    profile = case.profile
    watching = (
        *alarm_inventory.fleet_alarms(profile),
        *alarm_inventory.account_alarms(profile, case.account),
    )
    p1 = any(
        each.known_as and profile.severity_of(each.known_as) is Severity.P1
        for each in watching
        if any(it.namespace == PROBE_NAMESPACE and it.name in NATS_METRICS for it in each.metrics)
    )
    return "critical" if p1 else "warning"


def credentials(case: DoctorContext) -> Iterator[Problem]:
    """The NATS probe's credentials are there, whole as far as is known, and not expired."""
    named, there = parameters(case.profile), case.account.parameters
    if not named or isinstance(there, ReadFailure):
        return
    absent = [(field, name) for field, name in named if name not in (there or ())]
    for field, name in absent:
        yield Problem(name, f"is not a parameter in this Region ({field})", grade(case))
    if not absent:
        yield from _measured_credentials(case, named[0][1])


def network(case: DoctorContext) -> Iterator[Problem]:
    """The NATS probe's subnets and security groups are there, in its VPC."""
    nats = case.profile.probe.nats
    if nats is None:
        return
    place, account = nats.network, case.account
    named = ((place.subnets, account.subnets), (place.security_groups, account.security_groups))
    for ids, there in named:
        if isinstance(there, ReadFailure):
            continue
        for each in ids:
            found = (there or {}).get(each)
            if found != place.vpc:
                message = (
                    f"is in {found}, not in {place.vpc}"
                    if found
                    else "does not exist in this Region"
                )
                yield Problem(each, message, grade(case))


def _measured_credentials(case: DoctorContext, name: str) -> Iterator[Problem]:
    """Check the credentials in the parameter *name* by the probe's metrics."""
    probed = case.account.probe_status
    if case.account.deployed is None:
        yield Problem(name, f"exists; {_UNKNOWN_CONTENT} before the probe runs", "note")
    elif isinstance(case.account.deployed, StackState) and isinstance(probed, ProbeStatus):
        now = case.account.now
        if probed.at is None or now - probed.at > SILENT_AFTER:
            since = f"since {probed.at:%Y-%m-%d %H:%M} UTC" if probed.at else "in a day"
            message = f"exists; {_UNKNOWN_CONTENT}: the probe has no measurement {since}"
            yield Problem(name, message, grade(case))
        elif probed.ends_at and probed.ends_at <= now:
            message = f"contains credentials that expired on {probed.ends_at:%Y-%m-%d %H:%M} UTC"
            yield Problem(name, message, grade(case))


_GRADED = "critical where a P1's alarm uses the probe's metrics, else a warning"
_BLIND = "the probe does not measure: its alarms fire permanently, or never"
CHECKS = (
    Check(
        name="probe-credentials",
        run=credentials,
        severity=f"{_GRADED}; a note before the first deployment",
        consequence=_BLIND,
        remedy="aws ssm put-parameter --name {quoted} --type SecureString --overwrite"
        " --value file://PROBE.creds {region}; the file has the credentials of the probe's "
        "own user;"
        " then check its log",
    ),
    Check(
        name="probe-network",
        run=network,
        severity=_GRADED,
        consequence=_BLIND,
        remedy="set probe.nats.network to the fleet's VPC, its private subnets and a security"
        " group that may reach NATS, then {deploy}",
    ),
)
