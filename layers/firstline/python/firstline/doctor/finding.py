"""Finding: what a check found, what follows from it, and how to mend it."""

import shlex
from collections.abc import Callable, Iterator
from typing import Literal

import msgspec

from firstline.config.deployment_section import Deployment
from firstline.config.profile import Profile
from firstline.doctor import deploying
from firstline.doctor.facts import Account
from firstline.signal import Severity

type Grade = Literal["critical", "warning", "note"]
"""``critical`` keeps a P1 from being heard, a ``warning`` is to be mended, a ``note`` known."""


class Case(msgspec.Struct, frozen=True):
    """A profile, the account that it is held against, and the path of the fleet file.

    ``settings`` are the file's of its deployment; None where they are not to be compared.
    ``region`` is where the account was read.
    """

    profile: Profile
    account: Account
    path: str = deploying.FLEET_FILE
    settings: Deployment | None = None
    region: str = "REGION"

    @property
    def where(self) -> str:
        """The option of a command of AWS that names the Region."""
        return f"--region {self.region}"

    def grade(self, alarm: str) -> Grade:
        """How much hangs on the alarm that the rules know as *alarm*."""
        return "critical" if self.profile.severity_of(alarm) is Severity.P1 else "warning"


class Found(msgspec.Struct, frozen=True):
    """What a check says of one thing; ``fills`` are for the places in the check's texts."""

    subject: str
    what: str
    severity: Grade
    fills: dict[str, str] = {}


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One check: its docstring says what must hold; its texts name their places in braces.

    A command of AWS in a remedy is whole, and ends with it or at a semicolon. ``quoted`` is the
    subject as a shell takes it, ``region`` the option that says where.
    """

    name: str
    ask: Callable[[Case], Iterator[Found]]
    severity: str
    consequence: str
    remedy: str

    def findings(self, case: Case) -> "Iterator[Finding]":
        """Each thing that does not hold."""
        known = {"fleet": case.profile.fleet.name, **deploying.places(case.path)}
        for each in self.ask(case):
            there = {"quoted": shlex.quote(each.subject), "region": case.where}
            fills = {"subject": each.subject, **there, **known, **each.fills}
            yield Finding(
                check=self.name,
                severity=each.severity,
                subject=each.subject,
                what=each.what,
                consequence=self.consequence.format(**fills),
                remedy=self.remedy.format(**fills),
            )


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One finding; each text is one line."""

    check: str
    severity: Grade
    subject: str
    what: str
    consequence: str
    remedy: str
