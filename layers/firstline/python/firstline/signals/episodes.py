"""Episodes: what the first signal of a cause begins, and what the later ones change.

Severity and lead can rise while an incident is open, and never fall: a P1 that joins a P2 pages
under a key of its own, for a trigger on an acknowledged alert notifies nobody.
"""

import copy
import re
from datetime import datetime

import msgspec

from firstline.config.profile import Profile
from firstline.diagnosis import external_events as circumstances
from firstline.ids import INSTANCE_ID, IncidentId, InstanceId, digest, incident_id
from firstline.incidents import quiet_window
from firstline.incidents import response_targets as responses
from firstline.incidents.incident import Incident
from firstline.ledger.chain import Chain, Entry, Provenance, append
from firstline.ledger.entries import SignalReceived
from firstline.notifications import pages as paging
from firstline.redaction import redact
from firstline.signal import Condition, Disposition, Mark, Severity, Signal
from firstline.signals import correlation as causes
from firstline.signals import rules
from firstline.signals.classify import Classification

ALARMS_MAX = 100
"""As many as one DescribeAlarms shows; an incident of more is not closed by firstline."""
REPORTS_MAX = 10
"""Of one user's reports the latest are kept: the aggregate must fit into its item."""


class Opening(msgspec.Struct, frozen=True):
    """A new incident and the first entry of its ledger."""

    incident: Incident
    entry: Entry


def begin(  # noqa: PLR0913 - a signal, what it means, and the id where that is known
    signal: Signal,
    found: Classification,
    profile: Profile,
    now: datetime,
    by: Provenance,
    *,
    id_: IncidentId | None = None,
) -> Opening:
    """The episode that *signal* begins, with its page owed; its id follows from the signal."""
    incident = Incident(
        id=id_ or noted_id(signal),
        cause=found.cause,
        condition=found.condition,
        severity=found.severity,
        component=found.component,
        rule=found.rule,
        alarm=redact(signal.subject),
        alarm_arn=signal.arn,
        alarms=(signal.arn,) if signal.arn else (),
        scope=InstanceId(found.scope) if re.fullmatch(INSTANCE_ID, found.scope) else None,
        storm=found.cause == causes.storm(profile.fleet.name),
        suppressed=Mark.SUPPRESSED in signal.marks,
        drill=signal.drill,
        opening=signal.key,
        signalled_at=signal.at,
        opened_at=now,
        joined_at=now,
        next_wake_at=now,
        reports=(signal.restricted,) if signal.restricted else (),
        responses=(responses.expected(found.severity, signal.at, profile),),
    )
    pages = paging.opening(incident, signal, found.why, profile)
    if incident.condition is Condition.DRILL:
        pages = (paging.rehearsal(incident),)
    else:
        digest_ = paging.digest(incident, signal, profile.routes, profile.business_day)
        pages = (*pages, *digest_)
    incident = copy.replace(incident, pages=pages)
    # R12: firstline owns it until it hands over
    event = copy.replace(received(signal, found, profile), owner="firstline")
    chain, entry = append(incident.chain, incident.id, event.kind, now, by, event.to_ledger())
    return Opening(copy.replace(incident, chain=chain), entry)


def join(
    incident: Incident, signal: Signal, found: Classification, profile: Profile, now: datetime
) -> Incident:
    """The incident after *signal* joined it; what is no trouble only makes it look again."""
    incident = copy.replace(incident, signals=incident.signals + 1, joined_at=now)
    if found.disposition is not Disposition.INCIDENT or incident.ended:
        return incident
    incident, came_back = _watched(incident, signal, now)
    suppressed = incident.suppressed and Mark.SUPPRESSED in signal.marks
    rung = incident.drill and signal.drill != incident.drill
    drill = "" if rung else incident.drill
    incident = copy.replace(_awaiting(incident, signal.arn), suppressed=suppressed, drill=drill)
    if rung:  # who was paged knows of a drill, and must hear that this is none
        pages = paging.in_earnest(incident, signal, found.why, now, profile)
        incident = copy.replace(incident, pages=(*incident.pages, *pages))
    if signal.restricted:
        reports = (*incident.reports, signal.restricted)[-REPORTS_MAX:]
        incident = copy.replace(incident, reports=reports)
    if _leads(found, incident):
        led = _led_by(signal, found, incident, profile, now)
    else:
        led = _beside(incident, found.condition)
    # a rise has a page of its own
    again = came_back and found.severity == incident.severity == led.severity
    pages = paging.returned(led, now, profile.routes) if again else ()
    return copy.replace(led, pages=(*led.pages, *pages))


