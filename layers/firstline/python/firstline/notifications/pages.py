"""Paging: what is owed to the pager, under which key, and the body that says it.

A page is owed in the same commit as what it tells of, and stays owed until PagerDuty took it.
Bodies are made from allow-listed fields alone: never a description, a dimension or host output.
"""

import copy
from collections.abc import Collection
from datetime import datetime, timedelta

from firstline import command_lines, console_links
from firstline.config.business_day import BusinessDay
from firstline.config.channels import CHANGE, Routes
from firstline.config.profile import Profile
from firstline.ids import IncidentId
from firstline.incidents import resolve_delay
from firstline.incidents.approvals import Proposal
from firstline.incidents.demotion import Demotion
from firstline.incidents.incident import Incident, Page
from firstline.notifications.delivery import Accepted, BadBody, Delivery
from firstline.notifications.notification import SUMMARY_MAX
from firstline.notifications.origin import Origin
from firstline.signal import Severity, Signal

TRIES_MAX = 5
"""As often is tried what is not required."""
NO_LADDER = "no automatic fix for this condition: a person has to act"
REAL_TROUBLE_SUFFIX = "no-drill"
"""How the key of a page ends that tells of trouble in the middle of a drill."""
DRILL_SUFFIX = "drill"
"""How the key of a drill's change event ends."""
RETRY_DELAY = timedelta(seconds=10)
"""An unsent page is tried again after this long."""


def opening_pages(
    incident: Incident, signal: Signal, why: str, profile: Profile
) -> tuple[Page, ...]:
    """The pages of a new episode, under the episode's own key, by the routes of its severity (R44).

    It says what stays true: nothing was read yet but the signal and the profile, which says whether
    there is a ladder for the condition.
    """
    now = incident.opened_at
    return _signal_pages(incident, incident.id, signal, why, now, profile)


def digest_pages(
    incident: Incident, signal: Signal, routes: Routes, day: BusinessDay
) -> tuple[Page, ...]:
    """A line of each digest of its severity, queued from the next business day on (R04)."""
    due_at = day.after(incident.opened_at)
    page = _new_page(incident, incident.id, _signal_summary(incident, signal), {}, due_at)
    names = routes.digests(incident.severity)
    return tuple(copy.replace(page, channel=each) for each in names)


def rise_pages(
    incident: Incident, signal: Signal, why: str, now: datetime, profile: Profile
) -> tuple[Page, ...]:
    """The page of an incident that rose: under a key of its own, so that it notifies (I2).

    The key follows from the incident's id and severity alone, for ingest uses it unread.
    """
    key = rise_key(incident.id, incident.severity)
    return _signal_pages(incident, key, signal, why, now, profile)


def observed_rise_pages(
    incident: Incident, why: str, now: datetime, routes: Routes
) -> tuple[Page, ...]:
    """The page of an incident that rose by what was read, and not by a signal."""
    summary = f"{incident.severity} {incident.condition.words}: {why}"
    details = {"rule": incident.rule or "none", "why": why} | _facts(incident)
    key = rise_key(incident.id, incident.severity)
    return route(_new_page(incident, key, summary, details, now), routes)


def rise_key(incident: IncidentId, severity: Severity) -> str:
    """The key of the page of an incident that rose to *severity*."""
    return f"{incident}:{severity.lower()}"


def return_pages(incident: Incident, now: datetime, routes: Routes) -> tuple[Page, ...]:
    """The page of a P1 that came back in its quiet window: under a key of its own (I2).

    Its alert may be acknowledged, and then a trigger under a key that was used notifies nobody.
    None for what is less grave: its alert still stands, and one trouble has one.
    """
    if incident.severity is not Severity.P1:
        return ()
    summary = f"{incident.severity} {incident.condition.words}: it came back, {incident.alarm}"
    details = {"why": f"it had recovered by itself, return {incident.returns}"}
    key = f"{incident.id}:returned-{incident.returns}"
    return route(_new_page(incident, key, summary, details | _facts(incident), now), routes)


def real_trouble_pages(
    incident: Incident, signal: Signal, why: str, now: datetime, profile: Profile
) -> tuple[Page, ...]:
    """The page of a drill's incident that *signal*, which is of no drill, joined.

    Under a key of its own, for whoever was paged may know of the drill and do nothing.
    """
    key = f"{incident.id}:{REAL_TROUBLE_SUFFIX}"
    why = f"this is no drill: {why}"
    return _signal_pages(incident, key, signal, why, now, profile)


