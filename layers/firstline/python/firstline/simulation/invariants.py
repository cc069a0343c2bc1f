"""Invariants: what must hold of a run, each by its number, read from ledger and world alone.

A checker gives a line for each place where its invariant does not hold.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

from firstline import audit
from firstline import incident as incidents
from firstline.incident import Incident
from firstline.simulation.run import Run
from firstline.twin.alerts import Received
from firstline.twin.world import Command

PAGED_WITHIN = timedelta(seconds=60)
ON_ITS_WAY = timedelta(seconds=60)
"""As long as a worker that has read the switch may still live."""

type Checker = Callable[[Run], Iterator[str]]


def violations(run: Run) -> list[str]:
    """Every line of every checker, with the invariant's number before it."""
    return [f"{name}: {line}" for name, check in CHECKERS.items() for line in check(run)]


def _held(run: Run) -> list[Incident]:
    return [incidents.decode(each) for each in run.door.store.tables.incidents.values()]


def _told(run: Run, kind: str) -> Iterator[tuple[str, datetime, dict[str, Any]]]:
    """Entries of a kind: whose, when, and what they say."""
    for id_, entries in run.door.store.tables.entries.items():
        for entry in entries:
            body = json.loads(entry.body)
            if body["kind"] == kind:
                yield id_, datetime.fromisoformat(body["at"]), body["data"]


def _fixes(run: Run) -> list[Command]:
    return [each for each in run.world.commands.values() if each.document != "look_host"]


def _received(run: Run) -> tuple[Received, ...]:
    return tuple(run.door.pager.alerts.received)


def paged_in_time(run: Run) -> Iterator[str]:
    """I1: each P1 and P2 leads to an accepted page within 60 s of when that was possible."""
    for held in _held(run):
        if not held.severity.pages:
            continue
        possible = max(held.opened_at, run.healed_at) + PAGED_WITHIN
        sent = [each.at for each in _received(run) if each.key == held.id]
        if not sent or min(sent) > possible:
            yield f"{held.id} was not paged by {possible.time()}"


def notified_once(run: Run) -> Iterator[str]:
    """I2: one notification for each key."""
    for key, alert in run.door.pager.alerts.by_key.items():
        if alert.notifications > 1:
            yield f"{key} notified {alert.notifications} times"


def one_incident_for_one_transition(run: Run) -> Iterator[str]:
    """I3: a second delivery opens nothing."""
    opened = Counter(each.opening for each in _held(run))
    yield from (f"{key} opened {times} incidents" for key, times in opened.items() if times > 1)


def resolved_after_verification(run: Run) -> Iterator[str]:
    """I4: a resolve of an incident's key follows its recovered end, and nothing else."""
    ends: dict[str, str] = {each.id: each.status for each in _held(run)}
    for page in _received(run):
        if page.action == "resolve" and page.key in ends:
            status = ends[page.key]
            if status not in {"resolved", "observed"}:
                yield f"{page.key} was resolved, and is {status}"


def closed_when_all_serve(run: Run) -> Iterator[str]:
    """I4: whatever was closed, every host of the group had served within the last two minutes."""
    for id_, at, data in _told(run, "decision"):
        if data["step"]["type"] != "close":
            continue
        instants = [at - timedelta(seconds=each) for each in range(0, 121, 10)]
        for host in run.world.group.in_service(at):
            if not any(host.serves(each) for each in instants):
                yield f"{id_} was closed while {host.plan.id} did not serve"


def fixed_while_it_fires(run: Run) -> Iterator[str]:
    """I14: no fix while the alarm is OK, unless a fix of the incident was verified before."""
    for id_, entries in run.door.store.tables.entries.items():
        helped, guards = False, {}
        for entry in entries:
            body = json.loads(entry.body)
            if body["kind"] == "verification" and body["data"].get("helped"):
                helped = True
            if body["kind"] == "decision":
                guards = body["data"]
            if body["kind"] == "intent" and "fence" in body["data"]:
                at = datetime.fromisoformat(body["at"])
                if not helped and run.quiet(at):
                    yield f"{id_} fixed at {at.time()} while no alarm fired: {guards['rule']}"


def intended_before_sent(run: Run) -> Iterator[str]:
    """I8: no command without a committed intent that bears its token, made before it."""
    intents = {data["token"]: at for _, at, data in _told(run, "intent")}
    for command in _fixes(run):
        at = intents.get(command.comment)
        if at is None or at > command.sent_at:
            yield f"{command.document} {command.comment[:8]} was sent without an intent"


def sent_once(run: Run) -> Iterator[str]:
    """I9: one command for each token."""
    sent = Counter(each.comment for each in _fixes(run))
    yield from (f"{token[:8]} was sent {times} times" for token, times in sent.items() if times > 1)