def _watched(incident: Incident, signal: Signal, now: datetime) -> tuple[Incident, bool]:
    """*incident*, and whether *signal* tells that its trouble came back since it recovered."""
    if incident.recovered_at is None or signal.at <= incident.recovered_at:
        return incident, False
    return quiet_window.returned(incident, now), True


def in_storm(found: Classification, profile: Profile) -> Classification:
    """What opens or joins the one incident of a storm: it pages once (P2), and nothing is fixed."""
    policy = profile.policy
    many = f"more than {policy.storm_scopes_max} unrelated troubles"
    return Classification(
        disposition=Disposition.INCIDENT,
        why=f"a storm, {many} within {policy.storm_window_seconds} s: {found.why}",
        cause=causes.storm(profile.fleet.name),
    )


def _awaiting(incident: Incident, arn: str) -> Incident:
    if not arn or arn in incident.alarms:
        return incident
    if len(incident.alarms) < ALARMS_MAX:
        return copy.replace(incident, alarms=(*incident.alarms, arn))
    return copy.replace(incident, alarms_beyond=incident.alarms_beyond + 1)


def _leads(found: Classification, incident: Incident) -> bool:
    """Worse, or as bad and nearer to what can be mended; a storm leads nobody to a fix."""
    if found.cause != incident.cause:
        return False
    ranked = (found.severity, causes.rank(found.condition))
    return ranked < (incident.severity, causes.rank(incident.condition))


def _led_by(
    signal: Signal, found: Classification, incident: Incident, profile: Profile, now: datetime
) -> Incident:
    led = copy.replace(
        incident,
        condition=found.condition,
        severity=found.severity,
        component=found.component,
        rule=found.rule,
        alarm=redact(signal.subject),
        alarm_arn=signal.arn,
        joined=tuple(
            each for each in (*incident.joined, incident.condition) if each != found.condition
        ),
    )
    if found.severity == incident.severity:
        return led
    pages = paging.raised(led, signal, found.why, now, profile)
    response = responses.expected(found.severity, signal.at, profile)
    return copy.replace(led, pages=(*led.pages, *pages), responses=(*led.responses, response))


def worsened(
    incident: Incident, severity: Severity, why: str, profile: Profile, now: datetime
) -> Incident:
    """*incident* that is as grave as *severity* by what was read, with the page of its rise."""
    worse = copy.replace(incident, severity=severity)
    pages = paging.worsened(worse, why, now, profile.routes)
    response = responses.expected(severity, now, profile)
    return copy.replace(worse, pages=(*worse.pages, *pages), responses=(*worse.responses, response))


def _beside(incident: Incident, condition: Condition) -> Incident:
    if condition in (incident.condition, *incident.joined):
        return incident
    return copy.replace(incident, joined=(*incident.joined, condition))


def note(
    signal: Signal, found: Classification, profile: Profile, now: datetime, by: Provenance
) -> Entry:
    """The one entry of a signal that opens nothing, under the id that it would have opened."""
    event = received(signal, found, profile)
    return append(Chain(), noted_id(signal), event.kind, now, by, event.to_ledger())[1]


def noted_id(signal: Signal) -> IncidentId:
    """Where the entry of a signal that opens nothing is kept."""
    return incident_id(signal.key)


def received(signal: Signal, found: Classification, profile: Profile) -> SignalReceived:
    """What the ledger says of a signal: names of ours and its key, never its free text.

    What stands where a name of AWS's or ours does is redacted, for an event may be anybody's. Of
    what it says beside that, only the words are told that a rule or a guard knows, so that it can
    be judged again.
    """
    words = rules.known_words(signal, profile) | circumstances.known_words(signal)
    return SignalReceived(
        disposition=found.disposition,
        why=redact(found.why),
        rule=found.rule,
        severity=found.severity,
        condition=found.condition,
        source_kind=signal.kind,
        source=redact(signal.source),
        subject=redact(signal.subject),
        state=redact(signal.state),
        signalled_at=signal.at,
        key_digest=digest(signal.key.encode()),
        cause=found.cause,
        marks=signal.marks,
        region=signal.region,
        arn=redact(signal.arn),
        words=words,
        drill=signal.drill or None,
    )
