"""Fixes are intended, sent once, done on dead hosts, and judged by observation."""

import itertools
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from firstline.actions.cancel_refresh import REFRESH_ID
from firstline.actions.catalogue import UNDO_RESULTS
from firstline.diagnosis.evidence import AlarmState
from firstline.ids import InstanceId
from firstline.lab.simulation.run_result import RunResult
from firstline.ledger.entries import FixIntended, FixReported, FixVerified

if TYPE_CHECKING:
    from firstline.lab.twin.world import Mutation

OK_FOR = timedelta(seconds=40)
"""An alarm that was OK for so long cannot have been read as firing."""
VERIFICATION_WINDOW = timedelta(seconds=150)
"""K observations at their interval, on evidence that may be a little old."""
SKEW = timedelta(seconds=16)
"""The maximum difference between two workers' clocks."""


def intended_before_sent(result: RunResult) -> Iterator[str]:
    """I8: each mutation has a committed intent with its token and its hosts."""
    for done in result.mutations:
        intent = result.intents.get(done.token)
        if intent is None or intent.at > done.at + SKEW:
            yield f"{done.action} {done.token[:8]} was done without an intent"
        elif not set(done.hosts) <= set(intent.event.hosts):
            yield f"{done.action} {done.token[:8]} touched hosts that its intent does not name"


def sent_once(result: RunResult) -> Iterator[str]:
    """I9: each intent is sent once."""
    sent = Counter(each.token for each in result.mutations)
    yield from (f"{token[:8]} was sent {times} times" for token, times in sent.items() if times > 1)


def not_sent_is_true(result: RunResult) -> Iterator[str]:
    """I9: a fix recorded as not sent was not sent, because it would be sent again."""
    sent = {each.token for each in result.mutations}
    for record in result.events(FixReported):
        if record.event.outcome == "not-sent" and record.event.token in sent:
            yield f"{record.incident}: {record.event.token[:8]} was sent, and recorded as not sent"


def done_is_true(result: RunResult) -> Iterator[str]:
    """I9: a fix recorded as done was done by firstline; a cancel may follow its refresh's end."""
    sent = {each.token for each in result.mutations}
    for record in result.events(FixReported):
        if record.event.outcome == "done" and record.event.token not in sent | _ended(
            result, record.at
        ):
            yield f"{record.incident}: {record.event.token[:8]} was not sent, and recorded as done"


def _ended(result: RunResult, at: datetime) -> set[str]:
    """Return the intents to cancel a refresh that has ended."""
    over = {each.id for each in result.world.group.refreshes if each.status(at) != "InProgress"}
    return {
        token
        for token, each in result.intents.items()
        if each.event.parameters.get(REFRESH_ID) in over
    }


def fixes_do_not_overlap(result: RunResult) -> Iterator[str]:
    """I10: no fix of the group begins while another is still being carried out."""
    ends = {
        command.comment: max(at for at, _ in command.answers.values())
        for command in result.world.commands.values()
        if all(each.status != "Undeliverable" for _, each in command.answers.values())
    }
    busy_until = result.world.start
    for done in sorted(result.mutations, key=lambda each: each.at):
        if done.at < busy_until:
            yield f"{done.action} {done.token[:8]} began during another"
        busy_until = max(busy_until, ends.get(done.token, busy_until))


