"""Links from a console row or a report to further pages, as far as their locations are known."""

import re
from collections.abc import Iterator

import msgspec

from firstline import command_lines, console_links
from firstline.ids import IncidentId
from firstline.ledger import report_location

_ALARM = re.compile(r"arn:aws[a-z-]*:cloudwatch:[a-z0-9-]+:[^:]*:alarm:(.+)")
_REDACTED = re.compile(r"[\[\]\N{REPLACEMENT CHARACTER}\N{HORIZONTAL ELLIPSIS}]")


class Link(msgspec.Struct, frozen=True):
    """A page elsewhere: its name, and its address."""

    text: str
    href: str


class Places(msgspec.Struct, frozen=True, kw_only=True):
    """Locations of a deployment's pages; an empty field is unknown.

    ``fleet`` names the dashboard, ``bucket`` is the archive's; ``runbook`` and ``pagerduty``
    are addresses of the profile.
    """

    region: str = ""
    fleet: str = ""
    bucket: str = ""
    runbook: str = ""
    pagerduty: str = ""

    @property
    def where(self) -> str:
        """The options that select the deployment on the command line; empty if unknown."""
        known = self.fleet and self.region
        return command_lines.deployment(self.fleet, self.region) if known else ""


def of_fleet(places: Places) -> tuple[Link, ...]:
    """The dashboard, the runbook, and the service in PagerDuty."""
    known = places.region and places.fleet
    board = f"firstline-{places.fleet}"
    dashboard = console_links.dashboard_url(board, places.region) if known else ""
    named = {"dashboard": dashboard, "runbook": places.runbook, "PagerDuty": places.pagerduty}
    return tuple(Link(text, href) for text, href in named.items() if href)


def of_incident(
    places: Places, incident: IncidentId, alarm_arn: str, *, ended: bool
) -> tuple[Link, ...]:
    """The leading alarm, and the incident's report after its end."""
    return (*_alarm(alarm_arn), *(_report(places, incident) if ended else ()))


def _alarm(arn: str) -> Iterator[Link]:
    """The alarm's link; none if a part of its ARN was redacted."""
    matched = _ALARM.fullmatch(arn)
    if matched and not _REDACTED.search(matched[1]):
        yield Link("alarm", console_links.alarm_url(arn))


def _report(places: Places, incident: IncidentId) -> Iterator[Link]:
    if places.bucket and places.region:
        yield Link("report", report_location.reports_url(places.bucket, places.region, incident))