def escalation_pages(
    incident: Incident, details: dict[str, str], now: datetime, routes: Routes
) -> tuple[Page, ...]:
    """The page that gives the incident to a person: a key of its own, so that it notifies.

    None for one without an alarm of which people know already: nothing was or will be done, which
    its first page said. What was seen on hosts is news where nobody was paged.
    """
    if not incident.alarms and (incident.severity.pages or not incident.hosts):
        return ()
    summary = title(incident, "firstline gave up, take over")
    key = f"{incident.id}:gave-up"
    return route(_new_page(incident, key, summary, details | _facts(incident), now), routes)


def approval_page(
    incident: Incident,
    proposal: Proposal,
    why: tuple[str, ...],
    origin: Origin,
    demotion: Demotion | None = None,
) -> Page:
    """What asks a person to allow a plan, or tells of one that is only recommended.

    Its commands run on any machine with the operator's rights. *demotion* is why a plan that goes
    by itself otherwise does not.
    """
    if proposal.approvable:
        short = proposal.plan[:12]
        word = f"approve {proposal.action}?"
        can = {
            "approve": command_lines.approve(incident.id, short, origin.where),
            "deny": command_lines.deny(incident.id, short, origin.where),
        }
    else:
        word = f"recommended: {proposal.action}"
        can = {"next": "firstline does not do this by itself: a person may"}
    summary = title(incident, f"{word} on {proposal.target}")
    down = {"demoted": demotion.describe(proposal.action, origin.where)} if demotion else {}
    details = {**proposal.describe(), "facts": "; ".join(why), **down, **can, **_facts(incident)}
    return _new_page(incident, proposal.key, summary, details, proposal.at)


def withdrawal_pages(incident: Incident, keys: Collection[str], now: datetime) -> tuple[Page, ...]:
    """The resolves of what was asked under *keys*, and is answered now."""
    return tuple(each for each in resolve_pages(incident, now) if each.key in keys)


def resolve_pages(incident: Incident, now: datetime, report_link: str = "") -> tuple[Page, ...]:
    """A resolve for every key that stands open, after what is still owed under it.

    It links to the report, where there will be one.
    """
    over = {(each.channel, each.key) for each in incident.pages if each.action == "resolve"}
    pages = tuple(
        Page(
            channel=each.channel,
            key=each.key,
            action="resolve",
            severity=each.severity,
            summary="" if each.traits.pages_on_call else f"over: {each.summary}",
            details={"report_link": report_link} if report_link else {},
            owed_at=now,
            due_at=now,
        )
        for each in incident.pages
        if _needs_resolve(each) and (each.channel, each.key) not in over
    )
    return resolve_delay.delay_resolves((*incident.pages, *pages))[len(incident.pages) :]


def demotion_page(
    incident: Incident, action: str, why: str, at: datetime, due_at: datetime
) -> Page:
    """What is told beside the alert of an action that asks a person from now on."""
    summary = f"firstline: {action} asks a person from now on"
    details = {"action": action, "why": why}
    page = _change_page(incident, f"demoted-{action}", summary, details, at)
    return copy.replace(page, due_at=due_at)


def drill_heartbeat(incident: Incident) -> Page:
    """A drill's word to PagerDuty: by the same key and the same way as a page, and to nobody.

    A change event notifies no one, whatever urgency the service gives to alerts.
    """
    summary = "firstline: a drill went through, nothing is wrong"
    return _change_page(incident, DRILL_SUFFIX, summary, {}, incident.opened_at)


def route(page: Page, routes: Routes) -> tuple[Page, ...]:
    """*page* on each channel that its severity is sent to at once."""
    return tuple(copy.replace(page, channel=each) for each in routes.of(page.severity))


def pending(pages: tuple[Page, ...]) -> tuple[Page, ...]:
    """The next unsent page of each channel and key: what follows waits until it was taken."""
    first: dict[tuple[str, str], Page] = {}
    for each in pages:
        if each.sent_at is None:
            first.setdefault((each.channel, each.key), each)
    return tuple(first.values())


