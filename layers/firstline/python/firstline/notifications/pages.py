"""Pages: their keys, summaries and details.

A page is queued in the commit of its cause, and stays pending until its channel accepted it. Bodies
have allow-listed fields alone: never a description, a dimension or host output.
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
"""The most tries of a page that is not required."""
NO_LADDER = "no automatic fix for this condition: manual action required"
REAL_TROUBLE_SUFFIX = "no-drill"
"""The end of the key of a page about trouble during a drill."""
DRILL_SUFFIX = "drill"
"""The end of the key of a drill's change event."""
RETRY_DELAY = timedelta(seconds=10)
"""The delay before the next try of a pending page."""


def opening_pages(
    incident: Incident, signal: Signal, why: str, profile: Profile
) -> tuple[Page, ...]:
    """The pages of a new incident, under its own id, by the routes of its severity (R44).

    The text has only stable facts, of the signal and the profile, such as the absence of a ladder.
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
    """The pages of an incident that rose: under a key of their own, so that they notify (I2).

    The key follows from the incident's id and severity alone, so ingest can compute it.
    """
    key = rise_key(incident.id, incident.severity)
    return _signal_pages(incident, key, signal, why, now, profile)


def observed_rise_pages(
    incident: Incident, why: str, now: datetime, routes: Routes
) -> tuple[Page, ...]:
    """The pages of an incident that rose by an observation, and not by a signal."""
    summary = f"{incident.severity} {incident.condition.words}: {why}"
    details = {"rule": incident.rule or "none", "why": why} | _facts(incident)
    key = rise_key(incident.id, incident.severity)
    return route(_new_page(incident, key, summary, details, now), routes)


def rise_key(incident: IncidentId, severity: Severity) -> str:
    """The key of the page of an incident that rose to *severity*."""
    return f"{incident}:{severity.lower()}"


def return_pages(incident: Incident, now: datetime, routes: Routes) -> tuple[Page, ...]:
    """The pages of a P1 that returned in its quiet window: under a key of their own (I2).

    Its alert may be acknowledged, and a trigger under a used key would not notify. None for lower
    severities: their alert is still open.
    """
    if incident.severity is not Severity.P1:
        return ()
    summary = f"{incident.severity} {incident.condition.words}: it returned, {incident.alarm}"
    details = {"why": f"return {incident.returns} after a recovery without a fix"}
    key = f"{incident.id}:returned-{incident.returns}"
    return route(_new_page(incident, key, summary, details | _facts(incident), now), routes)


def real_trouble_pages(
    incident: Incident, signal: Signal, why: str, now: datetime, profile: Profile
) -> tuple[Page, ...]:
    """The pages of a drill's incident that a real signal joined.

    They have a key of their own, since the person on call may know of the drill and do nothing.
    """
    key = f"{incident.id}:{REAL_TROUBLE_SUFFIX}"
    why = f"not a drill: {why}"
    return _signal_pages(incident, key, signal, why, now, profile)


def escalation_pages(
    incident: Incident, details: dict[str, str], now: datetime, routes: Routes
) -> tuple[Page, ...]:
    """The pages of an escalation, under a key of their own, so that they notify.

    None for an incident without an alarm that was paged already: nothing was or will be done, as
    its first page says. Findings on hosts are paged if no page was sent.
    """
    if not incident.alarms and (incident.severity.pages or not incident.hosts):
        return ()
    summary = title(incident, "firstline escalated the incident to on-call")
    key = f"{incident.id}:escalated"
    return route(_new_page(incident, key, summary, details | _facts(incident), now), routes)


def approval_page(
    incident: Incident,
    proposal: Proposal,
    why: tuple[str, ...],
    origin: Origin,
    demotion: Demotion | None = None,
) -> Page:
    """The request for approval of a plan, or the recommendation of one.

    Its commands run on any machine with the operator's rights. *demotion* is the reason why an
    automatic action needs approval.
    """
    if proposal.approvable:
        short = proposal.plan[:12]
        request = f"approve {proposal.action}?"
        commands = {
            "approve": command_lines.approve(incident.id, short, origin.where),
            "deny": command_lines.deny(incident.id, short, origin.where),
        }
    else:
        request = f"recommended: {proposal.action}"
        commands = {"next": "firstline does not run this action: an operator can"}
    summary = title(incident, f"{request} on {proposal.target}")
    demoted_fact = {"demoted": demotion.describe(proposal.action, origin.where)} if demotion else {}
    details = {
        **proposal.describe(),
        "facts": "; ".join(why),
        **demoted_fact,
        **commands,
        **_facts(incident),
    }
    return _new_page(incident, proposal.key, summary, details, proposal.at)


def withdrawal_pages(incident: Incident, keys: Collection[str], now: datetime) -> tuple[Page, ...]:
    """The resolves of the requests under *keys*, which are answered now."""
    return tuple(each for each in resolve_pages(incident, now) if each.key in keys)


def resolve_pages(incident: Incident, now: datetime, report_link: str = "") -> tuple[Page, ...]:
    """A resolve for every open key, behind its pending pages.

    It links to the report, if there will be one.
    """
    resolved = {(each.channel, each.key) for each in incident.pages if each.action == "resolve"}
    pages = tuple(
        Page(
            channel=each.channel,
            key=each.key,
            action="resolve",
            severity=each.severity,
            summary="" if each.traits.pages_on_call else f"closed: {each.summary}",
            details={"report_link": report_link} if report_link else {},
            queued_at=now,
            due_at=now,
        )
        for each in incident.pages
        if _needs_resolve(each) and (each.channel, each.key) not in resolved
    )
    return resolve_delay.delay_resolves((*incident.pages, *pages))[len(incident.pages) :]


def demotion_page(
    incident: Incident, action: str, why: str, at: datetime, due_at: datetime
) -> Page:
    """The change event of an action that requires approval from now on."""
    summary = f"firstline: {action} now requires an approval"
    details = {"action": action, "why": why}
    page = _change_page(incident, f"demoted-{action}", summary, details, at)
    return copy.replace(page, due_at=due_at)


def drill_heartbeat(incident: Incident) -> Page:
    """The change event of a drill: the same key and the same path as a page.

    A change event notifies no one, at any urgency of the service.
    """
    summary = "firstline: a drill passed, no action required"
    return _change_page(incident, DRILL_SUFFIX, summary, {}, incident.opened_at)


def route(page: Page, routes: Routes) -> tuple[Page, ...]:
    """*page* on each immediate channel of its severity."""
    return tuple(copy.replace(page, channel=each) for each in routes.of(page.severity))


def pending(pages: tuple[Page, ...]) -> tuple[Page, ...]:
    """The next unsent page of each channel and key; later ones wait for it."""
    next_pages: dict[tuple[str, str], Page] = {}
    for each in pages:
        if each.sent_at is None:
            next_pages.setdefault((each.channel, each.key), each)
    return tuple(next_pages.values())


def oldest_pending_age(pages: tuple[Page, ...], now: datetime) -> timedelta:
    """The age of the oldest required page that is pending; a digest counts from its hour."""
    ages = (now - each.queued_at for each in pending(pages) if each.traits.required)
    return max(ages, default=timedelta(0))


def due_pages(pages: tuple[Page, ...], now: datetime) -> tuple[Page, ...]:
    """Pages to try now: alerts first, and pages that are not required last."""
    pages_due = [each for each in pending(pages) if each.due_at <= now]
    return tuple(sorted(pages_due, key=_rank))


def _rank(page: Page) -> tuple[bool, bool]:
    return not page.traits.pages_on_call, not page.traits.required


def due_required_pages(pages: tuple[Page, ...], now: datetime) -> tuple[Page, ...]:
    """Required pages to try now."""
    return tuple(each for each in due_pages(pages, now) if each.traits.required)


def after_try(
    pages: tuple[Page, ...], page: Page, delivery: Delivery, now: datetime
) -> tuple[Page, ...]:
    """The pages after one more try of *page*: it is sent, or pending with a later retry.

    A resolve behind it is due once no worker is left that could send the trigger again.
    """
    accepted = isinstance(delivery, Accepted)
    if is_dropped(page, delivery) or (accepted and not page.traits.notifies_a_person):
        return tuple(each for each in pages if each != page)  # the ledger has what became of it
    sent_at = now if accepted else None
    after = copy.replace(page, tries=page.tries + 1, sent_at=sent_at, due_at=now + RETRY_DELAY)
    pages = tuple(after if each == page else each for each in pages)
    return resolve_delay.delay_resolves(pages)


def is_dropped(page: Page, delivery: Delivery) -> bool:
    """True if *page* is not retried: one that is not required is only useful while new."""
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
    """The signal's alarm, state and time, which no later signal changes."""
    if not signal.arn:
        return title(incident, signal.subject)
    # one that the profile does not know goes by its ARN
    name = console_links.alarm_name(signal.subject)
    return title(incident, f"alarm {name} went to {signal.state} at {signal.at:%H:%M:%S} UTC")


