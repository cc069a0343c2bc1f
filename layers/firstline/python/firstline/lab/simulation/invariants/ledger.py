"""The ledger is complete, explains each fix, and contains nothing personal."""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta

from firstline.event_sources import ALARM
from firstline.ids import incident_id
from firstline.lab.redecide.incident_record import incident_record
from firstline.lab.redecide.redecision import RedecisionResult, redecide
from firstline.lab.simulation.envelopes import CANARY_DETAILS, CANARY_TEXT, CANARY_USER
from firstline.lab.simulation.run_result import RunResult
from firstline.ledger import verify as audit
from firstline.ledger.entries import DecisionMade, FixIntended, SignalReceived, SignalsJoined
from firstline.ledger.export import decode_entry
from firstline.remediation.guards.order import ALL_GUARDS, guard_name
from firstline.signal import Mark
from firstline.signals.sources.envelope import parse

SKEW = timedelta(seconds=10)
PATIENCE = timedelta(minutes=15)
"""Faults may delay the last step by so long."""
CANARIES = (CANARY_USER, CANARY_DETAILS, CANARY_TEXT)
GUARDS = tuple(map(guard_name, ALL_GUARDS))


def every_incident_ends(result: RunResult) -> Iterator[str]:
    """I24: after the faults each incident ends, and no page is pending."""
    run = result.run
    longest = result.policy.incident_age_max_seconds + result.policy.quiet_seconds
    bound = timedelta(seconds=longest) + PATIENCE
    if not run.completed:
        yield f"something was still to do after {run.world.elapsed}, {run.scheduler.steps} steps"
    for incident in result.incidents:
        if not incident.ended:
            yield f"{incident.id} is {incident.status}"
        elif incident.ended_at is None or incident.ended_at > incident.opened_at + bound:
            yield f"{incident.id} ended at {incident.ended_at}, opened at {incident.opened_at}"
        if any(each.sent_at is None and each.traits.awaited for each in incident.pages):
            yield f"{incident.id} still owes a page"


def chains_verify(result: RunResult) -> Iterator[str]:
    """I25: each chain verifies from its first entry to the head that its incident names."""
    heads = {each.id: each.chain.head for each in result.incidents}
    for id_, entries in result.run.backend.store.tables.entries.items():
        export = "".join(f"{entry.body}\n" for entry in entries).encode()
        audited = audit.verify(export, (heads[id_],) if id_ in heads else ())
        if audited.faults:
            yield f"{id_}: {audited.faults[0].why}"


def decisions_precede_fixes(result: RunResult) -> Iterator[str]:
    """I26: a decision on its plan, with every guard's approval, precedes each fix."""
    decided: dict[str, DecisionMade] = {}
    for record in result.events(DecisionMade, FixIntended):
        if isinstance(record.event, DecisionMade):
            decided[record.incident] = record.event
        else:
            yield from _unexplained(record.incident, record.event, decided.get(record.incident))


def _unexplained(id_: str, intent: FixIntended, why: DecisionMade | None) -> Iterator[str]:
    plan = why.plan if why else None
    if why is None or plan is None or plan.hash != intent.plan or not why.facts:
        yield f"{id_}: no decision stands before the fix {intent.token[:8]}"
    elif tuple(each.guard for each in why.guards) != GUARDS:
        yield f"{id_}: not every guard was asked about {intent.token[:8]}"
    elif why.denials:
        yield f"{id_}: a guard said no, and it was done"


def decisions_are_reproducible(result: RunResult) -> Iterator[str]:
    """I26: each decision, made again from its own record, is the same."""
    policies = {result.run.profile.digest: result.run.profile}
    for entries in result.run.backend.store.tables.entries.values():
        record = incident_record(map(decode_entry, entries))
        compared = redecide(record, policies) if record else RedecisionResult()
        for each in compared.differences:
            yield f"{record and record.id}: entry {each.sequence} ({each.kind}), {each.field}"
        if compared.why:
            yield f"{record and record.id}: {compared.why}"


def no_personal_data_leaks(result: RunResult) -> Iterator[str]:
    """I27: no user and no free text is in an entry, a page or a notice."""
    entries = (
        each.body for all_ in result.run.backend.store.tables.entries.values() for each in all_
    )
    pages = (json.dumps(each.body) for each in result.received)
    changes = (json.dumps(each.body) for each in result.run.backend.pager.alerts.changes)
    notices = (f"{subject}{text}" for _, subject, text in result.world.notices)
    for text in (*entries, *pages, *changes, *notices):
        canaries = [each for each in CANARIES if each in text]
        if canaries:
            yield f"{canaries[0]!r} is told: {text[:60]}"
            return


def foreign_events_are_rejected(result: RunResult) -> Iterator[str]:
    """I28: events of another account, Region or source are rejected and open nothing."""
    home = result.run.system.settings.home
    rejected = (
        {it.incident for it in result.events(SignalReceived) if it.event.disposition == "rejected"}
        if result.bodies("foreign")
        else set[str]()
    )
    for body in result.bodies("foreign"):
        at = result.run.queues.first_received.get(body)
        dead = any(message.payload == body for _, message in result.run.queues.dead_letters)
        if at is None or dead:
            continue
        noted = incident_id(parse(body, home, at).key)
        if noted in result.by_id or noted not in rejected:
            yield f"{noted} is none of ours, and was not rejected"
    if result.bodies("foreign") and result.mutations:
        yield "a fix was done for what is none of ours"


def clock_skew_changes_nothing(result: RunResult) -> Iterator[str]:
    """I29: no signal is later than its receipt, and each lease has a bound."""
    longest = timedelta(hours=2)
    for incident in result.incidents:
        if incident.signalled_at > incident.opened_at + SKEW:
            signalled, opened = incident.signalled_at.time(), incident.opened_at.time()
            yield f"{incident.id} is of {signalled}, opened {opened}"
        for each in incident.attempts:
            if not timedelta(0) < each.lease_until - each.intended_at < longest:
                yield f"{incident.id}: the lease of {each.token[:8]} has no bound"
    for record in result.entries:
        if record.at > result.world.now + SKEW:
            yield f"{record.incident}: an entry is of the future"


def one_signal_per_transition(result: RunResult) -> Iterator[str]:
    """I30: a transition has one key and one severity, in every form of its event."""
    transitions = Counter(
        (incident.alarm_arn, incident.signalled_at)
        for incident in result.incidents
        if incident.alarm_arn
    )
    for (arn, at), times in transitions.items():
        if times > 1:
            yield f"{arn.rpartition(':')[2]} of {at.time()} opened {times} incidents"
    keys: dict[tuple[str, str, datetime | None], set[str]] = {}
    for entry in result.events(SignalReceived, SignalsJoined):
        for record in entry.event.signals:
            # the event of an alarm that was muted opened nothing: a sweep may, under another key
            if record.source == ALARM and not {Mark.REPLAYED, Mark.MUTED} & set(record.marks):
                transition = (record.subject, record.state, record.signalled_at)
                keys.setdefault(transition, set()).add(record.key_digest)
    for transition, known in keys.items():
        if len(known) > 1:
            yield f"{transition} has {len(known)} keys"
