"""Acting: a fix is intended, sent once, on a host that is dead, and judged by looking."""

import itertools
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from firstline.actions.cancel_refresh import REFRESH_ID
from firstline.actions.catalogue import UNDO_RESULTS
from firstline.diagnosis.evidence import AlarmState
from firstline.ids import InstanceId
from firstline.lab.simulation.left import Left
from firstline.ledger.entries import FixIntended, FixReported, FixVerified

if TYPE_CHECKING:
    from firstline.lab.twin.world import Mutation

QUIET = timedelta(seconds=40)
"""An alarm that was OK for so long cannot have been read as firing."""
VERIFIED_BY = timedelta(seconds=150)
"""K readings at their interval, of evidence that may be a little old."""
SKEW = timedelta(seconds=16)
"""As far as the clocks of two workers may differ."""


def intended_before_sent(left: Left) -> Iterator[str]:
    """I8: nothing is done without a committed intent that bears its token and names its hosts."""
    for done in left.mutations:
        intent = left.intents.get(done.token)
        if intent is None or intent.at > done.at + SKEW:
            yield f"{done.action} {done.token[:8]} was done without an intent"
        elif not set(done.hosts) <= set(intent.event.hosts):
            yield f"{done.action} {done.token[:8]} touched hosts that its intent does not name"


def sent_once(left: Left) -> Iterator[str]:
    """I9: each intent is sent once."""
    sent = Counter(each.token for each in left.mutations)
    yield from (f"{token[:8]} was sent {times} times" for token, times in sent.items() if times > 1)


def not_sent_is_not_sent(left: Left) -> Iterator[str]:
    """I9: what is recorded as not sent was not sent: it would be done again."""
    sent = {each.token for each in left.mutations}
    for told in left.of(FixReported):
        if told.event.outcome == "not-sent" and told.event.token in sent:
            yield f"{told.incident}: {told.event.token[:8]} was sent, and recorded as not sent"


def done_is_done(left: Left) -> Iterator[str]:
    """I9: what is recorded as done was done by us; a cancel may come after the end that it wants.

    Nobody else's work is taken for ours.
    """
    sent = {each.token for each in left.mutations}
    for told in left.of(FixReported):
        if told.event.outcome == "done" and told.event.token not in sent | _ended(left, told.at):
            yield f"{told.incident}: {told.event.token[:8]} was not sent, and recorded as done"


def _ended(left: Left, at: datetime) -> set[str]:
    """The intents to cancel a refresh that goes on no more."""
    over = {each.id for each in left.world.group.refreshes if each.status(at) != "InProgress"}
    return {
        token
        for token, each in left.intents.items()
        if each.event.parameters.get(REFRESH_ID) in over
    }


def one_at_a_time(left: Left) -> Iterator[str]:
    """I10: no fix of the group begins while another has not been carried out."""
    ends = {
        command.comment: max(at for at, _ in command.answers.values())
        for command in left.world.commands.values()
        if all(each.status != "Undeliverable" for _, each in command.answers.values())
    }
    busy_until = left.world.start
    for done in sorted(left.mutations, key=lambda each: each.at):
        if done.at < busy_until:
            yield f"{done.action} {done.token[:8]} began during another"
        busy_until = max(busy_until, ends.get(done.token, busy_until))