def title(incident: Incident, text: str) -> str:
    """*text*, after the severity and the condition."""
    return f"{incident.severity} {incident.condition.words}: {text}"


def _needs_resolve(page: Page) -> bool:
    """True if *page* looks open to people until a resolve follows it."""
    traits = page.traits
    return traits.notifies_a_person and not traits.held_for_digest and page.action == "trigger"


def _change_page(
    incident: Incident, event: str, summary: str, details: dict[str, str], at: datetime
) -> Page:
    """A change event of *event* at that instant."""
    all_details = {"incident": incident.id, **details, "at": at.isoformat(timespec="seconds")}
    page = _new_page(incident, f"{incident.id}:{event}", summary, all_details, at)
    return copy.replace(page, channel=CHANGE)


def _new_page(
    incident: Incident, key: str, summary: str, details: dict[str, str], now: datetime
) -> Page:
    """A trigger, queued from *now* on; its channel is chosen later."""
    return Page(
        key=key,
        action="trigger",
        severity=incident.severity,
        summary=summary[:SUMMARY_MAX],
        details=details,
        queued_at=now,
        due_at=now,
    )


def _facts(incident: Incident) -> dict[str, str]:
    """The facts of every page about its incident."""
    facts = {
        "incident": incident.id,
        "condition": incident.condition.value,
        "component": incident.component.value,
        "signalled_at": incident.signalled_at.isoformat(timespec="seconds"),
    }
    if incident.alarm_arn:
        facts["alarm_link"] = console_links.alarm_url(incident.alarm_arn)
    return facts
