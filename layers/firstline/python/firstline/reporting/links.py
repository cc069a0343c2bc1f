"""Links: where a person goes on from a console row or a report, as far as the places are known."""

import re
from collections.abc import Iterator

import msgspec

from firstline import command_lines, console_links
from firstline.ids import IncidentId
from firstline.ledger import report_location

_ALARM = re.compile(r"arn:aws[a-z-]*:cloudwatch:[a-z0-9-]+:[^:]*:alarm:(.+)")
_REDACTED = re.compile(r"[\[\]\N{REPLACEMENT CHARACTER}\N{HORIZONTAL ELLIPSIS}]")


class Link(msgspec.Struct, frozen=True):
    """A page elsewhere: what it is, and its address."""

    text: str
    href: str


class Places(msgspec.Struct, frozen=True, kw_only=True):
    """Where the pages of a deployment are; an empty field is a place that is not known.

    ``fleet`` names the dashboard, ``bucket`` is the archive's; ``runbook`` and ``pagerduty`` are
    addresses of the profile.
    """

    region: str = ""
    fleet: str = ""
    bucket: str = ""
    runbook: str = ""
    pagerduty: str = ""

    @property
    def where(self) -> str:
        """The options by which a command finds the deployment; empty where it is not known."""
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
    """The alarm that leads it, and its report once it has one."""
    return (*_alarm(alarm_arn), *(_report(places, incident) if ended else ()))


def _alarm(arn: str) -> Iterator[Link]:
    """None for an address in which a part was redacted: it leads nowhere."""
    found = _ALARM.fullmatch(arn)
    if found and not _REDACTED.search(found[1]):
        yield Link("alarm", console_links.alarm_url(arn))


def _report(places: Places, incident: IncidentId) -> Iterator[Link]:
    if places.bucket and places.region:
        yield Link("report", report_location.reports_url(places.bucket, places.region, incident))
