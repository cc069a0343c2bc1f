"""Record: the ledger is whole, explains what was done, and tells nothing that it must not."""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta

from firstline.event_sources import ALARM
from firstline.ids import incident_id
from firstline.lab.redecide.again import Compared, again
from firstline.lab.redecide.record import story
from firstline.lab.simulation.envelopes import CANARY_DETAILS, CANARY_TEXT, CANARY_USER
from firstline.lab.simulation.left import Left
from firstline.ledger import verify as audit
from firstline.ledger.entries import DecisionMade, FixIntended, SignalReceived, SignalsJoined
from firstline.ledger.export import decode_entry
from firstline.remediation.guards.order import ALL_GUARDS, guard_name
from firstline.signal import Mark
from firstline.signals.sources.envelope import parse

SKEW = timedelta(seconds=10)
PATIENCE = timedelta(minutes=15)
"""As long as faults may keep the last step back."""
CANARIES = (CANARY_USER, CANARY_DETAILS, CANARY_TEXT)
GUARDS = tuple(map(guard_name, ALL_GUARDS))


def everything_ends(left: Left) -> Iterator[str]:
    """I24: after the faults are over each incident ends, and nobody owes a page."""
    run = left.run
    longest = left.policy.incident_age_max_seconds + left.policy.quiet_seconds
    bound = timedelta(seconds=longest) + PATIENCE
    if not run.ended:
        yield f"something was still to do after {run.world.elapsed}, {run.scheduler.steps} steps"
    for held in left.held:
        if not held.ended:
            yield f"{held.id} is {held.status}"
        elif held.ended_at is None or held.ended_at > held.opened_at + bound:
            yield f"{held.id} ended at {held.ended_at}, opened at {held.opened_at}"
        if any(each.sent_at is None and each.traits.awaited for each in held.pages):
            yield f"{held.id} still owes a page"


def chains_hold(left: Left) -> Iterator[str]:
    """I25: each chain holds from its first entry to the head that its incident names."""
    heads = {each.id: each.chain.head for each in left.held}
    for id_, entries in left.run.door.store.tables.entries.items():
        export = "".join(f"{entry.body}\n" for entry in entries).encode()
        found = audit.verify(export, (heads[id_],) if id_ in heads else ())
        if found.faults:
            yield f"{id_}: {found.faults[0].why}"


def the_ledger_explains(left: Left) -> Iterator[str]:
    """I26: before each fix stands the decision for its plan, with every guard's yes."""
    decided: dict[str, DecisionMade] = {}
    for told in left.of(DecisionMade, FixIntended):
        if isinstance(told.event, DecisionMade):
            decided[told.incident] = told.event
        else:
            yield from _unexplained(told.incident, told.event, decided.get(told.incident))


def _unexplained(id_: str, intent: FixIntended, why: DecisionMade | None) -> Iterator[str]:
    plan = why.plan if why else None
    if why is None or plan is None or plan.hash != intent.plan or not why.facts:
        yield f"{id_}: no decision stands before the fix {intent.token[:8]}"
    elif tuple(each.guard for each in why.guards) != GUARDS:
        yield f"{id_}: not every guard was asked about {intent.token[:8]}"
    elif why.denials:
        yield f"{id_}: a guard said no, and it was done"


def decided_again_the_same(left: Left) -> Iterator[str]:
    """I26: each decision, decided again from its own record, is the same."""
    policies = {left.run.profile.digest: left.run.profile}
    for entries in left.run.door.store.tables.entries.values():
        told = story(map(decode_entry, entries))
        compared = again(told, policies) if told else Compared()
        for each in compared.differences:
            yield f"{told and told.id}: entry {each.sequence} ({each.kind}), {each.field}"
        if compared.why:
            yield f"{told and told.id}: {compared.why}"


def nothing_personal_is_told(left: Left) -> Iterator[str]:
    """I27: no user, no word of a report and no description is in an entry, a page or a notice."""
    entries = (each.body for all_ in left.run.door.store.tables.entries.values() for each in all_)
    pages = (json.dumps(each.body) for each in left.received)
    changes = (json.dumps(each.body) for each in left.run.door.pager.alerts.changes)
    notices = (f"{subject}{text}" for _, subject, text in left.world.notices)
    for text in (*entries, *pages, *changes, *notices):
        found = [each for each in CANARIES if each in text]
        if found:
            yield f"{found[0]!r} is told: {text[:60]}"
            return


def nothing_foreign_is_taken(left: Left) -> Iterator[str]:
    """I28: what another account, Region or source tells opens nothing, and is kept as rejected."""
    home = left.run.system.settings.home
    rejected = (
        {it.incident for it in left.of(SignalReceived) if it.event.disposition == "rejected"}
        if left.labelled("foreign")
        else set[str]()
    )
    for body in left.labelled("foreign"):
        at = left.run.mail.received.get(body)
        dead = any(message.payload == body for _, message in left.run.mail.dead)
        if at is None or dead:
            continue
        noted = incident_id(parse(body, home, at).key)
        if noted in left.by_id or noted not in rejected:
            yield f"{noted} is none of ours, and was not rejected"
    if left.labelled("foreign") and left.mutations:
        yield "a fix was done for what is none of ours"


def clocks_change_nothing(left: Left) -> Iterator[str]:
    """I29: no clock puts a signal after its receipt, or a lease beyond its bound."""
    longest = timedelta(hours=2)
    for held in left.held:
        if held.signalled_at > held.opened_at + SKEW:
            yield f"{held.id} is of {held.signalled_at.time()}, opened {held.opened_at.time()}"
        for each in held.attempts:
            if not timedelta(0) < each.lease_until - each.intended_at < longest:
                yield f"{held.id}: the lease of {each.token[:8]} has no bound"
    for told in left.entries:
        if told.at > left.world.now + SKEW:
            yield f"{told.incident}: an entry is of the future"


def one_transition_is_one_signal(left: Left) -> Iterator[str]:
    """I30: the same transition has the same key and severity, in whatever form it comes."""
    transitions = Counter(
        (held.alarm_arn, held.signalled_at) for held in left.held if held.alarm_arn
    )
    for (arn, at), times in transitions.items():
        if times > 1:
            yield f"{arn.rpartition(':')[2]} of {at.time()} opened {times} incidents"
    keys: dict[tuple[str, str, datetime | None], set[str]] = {}
    for entry in left.of(SignalReceived, SignalsJoined):
        for told in entry.event.signals:
            # the event of an alarm that was muted opened nothing: a sweep may, under another key
            if told.source == ALARM and not {Mark.REPLAYED, Mark.MUTED} & set(told.marks):
                transition = (told.subject, told.state, told.signalled_at)
                keys.setdefault(transition, set()).add(told.key_digest)
    for transition, known in keys.items():
        if len(known) > 1:
            yield f"{transition} has {len(known)} keys"