def oldest_pending_age(pages: tuple[Page, ...], now: datetime) -> timedelta:
    """For how long the oldest unsent page that is required is owed: a digest from its hour on."""
    waiting = (now - each.owed_at for each in pending(pages) if each.traits.required)
    return max(waiting, default=timedelta(0))


def due_pages(pages: tuple[Page, ...], now: datetime) -> tuple[Page, ...]:
    """Pages to try now: alerts first, and what is not required last."""
    found = [each for each in pending(pages) if each.due_at <= now]
    return tuple(sorted(found, key=_rank))


def _rank(page: Page) -> tuple[bool, bool]:
    return not page.traits.pages_on_call, not page.traits.required


def due_required_pages(pages: tuple[Page, ...], now: datetime) -> tuple[Page, ...]:
    """Pages to try now that are required."""
    return tuple(each for each in due_pages(pages, now) if each.traits.required)


def after_try(
    pages: tuple[Page, ...], page: Page, delivery: Delivery, now: datetime
) -> tuple[Page, ...]:
    """The pages after one more try of *page*: it is sent, or owed and due again.

    A resolve that waits for it is due once no worker is left that could send the trigger again.
    """
    accepted = isinstance(delivery, Accepted)
    if is_dropped(page, delivery) or (accepted and not page.traits.notifies_a_person):
        return tuple(each for each in pages if each != page)  # the ledger has what became of it
    sent_at = now if accepted else None
    after = copy.replace(page, tries=page.tries + 1, sent_at=sent_at, due_at=now + RETRY_DELAY)
    pages = tuple(after if each == page else each for each in pages)
    return resolve_delay.delay_resolves(pages)


def is_dropped(page: Page, delivery: Delivery) -> bool:
    """True if *page* is not tried again: what is not required is of use while it is new."""
    if page.traits.required or isinstance(delivery, Accepted):
        return False
    return isinstance(delivery, BadBody) or page.tries + 1 >= TRIES_MAX


def _signal_pages(  # noqa: PLR0913, PLR0917 - a signal, what it means, and when
    incident: Incident, key: str, signal: Signal, why: str, now: datetime, profile: Profile
) -> tuple[Page, ...]:
    facts = {"rule": incident.rule or "none", "why": why} | _facts(incident)
    summary = _signal_summary(incident, signal)
    if not profile.rungs(incident.condition):
        summary, facts = f"{summary}; {NO_LADDER}", facts | {"fix": NO_LADDER}
    return route(_new_page(incident, key, summary, facts, now), profile.routes)


def _signal_summary(incident: Incident, signal: Signal) -> str:
    """What the signal said and when, which no later one changes."""
    if not signal.arn:
        return title(incident, signal.subject)
    # one that the profile does not know goes by its ARN
    name = console_links.alarm_name(signal.subject)
    return title(incident, f"alarm {name} went to {signal.state} at {signal.at:%H:%M:%S} UTC")


def title(incident: Incident, what: str) -> str:
    """*what*, after how bad it is and what kind of trouble."""
    return f"{incident.severity} {incident.condition.words}: {what}"


def _needs_resolve(page: Page) -> bool:
    """Whether people see *page* as open until a resolve follows it."""
    traits = page.traits
    return traits.notifies_a_person and not traits.held_for_digest and page.action == "trigger"


def _change_page(
    incident: Incident, what: str, summary: str, details: dict[str, str], at: datetime
) -> Page:
    """A change event of *what* happened at that instant."""
    about = {"incident": incident.id, **details, "at": at.isoformat(timespec="seconds")}
    page = _new_page(incident, f"{incident.id}:{what}", summary, about, at)
    return copy.replace(page, channel=CHANGE)


def _new_page(
    incident: Incident, key: str, summary: str, details: dict[str, str], now: datetime
) -> Page:
    """A trigger that is queued from *now* on; its channel is still to be chosen."""
    return Page(
        key=key,
        action="trigger",
        severity=incident.severity,
        summary=summary[:SUMMARY_MAX],
        details=details,
        owed_at=now,
        due_at=now,
    )


def _facts(incident: Incident) -> dict[str, str]:
    """What every page says of its incident."""
    facts = {
        "incident": incident.id,
        "condition": incident.condition.value,
        "component": incident.component.value,
        "signalled_at": incident.signalled_at.isoformat(timespec="seconds"),
    }
    if incident.alarm_arn:
        facts["alarm_link"] = console_links.alarm_url(incident.alarm_arn)
    return facts
