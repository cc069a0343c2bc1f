"""Write the report of an incident: its chain of entries, and the policy that they were under."""

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
from firstline.reporting.postmortem.alarm_plots import alarm, alarm_plots
from firstline.reporting.postmortem.cause import cause, component, unreadable
from firstline.reporting.postmortem.changes import changes
from firstline.reporting.postmortem.choices import choices
from firstline.reporting.postmortem.figures import figures
from firstline.reporting.postmortem.fixes import fixes
from firstline.reporting.postmortem.follow_ups import follow_ups
from firstline.reporting.postmortem.guidance import guidance
from firstline.reporting.postmortem.health import Known, known, worst
from firstline.reporting.postmortem.meeting import meeting
from firstline.reporting.postmortem.plots import comparisons, plots
from firstline.reporting.postmortem.record import Record, read, reports
from firstline.reporting.postmortem.report import Report
from firstline.reporting.postmortem.standing import standing
from firstline.reporting.postmortem.summary import summary, title
from firstline.reporting.postmortem.timeline import moments
from firstline.reporting.postmortem.words import grouped, named
from firstline.reporting.timeline import said

AGE_MAX = timedelta(minutes=2)
"""How old evidence may be where the policy is not at hand."""


def write(chain: tuple[Entry, ...], profile: Profile | None) -> Report:
    """The report of one incident; without its *profile* nothing is known of rules and meetings.

    Raises `InvalidInput` for a chain that is empty or cannot be read.
    """
    exported = tuple(map(decode_entry, chain))
    record = read(exported)
    if not record:
        raise InvalidInput("a report is of an incident: the chain has no entry")
    age_max = seconds(profile.policy.evidence_age_max_seconds) if profile else AGE_MAX
    criteria = profile.criteria if profile else CRITERIA
    fixed, found = fixes(record), tuple(known(record, age_max, criteria))
    stands, at_worst, made = standing(record, fixed), worst(found), choices(record)
    likely = cause(record, stands, at_worst, fixed)
    following = follow_ups(record, stands, at_worst, fixed)
    affected = component(stands, at_worst, profile)
    return Report(
        **msgspec.structs.asdict(stands),
        incident=redact(record[0].entry.incident, 80),
        component=affected,
        title=title(stands),
        guidance=guidance(record, stands, following),
        links=_links(record, profile),
        summary=tuple(summary(record, stands, fixed, likely)),
        figures=figures(record, stands, fixed, affected),
        moments=moments(exported, record, fixed),
        known=_known(record, at_worst),
        unknown=tuple(dict.fromkeys(unreadable(record, at_worst))),
        choices=made,
        plots=plots(record, found, alarm_plots(record, found, stands, profile)),
        comparisons=comparisons(record, alarm(stands, profile)),
        cause=likely,
        follow_ups=following,
        changes=changes(record, stands, fixed, made),
        meeting=meeting(stands, profile.business_day, profile.policy.postmortem_within_days)
        if profile
        else None,
        entries=len(record),
        head=record[-1].entry.hash,
        policies=tuple(dict.fromkeys(each.policy for each in record)),
        codes=tuple(dict.fromkeys(each.code for each in record)),
    )


def ended(chain: tuple[Entry, ...]) -> bool:
    """Whether *chain* is of an incident that was closed or handed over.

    Raises `InvalidInput` for an entry that is none; what else an entry says is not read.
    """
    said = tuple(map(decode_entry, chain))
    return bool(said) and said[0].opens and any(each.ends for each in said)


def _links(record: Record, profile: Profile | None) -> tuple[Link, ...]:
    """The alarm that leads it, and the pages of its fleet in the alarm's Region."""
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


def _known(record: Record, at_worst: Known | None) -> tuple[str, ...]:
    """What the looks brought, hosts that said the same together, and the diagnosis at the worst."""
    hosts = grouped((said(report), host) for host, report in reports(record))
    looks = (f"{named(those)}: {what}" for what, those in hosts.items())
    if at_worst is None or not at_worst.diagnosis.hosts:
        return tuple(looks)
    return (f"at the worst, {at_worst.diagnosis.cause}", *looks)
