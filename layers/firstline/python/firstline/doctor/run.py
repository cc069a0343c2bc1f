"""Doctor: runs every check of the profile against the account."""

from collections.abc import Iterator

from firstline.config.deployment_section import Deployment
from firstline.config.profile import Profile
from firstline.doctor import (
    alarms,
    deploy_settings,
    deployment,
    drift,
    fleet_names,
    hosts,
    nats_probe,
    permissions,
    recipients,
    roles,
    transport,
)
from firstline.doctor.facts import Account
from firstline.doctor.result import Check, DoctorContext, DoctorResult, Grade

GRADES: tuple[Grade, ...] = ("critical", "warning", "note")
CHECKS: tuple[Check, ...] = (
    *permissions.CHECKS,
    *recipients.CHECKS,
    *deployment.CHECKS,
    *transport.CHECKS,
    *drift.CHECKS,
    *nats_probe.CHECKS,
    *roles.CHECKS,
    *alarms.CHECKS,
    *fleet_names.CHECKS,
    *hosts.CHECKS,
)


def examine(
    profile: Profile,
    account: Account,
    path: str = deploy_settings.DEFAULT_FLEET_FILE,
    settings: Deployment | None = None,
    region: str = "REGION",
) -> tuple[DoctorResult, ...]:
    """Return all results, the gravest first.

    *path* is the fleet file's, *settings* are its `[deployment]` section. *region* is the
    account's, which each remedy's command names.
    """
    case = DoctorContext(profile, account, path, settings, region)
    results = [result for check in CHECKS for result in check.results(case)]
    return tuple(sorted(results, key=lambda each: GRADES.index(each.severity)))


def has_critical(results: tuple[DoctorResult, ...]) -> bool:
    """Return True if a result may keep a P1 from being received."""
    return any(each.severity == "critical" for each in results)


def table() -> Iterator[str]:
    """Yield the rows of the Markdown table of checks."""
    for each in CHECKS:
        holds = " ".join((each.run.__doc__ or "").split())
        yield f"| `{each.name}` | {holds} | {each.severity} | {each.consequence} | {_code(each)} |"


def _code(check: Check) -> str:
    """Return the remedy with its placeholders."""
    return check.remedy.replace("|", "\\|")
