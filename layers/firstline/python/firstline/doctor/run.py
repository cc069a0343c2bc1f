"""Doctor: every check of the profile against the account, the gravest findings first."""

from collections.abc import Iterator

from firstline.config.deployment_section import Deployment
from firstline.config.profile import Profile
from firstline.doctor import (
    access,
    alarms,
    deploying,
    deployment,
    drift,
    hosts,
    names,
    people,
    probing,
    roles,
    transport,
)
from firstline.doctor.facts import Account
from firstline.doctor.finding import Case, Check, Finding, Grade

GRADES: tuple[Grade, ...] = ("critical", "warning", "note")
CHECKS: tuple[Check, ...] = (
    *access.CHECKS,
    *people.CHECKS,
    *deployment.CHECKS,
    *transport.CHECKS,
    *drift.CHECKS,
    *probing.CHECKS,
    *roles.CHECKS,
    *alarms.CHECKS,
    *names.CHECKS,
    *hosts.CHECKS,
)


def examine(
    profile: Profile,
    account: Account,
    path: str = deploying.FLEET_FILE,
    settings: Deployment | None = None,
    region: str = "REGION",
) -> tuple[Finding, ...]:
    """What every check finds; *path* is of the fleet file, and *settings* are its section.

    *region* is where the account was read: it stands in each remedy's command.
    """
    case = Case(profile, account, path, settings, region)
    found = [finding for check in CHECKS for finding in check.findings(case)]
    return tuple(sorted(found, key=lambda each: GRADES.index(each.severity)))


def deaf(findings: tuple[Finding, ...]) -> bool:
    """Whether one of them keeps a P1 from being heard."""
    return any(each.severity == "critical" for each in findings)


def table() -> Iterator[str]:
    """The checks as rows of Markdown: what must hold, and what follows where it does not."""
    for each in CHECKS:
        holds = " ".join((each.ask.__doc__ or "").split())
        yield f"| `{each.name}` | {holds} | {each.severity} | {each.consequence} | {_code(each)} |"


def _code(check: Check) -> str:
    """The remedy, whose places stand in braces."""
    return check.remedy.replace("|", "\\|")