def the_living_are_few(left: Left) -> Iterator[str]:
    """I11: of the hosts that serve only a share is touched in any window, by all incidents."""
    window = timedelta(seconds=left.policy.budget_window_seconds)
    for first in left.mutations:
        touched = {
            host
            for each in left.mutations
            if first.at <= each.at < first.at + window
            for host in each.hosts
            if left.served(host, each.at)
        }
        size = len(left.world.group.in_service(first.at))
        if len(touched) > max(1, size * left.policy.budget_percent // 100):
            yield f"{len(touched)} of {size} hosts that served were touched in a window"
            return


def nothing_healthy_is_touched(left: Left) -> Iterator[str]:
    """I12, S22: no host is fixed by itself that had served for as long as evidence may be old."""
    for done in left.mutations:
        if done.action in FLEET:
            continue
        for host in done.hosts:
            if left.served(host, done.at):
                yield f"{done.action} on {host}, which served"


FLEET = ("refresh_fleet", "scale_out", "cancel_refresh")
"""What is done to the group as a whole."""


def targets_are_of_the_group(left: Left) -> Iterator[str]:
    """I13: whoever was fixed was in service in the group lately, and one is named at a time."""
    for done in left.mutations:
        intent = left.intents.get(done.token)
        named = intent.event.hosts if intent else ()
        if done.action not in FLEET and len(named) != 1:
            yield f"{done.action} names {len(named)} hosts"
        for host in named:
            if not _in_service(left, host, done.at):
                yield f"{done.action} on {host}, which is none of the group's"


def _in_service(left: Left, host: InstanceId, at: datetime) -> bool:
    known = left.world.hosts.get(host)
    # a read may be a little old, and what it licensed was sent after that
    return known is not None and any(
        known.in_service(at - timedelta(seconds=each)) for each in (1, 30)
    )


def fixed_while_it_fires(left: Left) -> Iterator[str]:
    """I14: no fix while the alarm is OK, unless a fix of the incident was verified before."""
    helped: set[str] = set()
    for told in left.of(FixVerified, FixIntended):
        event = told.event
        if isinstance(event, FixVerified):
            mended = event.helped and event.action not in UNDO_RESULTS
            helped |= {told.incident} if mended else set()
        elif told.incident in helped:
            continue
        elif event.action not in UNDO_RESULTS and not left.fired(told.at + SKEW, QUIET + SKEW):
            yield f"{told.incident} fixed at {told.at.time()} while no alarm fired"


def silence_licenses_nothing(left: Left) -> Iterator[str]:
    """I16: where an alarm only has no data, nothing is touched but what is dead."""
    for done in left.mutations:
        intent = left.intents.get(done.token)
        held = left.by_id.get(intent.incident) if intent else None
        state = left.state(held.alarm_arn, done.at) if held else None
        if state is not AlarmState.INSUFFICIENT_DATA:
            continue
        for host in done.hosts:
            if left.seen_serving(host, done.at, timedelta(seconds=60)):
                yield f"{done.action} on {host}, and nothing but missing data spoke against it"


def refreshes_are_gentle(left: Left) -> Iterator[str]:
    """I19: a refresh keeps the floor while anything serves; nothing is replaced in another's.

    Nor is another's cancelled.
    """
    for each in left.world.group.refreshes:
        if each.by_hand and each.cancelled_at is not None:
            yield f"{each.id} is somebody's, and was cancelled"
    floor = left.policy.healthy_floor_percent
    for done in left.mutations:
        least = int(done.parameters.get("MinHealthyPercentage", "100"))
        serving = [each for each in done.hosts if left.served(each, done.at)]
        if least < floor and serving:
            yield f"a refresh kept {least} % while {len(serving)} served"
        others = [
            each
            for each in left.world.group.refreshes
            if each.id == "refresh-other" and each.started_at < done.at < each.ends_at
        ]
        if others and done.action != "cancel_refresh":
            yield f"{done.action} in the midst of somebody's refresh"


def attempts_are_bounded(left: Left) -> Iterator[str]:
    """I20: so many attempts on a target within the window, each later than its cooldown.

    What a host refused did nothing there. All the hosts that the group wants have so many
    together, whichever they are.
    """
    yield from _attempts_of_the_group(left)
    window = timedelta(seconds=left.policy.attempts_window_seconds)
    by_target: dict[tuple[str, tuple[InstanceId, ...]], list[Mutation]] = {}
    for done in left.mutations:
        if done.action not in FLEET and done.token not in left.refused:
            by_target.setdefault((done.action, done.hosts), []).append(done)
    for (action, hosts), tried in by_target.items():
        for each in tried:
            later = [it for it in tried if each.at <= it.at < each.at + window]
            if len(later) > left.policy.attempts_per_target_max:
                yield f"{action} on {', '.join(hosts)} {len(later)} times"
                break
        cooldown = timedelta(seconds=left.policy.cooldown_seconds) - SKEW
        for before, after in itertools.pairwise(tried):
            if after.at - before.at < cooldown:
                yield f"{action} on {', '.join(hosts)} again after {after.at - before.at}"


def _attempts_of_the_group(left: Left) -> Iterator[str]:
    window = timedelta(seconds=left.policy.attempts_window_seconds)
    wanted = max(1, left.world.group.desired, len(left.world.scenario.hosts))
    most = left.policy.attempts_per_target_max * wanted
    done = [each for each in left.mutations if each.action not in FLEET]
    for first in done:
        same = [each for each in done if each.action == first.action]
        made = sum(1 for each in same if first.at <= each.at < first.at + window)
        if made > most:
            yield f"{first.action} {made} times in a group of {wanted}"
            return


def verified_is_true(left: Left) -> Iterator[str]:
    """I23: a fix that is said to have helped left a host that served when it was judged."""
    for told in left.of(FixVerified):
        intent = left.intents.get(told.event.token)
        if not told.event.helped or intent is None or intent.event.action in FLEET:
            continue
        hosts = list(intent.event.hosts)
        if intent.event.action == "replace_instance":
            hosts = [each for each in left.world.hosts if each not in hosts]
        if not any(left.seen_serving(each, told.at, VERIFIED_BY) for each in hosts):
            yield f"{told.incident}: {intent.event.action} did not help, and is said to have"