def not_sent_is_not_sent(run: Run) -> Iterator[str]:
    """I9: what is recorded as not sent was not sent: it would be done again."""
    sent = {each.comment for each in _fixes(run)}
    for id_, _, data in _told(run, "outcome"):
        if data.get("outcome") == "not-sent" and data["token"] in sent:
            yield f"{id_}: {data['token'][:8]} was sent, and is recorded as not sent"


def one_at_a_time(run: Run) -> Iterator[str]:
    """I10: no fix begins while another of the group has not been carried out."""
    busy_until = run.world.start
    for command in sorted(_fixes(run), key=lambda each: each.sent_at):
        if command.sent_at < busy_until:
            yield f"{command.document} {command.comment[:8]} began during another"
        ends = (at for at, answer in command.answers.values() if answer.status != "Undeliverable")
        busy_until = max([busy_until, *ends])


def nothing_healthy_is_touched(run: Run) -> Iterator[str]:
    """I12, S22: whoever was fixed was dead within the time that evidence may be old."""
    for command in _fixes(run):
        for id_ in command.answers:
            host, at = run.world.hosts[id_], command.sent_at
            instants = (at - timedelta(seconds=s) for s in range(0, 121, 10))
            if all(host.serves(each) for each in instants):
                yield f"{command.document} on {id_}, which served"


def targets_are_of_the_group(run: Run) -> Iterator[str]:
    """I13: whoever was fixed was in service in the managed group, and named by an incident."""
    named = {each.id for held in _held(run) for each in held.targets}
    named |= {host for held in _held(run) for each in held.attempts for host in each.hosts}
    for command in _fixes(run):
        for id_ in command.answers:
            if id_ not in named or not run.world.hosts[id_].in_service(command.sent_at):
                yield f"{command.document} on {id_}, which is none of the group's"


def nothing_is_fixed_in_a_pause(run: Run) -> Iterator[str]:
    """I15: once fixes were stopped, none is sent but what was on its way."""
    stopped: list[tuple[datetime, datetime]] = []
    for _, at, data in _told(run, "pause"):
        if stopped:  # a later pause of everything takes the place of the one before
            stopped[-1] = (stopped[-1][0], min(stopped[-1][1], at))
        if data["change"] == "paused":
            stopped.append((at, datetime.fromisoformat(data["until"])))
    for command in _fixes(run):
        for began, ended in stopped:
            if began + ON_ITS_WAY < command.sent_at < ended:
                yield f"{command.document} was sent at {command.sent_at.time()}, in a pause"


def attempts_are_bounded(run: Run) -> Iterator[str]:
    """I20: at most so many attempts on a target within the window."""
    policy = run.profile.policy
    window = timedelta(seconds=policy.attempts_window_seconds)
    sent = [(each.document, id_, each.sent_at) for each in _fixes(run) for id_ in each.answers]
    for document, id_, at in sent:
        same = [b for d, i, b in sent if (d, i) == (document, id_) and at <= b < at + window]
        if len(same) > policy.attempts_per_target_max:
            yield f"{document} on {id_} {len(same)} times"
            return


def everything_ends(run: Run) -> Iterator[str]:
    """I24: after the faults are over each incident ends, and nobody owes a page."""
    if not run.ended:
        yield f"something was still to do after {run.world.elapsed}, {run.scheduler.steps} steps"
    for held in _held(run):
        if not held.ended:
            yield f"{held.id} is {held.status}"
        if held.ended and any(
            each.sent_at is None and each.channel in {"pager", "team"} for each in held.pages
        ):
            yield f"{held.id} still owes a page"


def chains_hold(run: Run) -> Iterator[str]:
    """I25: each chain holds from its first entry to the head that its incident names."""
    heads = {each.id: each.chain.head for each in _held(run)}
    for id_, entries in run.door.store.tables.entries.items():
        export = "".join(f"{entry.body}\n" for entry in entries).encode()
        found = audit.verify(export, (heads[id_],) if id_ in heads else ())
        if found.fault is not None:
            yield f"{id_}: {found.fault.why}"


CHECKERS: dict[str, Checker] = {
    "I1": paged_in_time,
    "I2": notified_once,
    "I3": one_incident_for_one_transition,
    "I4": resolved_after_verification,
    "I4 (hosts)": closed_when_all_serve,
    "I14": fixed_while_it_fires,
    "I8": intended_before_sent,
    "I9": sent_once,
    "I9 (lost)": not_sent_is_not_sent,
    "I10": one_at_a_time,
    "I12": nothing_healthy_is_touched,
    "I13": targets_are_of_the_group,
    "I15": nothing_is_fixed_in_a_pause,
    "I20": attempts_are_bounded,
    "I24": everything_ends,
    "I25": chains_hold,
}
