"""Incidents from signals: the first signal opens one, and later ones change it.

Severity and lead can rise while an incident is open, and never fall. A P1 that joins a P2 pages
under a new key, because a trigger on an acknowledged alert notifies no one.
"""

import copy
import re
from datetime import datetime

import msgspec

from firstline.config.profile import Profile
from firstline.diagnosis import external_events
from firstline.ids import INSTANCE_ID, IncidentId, InstanceId, digest, incident_id
from firstline.incidents import quiet_window, response_targets
from firstline.incidents.incident import Incident
from firstline.ledger.chain import Chain, Entry, Provenance, append
from firstline.ledger.entries import SignalReceived
from firstline.notifications import pages as paging
from firstline.redaction import redact
from firstline.signal import Condition, Disposition, Mark, Severity, Signal
from firstline.signals import correlation, rules
from firstline.signals.classify import Classification

ALARMS_MAX = 100
"""Alarms that one DescribeAlarms returns; an incident of more is not closed by firstline."""
REPORTS_MAX = 10
"""The latest reports of users that are kept: the aggregate must fit into its item."""


class Opening(msgspec.Struct, frozen=True):
    """A new incident and the first entry of its ledger."""

    incident: Incident
    entry: Entry


def open_incident(  # noqa: PLR0913 - a signal, what it means, and the id where that is known
    signal: Signal,
    classified: Classification,
    profile: Profile,
    now: datetime,
    by: Provenance,
    *,
    id_: IncidentId | None = None,
) -> Opening:
    """The incident that *signal* opens, with its page queued; its id follows from the signal."""
    incident = Incident(
        id=id_ or ignored_signal_id(signal),
        correlation_key=classified.correlation_key,
        condition=classified.condition,
        severity=classified.severity,
        component=classified.component,
        rule=classified.rule,
        alarm=redact(signal.subject),
        alarm_arn=signal.arn,
        alarms=(signal.arn,) if signal.arn else (),
        scope=InstanceId(classified.scope) if re.fullmatch(INSTANCE_ID, classified.scope) else None,
        storm=classified.correlation_key == correlation.storm_key(profile.fleet.name),
        suppressed=Mark.SUPPRESSED in signal.marks,
        drill=signal.drill,
        opening=signal.key,
        signalled_at=signal.at,
        opened_at=now,
        joined_at=now,
        next_wake_at=now,
        reports=(signal.restricted,) if signal.restricted else (),
        responses=(response_targets.expected_response(classified.severity, signal.at, profile),),
    )
    pages = paging.opening_pages(incident, signal, classified.why, profile)
    if incident.condition is Condition.DRILL:
        pages = (paging.drill_heartbeat(incident),)
    else:
        digest_ = paging.digest_pages(incident, signal, profile.routes, profile.business_day)
        pages = (*pages, *digest_)
    incident = copy.replace(incident, pages=pages)
    # R12: firstline owns it until it escalates
    event = copy.replace(signal_received(signal, classified, profile), owner="firstline")
    chain, entry = append(incident.chain, incident.id, event.kind, now, by, event.to_ledger())
    return Opening(copy.replace(incident, chain=chain), entry)


def merge_signal(
    incident: Incident, signal: Signal, classified: Classification, profile: Profile, now: datetime
) -> Incident:
    """The incident after *signal* joined it; a signal without trouble only makes it look again."""
    incident = copy.replace(incident, signals=incident.signals + 1, joined_at=now)
    if classified.disposition is not Disposition.INCIDENT or incident.ended:
        return incident
    incident, came_back = _watched(incident, signal, now)
    suppressed = incident.suppressed and Mark.SUPPRESSED in signal.marks
    rung = incident.drill and signal.drill != incident.drill
    drill = "" if rung else incident.drill
    incident = copy.replace(_with_alarm(incident, signal.arn), suppressed=suppressed, drill=drill)
    if rung:  # the paged person knows of a drill, and this is none
        pages = paging.real_trouble_pages(incident, signal, classified.why, now, profile)
        incident = copy.replace(incident, pages=(*incident.pages, *pages))
    if signal.restricted:
        reports = (*incident.reports, signal.restricted)[-REPORTS_MAX:]
        incident = copy.replace(incident, reports=reports)
    if _leads(classified, incident):
        led = _with_new_lead(signal, classified, incident, profile, now)
    else:
        led = _with_joined_condition(incident, classified.condition)
    # a raised severity has a page of its own
    again = came_back and classified.severity == incident.severity == led.severity
    pages = paging.return_pages(led, now, profile.routes) if again else ()
    return copy.replace(led, pages=(*led.pages, *pages))