def few_serving_hosts_are_touched(result: RunResult) -> Iterator[str]:
    """I11: all incidents together touch a share of the serving hosts in any window."""
    window = timedelta(seconds=result.policy.budget_window_seconds)
    for first in result.mutations:
        touched = {
            host
            for each in result.mutations
            if first.at <= each.at < first.at + window
            for host in each.hosts
            if result.served_throughout(host, each.at)
        }
        size = len(result.world.group.in_service(first.at))
        if len(touched) > max(1, size * result.policy.budget_percent // 100):
            yield f"{len(touched)} of {size} hosts that served were touched in a window"
            return


def no_healthy_host_is_fixed(result: RunResult) -> Iterator[str]:
    """I12, S22: no fix of a host that served for as long as evidence is valid."""
    for done in result.mutations:
        if done.action in GROUP_ACTIONS:
            continue
        for host in done.hosts:
            if result.served_throughout(host, done.at):
                yield f"{done.action} on {host}, which served"


GROUP_ACTIONS = ("refresh_fleet", "scale_out", "cancel_refresh")
"""Actions on the group as a whole."""


def targets_belong_to_the_group(result: RunResult) -> Iterator[str]:
    """I13: each target was in service in the group, and one is named at a time."""
    for done in result.mutations:
        intent = result.intents.get(done.token)
        named = intent.event.hosts if intent else ()
        if done.action not in GROUP_ACTIONS and len(named) != 1:
            yield f"{done.action} names {len(named)} hosts"
        for host in named:
            if not _in_service(result, host, done.at):
                yield f"{done.action} on {host}, which is none of the group's"


def _in_service(result: RunResult, host: InstanceId, at: datetime) -> bool:
    known = result.world.hosts.get(host)
    # a read may be a little old, and its fix was sent later
    return known is not None and any(
        known.in_service(at - timedelta(seconds=each)) for each in (1, 30)
    )


def fixes_need_a_firing_alarm(result: RunResult) -> Iterator[str]:
    """I14: no fix while the alarm is OK, unless an earlier one was verified."""
    helped: set[str] = set()
    for record in result.events(FixVerified, FixIntended):
        event = record.event
        if isinstance(event, FixVerified):
            mended = event.helped and event.action not in UNDO_RESULTS
            helped |= {record.incident} if mended else set()
        elif record.incident in helped:
            continue
        elif event.action not in UNDO_RESULTS and not result.any_alarm_fired(
            record.at + SKEW, OK_FOR + SKEW
        ):
            yield f"{record.incident} fixed at {record.at.time()} while no alarm fired"


def missing_data_permits_no_fix(result: RunResult) -> Iterator[str]:
    """I16: while the alarm has insufficient data, only dead hosts are touched."""
    for done in result.mutations:
        intent = result.intents.get(done.token)
        incident = result.by_id.get(intent.incident) if intent else None
        state = result.alarm_state(incident.alarm_arn, done.at) if incident else None
        if state is not AlarmState.INSUFFICIENT_DATA:
            continue
        for host in done.hosts:
            if result.served_once(host, done.at, timedelta(seconds=60)):
                yield f"{done.action} on {host}, and nothing but missing data spoke against it"


def refreshes_keep_the_floor(result: RunResult) -> Iterator[str]:
    """I19: a refresh keeps the floor while a host serves, and no fix overlaps another's.

    Another's refresh is never cancelled.
    """
    for each in result.world.group.refreshes:
        if each.by_hand and each.cancelled_at is not None:
            yield f"{each.id} is somebody's, and was cancelled"
    floor = result.policy.healthy_floor_percent
    for done in result.mutations:
        least = int(done.parameters.get("MinHealthyPercentage", "100"))
        serving = [each for each in done.hosts if result.served_throughout(each, done.at)]
        if least < floor and serving:
            yield f"a refresh kept {least} % while {len(serving)} served"
        others = [
            each
            for each in result.world.group.refreshes
            if each.id == "refresh-other" and each.started_at < done.at < each.ends_at
        ]
        if others and done.action != "cancel_refresh":
            yield f"{done.action} in the midst of somebody's refresh"


def attempts_are_bounded(result: RunResult) -> Iterator[str]:
    """I20: attempts on a target in a window are limited, each after its cooldown.

    An order that a host refused is not counted. All hosts that the group wants have a limit
    together too.
    """
    yield from _attempts_of_the_group(result)
    window = timedelta(seconds=result.policy.attempts_window_seconds)
    by_target: dict[tuple[str, tuple[InstanceId, ...]], list[Mutation]] = {}
    for done in result.mutations:
        if done.action not in GROUP_ACTIONS and done.token not in result.refused_tokens:
            by_target.setdefault((done.action, done.hosts), []).append(done)
    for (action, hosts), tried in by_target.items():
        for each in tried:
            later = [it for it in tried if each.at <= it.at < each.at + window]
            if len(later) > result.policy.attempts_per_target_max:
                yield f"{action} on {', '.join(hosts)} {len(later)} times"
                break
        cooldown = timedelta(seconds=result.policy.cooldown_seconds) - SKEW
        for before, after in itertools.pairwise(tried):
            if after.at - before.at < cooldown:
                yield f"{action} on {', '.join(hosts)} again after {after.at - before.at}"


def _attempts_of_the_group(result: RunResult) -> Iterator[str]:
    window = timedelta(seconds=result.policy.attempts_window_seconds)
    size = max(1, result.world.group.desired, len(result.world.scenario.hosts))
    limit = result.policy.attempts_per_target_max * size
    done = [each for each in result.mutations if each.action not in GROUP_ACTIONS]
    for first in done:
        same = [each for each in done if each.action == first.action]
        made = sum(1 for each in same if first.at <= each.at < first.at + window)
        if made > limit:
            yield f"{first.action} {made} times in a group of {size}"
            return


def verified_is_true(result: RunResult) -> Iterator[str]:
    """I23: a fix that is recorded as helpful left a host that served at its verdict."""
    for record in result.events(FixVerified):
        intent = result.intents.get(record.event.token)
        if not record.event.helped or intent is None or intent.event.action in GROUP_ACTIONS:
            continue
        hosts = list(intent.event.hosts)
        if intent.event.action == "replace_instance":
            hosts = [each for each in result.world.hosts if each not in hosts]
        if not any(result.served_once(each, record.at, VERIFICATION_WINDOW) for each in hosts):
            yield f"{record.incident}: {intent.event.action} did not help, and is said to have"
