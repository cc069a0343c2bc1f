"""The result of a check: the problem, its consequence and its remedy."""

import shlex
from collections.abc import Callable, Iterator
from typing import Literal

import msgspec

from firstline.config.deployment_section import Deployment
from firstline.config.profile import Profile
from firstline.doctor import deploy_settings
from firstline.doctor.facts import Account
from firstline.signal import Severity

type Grade = Literal["critical", "warning", "note"]
"""``critical``: a P1 may not be received. ``warning``: to be fixed. ``note``: to be known."""


class DoctorContext(msgspec.Struct, frozen=True):
    """The inputs of every check: a profile, the account's facts, the fleet file's path.

    ``settings`` are the file's deployment settings; None if they are not compared. ``region``
    is the account's Region.
    """

    profile: Profile
    account: Account
    path: str = deploy_settings.DEFAULT_FLEET_FILE
    settings: Deployment | None = None
    region: str = "REGION"

    @property
    def region_option(self) -> str:
        """The AWS CLI option that names the Region."""
        return f"--region {self.region}"

    def grade(self, alarm: str) -> Grade:
        """Return critical if the rules give *alarm* the severity P1, else a warning."""
        return "critical" if self.profile.severity_of(alarm) is Severity.P1 else "warning"


class Problem(msgspec.Struct, frozen=True):
    """A check's problem with one subject; ``fills`` are placeholders of the check's texts."""

    subject: str
    what: str
    severity: Grade
    fills: dict[str, str] = {}


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One check; the docstring of ``run`` is the condition that must hold.

    Texts have placeholders in braces: ``quoted`` is the subject for a shell, ``region`` the
    Region's option. An AWS command in a remedy is complete, and stands last or before a
    semicolon.
    """

    name: str
    run: Callable[[DoctorContext], Iterator[Problem]]
    severity: str
    consequence: str
    remedy: str

    def results(self, case: DoctorContext) -> "Iterator[DoctorResult]":
        """Yield a result for each problem."""
        common = {"fleet": case.profile.fleet.name, **deploy_settings.command_fills(case.path)}
        for each in self.run(case):
            shell = {"quoted": shlex.quote(each.subject), "region": case.region_option}
            fills = {"subject": each.subject, **shell, **common, **each.fills}
            yield DoctorResult(
                check=self.name,
                severity=each.severity,
                subject=each.subject,
                what=each.what,
                consequence=self.consequence.format(**fills),
                remedy=self.remedy.format(**fills),
            )


class DoctorResult(msgspec.Struct, frozen=True, kw_only=True):
    """One result; each text is one line."""

    check: str
    severity: Grade
    subject: str
    what: str
    consequence: str
    remedy: str