def _watched(incident: Incident, signal: Signal, now: datetime) -> tuple[Incident, bool]:
    """*incident*, and True if *signal* shows that its trouble came back after the recovery."""
    if incident.recovered_at is None or signal.at <= incident.recovered_at:
        return incident, False
    return quiet_window.with_return(incident, now), True


def storm_classification(classified: Classification, profile: Profile) -> Classification:
    """The classification in a storm's one incident: it pages once (P2), and nothing is fixed."""
    policy = profile.policy
    many = f"more than {policy.storm_scopes_max} unrelated failures"
    return Classification(
        disposition=Disposition.INCIDENT,
        why=f"a storm, {many} within {policy.storm_window_seconds} s: {classified.why}",
        correlation_key=correlation.storm_key(profile.fleet.name),
    )


def _with_alarm(incident: Incident, arn: str) -> Incident:
    if not arn or arn in incident.alarms:
        return incident
    if len(incident.alarms) < ALARMS_MAX:
        return copy.replace(incident, alarms=(*incident.alarms, arn))
    return copy.replace(incident, alarms_beyond=incident.alarms_beyond + 1)


def _leads(classified: Classification, incident: Incident) -> bool:
    """True if worse, or as bad and more repairable; a storm leads to no fix."""
    if classified.correlation_key != incident.correlation_key:
        return False
    ranked = (classified.severity, correlation.precedence(classified.condition))
    return ranked < (incident.severity, correlation.precedence(incident.condition))


def _with_new_lead(
    signal: Signal, classified: Classification, incident: Incident, profile: Profile, now: datetime
) -> Incident:
    led = copy.replace(
        incident,
        condition=classified.condition,
        severity=classified.severity,
        component=classified.component,
        rule=classified.rule,
        alarm=redact(signal.subject),
        alarm_arn=signal.arn,
        joined=tuple(
            each for each in (*incident.joined, incident.condition) if each != classified.condition
        ),
    )
    if classified.severity == incident.severity:
        return led
    pages = paging.rise_pages(led, signal, classified.why, now, profile)
    response = response_targets.expected_response(classified.severity, signal.at, profile)
    return copy.replace(led, pages=(*led.pages, *pages), responses=(*led.responses, response))


def with_severity(
    incident: Incident, severity: Severity, why: str, profile: Profile, now: datetime
) -> Incident:
    """*incident* raised to *severity* by what was read, with the page of its rise."""
    worse = copy.replace(incident, severity=severity)
    pages = paging.observed_rise_pages(worse, why, now, profile.routes)
    response = response_targets.expected_response(severity, now, profile)
    return copy.replace(worse, pages=(*worse.pages, *pages), responses=(*worse.responses, response))


def _with_joined_condition(incident: Incident, condition: Condition) -> Incident:
    if condition in (incident.condition, *incident.joined):
        return incident
    return copy.replace(incident, joined=(*incident.joined, condition))


def ignored_signal_entry(
    signal: Signal, classified: Classification, profile: Profile, now: datetime, by: Provenance
) -> Entry:
    """The one entry of a signal that opens no incident, under the id that it would have opened."""
    event = signal_received(signal, classified, profile)
    return append(Chain(), ignored_signal_id(signal), event.kind, now, by, event.to_ledger())[1]


def ignored_signal_id(signal: Signal) -> IncidentId:
    """The chain of the entry of a signal that opens no incident."""
    return incident_id(signal.key)


def signal_received(signal: Signal, classified: Classification, profile: Profile) -> SignalReceived:
    """The ledger event of a signal: known names and its key, never its free text.

    Every name is redacted, because an event may come from any sender. Of other dimensions it
    has only the words that a rule or a guard knows, so that the signal can be judged again.
    """
    words = rules.known_words(signal, profile) | external_events.known_words(signal)
    return SignalReceived(
        disposition=classified.disposition,
        why=redact(classified.why),
        rule=classified.rule,
        severity=classified.severity,
        condition=classified.condition,
        source_kind=signal.kind,
        source=redact(signal.source),
        subject=redact(signal.subject),
        state=redact(signal.state),
        signalled_at=signal.at,
        key_digest=digest(signal.key.encode()),
        correlation_key=classified.correlation_key,
        marks=signal.marks,
        region=signal.region,
        arn=redact(signal.arn),
        words=words,
        drill=signal.drill or None,
    )
