"""Surroundings: what people and AWS told stops fixes, and our own doing starts none."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from firstline.lab.simulation.left import Left
from firstline.lab.simulation.run import TIMEOUTS
from firstline.ledger.entries import FixIntended, PauseChanged, SignalReceived
from firstline.remediation.kill_switch import CHAIN

ON_ITS_WAY = timedelta(seconds=90)
"""As long as a worker that has read the circumstances may still live, and clocks may differ."""
SCALES = ("replace_instance", "refresh_fleet", "scale_out")


def nothing_is_fixed_in_a_pause(left: Left) -> Iterator[str]:
    """I15: once fixes were stopped none is sent but what was on its way; unreadable is stopped."""
    stopped = _pauses(left)
    never = left.run.start.scenario.mode == "observe" or left.world.scenario.switch_corrupt
    for done in left.mutations:
        if never:
            yield f"{done.action} was sent, and nothing may be"
        for began, ended in stopped:
            if began + TIMEOUTS["reconcile"] <= done.at < ended:
                yield f"{done.action} was sent at {done.at.time()}, in a pause"


def _pauses(left: Left) -> list[tuple[datetime, datetime]]:
    """When fixes of everything were stopped, and until when, by the world's clock.

    That is when the switch was committed: whoever turned it may have stamped it with a wrong clock.
    """
    stopped: list[tuple[datetime, datetime]] = []
    if left.world.scenario.paused:
        long_ago = left.world.start - timedelta(days=1)
        stopped.append((long_ago, left.world.start + timedelta(days=1)))
    chain = [each for each in left.entries if each.incident == CHAIN]
    for told, at in zip(chain, left.run.turned, strict=True):
        if not isinstance(told.event, PauseChanged):
            continue
        if stopped:  # a later pause of everything takes the place of the one before
            stopped[-1] = (stopped[-1][0], min(stopped[-1][1], at))
        if told.event.change == "paused" and told.event.until is not None:
            stopped.append((at, told.event.until))
    return stopped


def what_is_suppressed_is_left_alone(left: Left) -> Iterator[str]:
    """I17: an incident of which every alarm is suppressed is not fixed."""
    suppressed = {each.id for each in left.held if each.suppressed}
    told_so = bool(left.labelled("suppressed")) and not left.labelled("alarm")
    for told in left.of(FixIntended):
        if told.incident in suppressed or told_so:
            yield f"{told.incident} was fixed, and its alarm is suppressed"


def issues_stop_fixes(left: Left) -> Iterator[str]:
    """I18: in an open issue of AWS's nothing is replaced, and in one of KMS nothing is fixed."""
    for done in left.mutations:
        for service, since in _issues(left):
            stops = service == "KMS" or done.action in SCALES
            if stops and done.at > since + ON_ITS_WAY:
                yield f"{done.action} was sent in an issue of {service}"


def _issues(left: Left) -> Iterator[tuple[str, datetime]]:
    """The services of the issues that were told, and when that was taken in."""
    about = left.about("issue")
    for told in left.of(SignalReceived):
        if told.event.source == "aws.health":
            yield from ((each, told.at) for each in about if each in told.event.subject)


def storms_open_one(left: Left) -> Iterator[str]:
    """I21: of unrelated troubles so many open an incident, and one more stands for the others."""
    window = timedelta(seconds=left.policy.storm_window_seconds)
    opened = [each for each in left.held if each.severity != "P1" and not each.storm]
    for first in opened:
        causes = {
            each.cause
            for each in opened
            if first.opened_at <= each.opened_at < first.opened_at + window
        }
        if len(causes) > left.policy.storm_scopes_max + _races(left):
            yield f"{len(causes)} unrelated troubles opened incidents within {window}"
            return
    for held in left.held:
        if held.storm and held.attempts:
            yield f"{held.id} stands for a storm, and was fixed"


def _races(left: Left) -> int:
    """A worker that finds what opened unreadable counts nothing: paging is never held back."""
    missed = (
        times
        for (effect, fault), times in left.run.scheduler.coverage.items()
        if effect in ("store.openings", "store.open_incident") and fault != "none"
    )
    down = any(each.dependency == "store" for each in left.world.scenario.faults)
    return sum(missed) + (99 if down else 0)


def suspects_are_kept(left: Left) -> Iterator[str]:
    """I22: a host that a grave finding is about is never touched once that was taken in."""
    since = min(
        (told.at for told in left.of(SignalReceived) if told.event.source == "aws.guardduty"),
        default=None,
    )
    for done in left.mutations:
        kept = left.about("finding") & set(done.hosts)
        if kept and since is not None and done.at > since + ON_ITS_WAY:
            yield f"{done.action} on {', '.join(sorted(kept))}, which is evidence"


def own_actions_start_nothing(left: Left) -> Iterator[str]:
    """I31: what the group tells of our own fixes opens no incident; AWS's refusal may."""
    for held in left.held:
        if held.opening.startswith("autoscaling|") and left.world.scenario.launches:
            yield f"{held.id} was opened by what a fix of ours did"
