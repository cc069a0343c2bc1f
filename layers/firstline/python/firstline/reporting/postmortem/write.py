"""Write the report of an incident from its chain of entries and its policy.

The report is a value made of one chain and its policy, with the readers that judged then. Any
holder of the export can therefore make it again. Each text is redacted as it is read. Positions in
a drawing are percentages and texts keep their size, so a page is to scale on any screen without a
script.
"""

from datetime import timedelta

import msgspec

from firstline.config.profile import Profile, seconds
from firstline.diagnosis.diagnose import CRITERIA
from firstline.errors import InvalidInput
from firstline.ledger.chain import Entry
from firstline.ledger.entries import SignalReceived
from firstline.ledger.export import decode_entry
from firstline.redaction import redact
from firstline.reporting import links
from firstline.reporting.events import events
from firstline.reporting.links import Link, Places
from firstline.reporting.postmortem.alarm_plots import alarm_plots, leading_alarm
from firstline.reporting.postmortem.cause import affected_component, likely_cause, unreadable_facts
from firstline.reporting.postmortem.changes import changes
from firstline.reporting.postmortem.choices import choices
from firstline.reporting.postmortem.figures import figures
from firstline.reporting.postmortem.fixes import fixes
from firstline.reporting.postmortem.follow_ups import follow_ups
from firstline.reporting.postmortem.formatting import group, list_names
from firstline.reporting.postmortem.guidance import guidance
from firstline.reporting.postmortem.health import FleetKnowledge, fleet_knowledge, worst
from firstline.reporting.postmortem.incident_facts import incident_facts
from firstline.reporting.postmortem.meeting import propose_meeting
from firstline.reporting.postmortem.plots import comparisons, plots
from firstline.reporting.postmortem.record import Record, host_reports, redact_record
from firstline.reporting.postmortem.report import Report
from firstline.reporting.postmortem.summary import summary, title
from firstline.reporting.postmortem.timeline import moments
from firstline.reporting.timeline import describe_report

EVIDENCE_AGE_MAX = timedelta(minutes=2)
"""Maximum age of evidence where the policy is unknown."""


def write_report(chain: tuple[Entry, ...], profile: Profile | None) -> Report:
    """The report of one incident; without its *profile* rules and meetings are unknown.

    Raises `InvalidInput` for a chain that is empty or cannot be read.
    """
    exported = tuple(map(decode_entry, chain))
    record = redact_record(exported)
    if not record:
        raise InvalidInput("a report is of an incident: the chain has no entry")
    age_max = seconds(profile.policy.evidence_age_max_seconds) if profile else EVIDENCE_AGE_MAX
    criteria = profile.criteria if profile else CRITERIA
    fixed, knowledge = fixes(record), tuple(fleet_knowledge(record, age_max, criteria))
    facts, at_worst, decisions = incident_facts(record, fixed), worst(knowledge), choices(record)
    cause = likely_cause(record, facts, at_worst, fixed)
    proposals = follow_ups(record, facts, at_worst, fixed)
    component = affected_component(facts, at_worst, profile)
    return Report(
        **msgspec.structs.asdict(facts),
        incident=redact(record[0].entry.incident, 80),
        component=component,
        title=title(facts),
        guidance=guidance(record, facts, proposals),
        links=_links(record, profile),
        summary=tuple(summary(record, facts, fixed, cause)),
        figures=figures(record, facts, fixed, component),
        moments=moments(exported, record, fixed),
        known=_known(record, at_worst),
        unknown=tuple(dict.fromkeys(unreadable_facts(record, at_worst))),
        choices=decisions,
        plots=plots(record, knowledge, alarm_plots(record, knowledge, facts, profile)),
        comparisons=comparisons(record, leading_alarm(facts, profile)),
        cause=cause,
        follow_ups=proposals,
        changes=changes(record, facts, fixed, decisions),
        meeting=propose_meeting(facts, profile.business_day, profile.policy.postmortem_within_days)
        if profile
        else None,
        entries=len(record),
        head=record[-1].entry.hash,
        policies=tuple(dict.fromkeys(each.policy for each in record)),
        codes=tuple(dict.fromkeys(each.code for each in record)),
    )


def has_ended(chain: tuple[Entry, ...]) -> bool:
    """True if *chain* is of an incident that was closed or escalated.

    Raises `InvalidInput` for an invalid entry; the other contents of an entry are not read.
    """
    entries = tuple(map(decode_entry, chain))
    return bool(entries) and entries[0].opens and any(each.ends for each in entries)


def _links(record: Record, profile: Profile | None) -> tuple[Link, ...]:
    """The leading alarm, and the pages of its fleet in the alarm's Region."""
    arn = next((each.arn for each in events(record, SignalReceived) if each.arn), "")
    region = arn.split(":")[3] if arn.count(":") >= 5 else ""  # noqa: PLR2004 - an ARN's parts
    places = Places()
    if profile is not None:
        chosen = profile.links
        places = Places(
            region=region,
            fleet=profile.fleet.name,
            runbook=chosen.runbook,
            pagerduty=chosen.pagerduty,
        )
    incident = record[0].entry.incident
    return (*links.of_incident(Places(), incident, arn, ended=False), *links.of_fleet(places))


def _known(record: Record, at_worst: FleetKnowledge | None) -> tuple[str, ...]:
    """The results of looks, grouped by equal reports, and the diagnosis at the worst."""
    hosts = group((describe_report(report), host) for host, report in host_reports(record))
    looks = (f"{list_names(those)}: {what}" for what, those in hosts.items())
    if at_worst is None or not at_worst.diagnosis.hosts:
        return tuple(looks)
    return (f"at the worst, {at_worst.diagnosis.cause}", *looks)
