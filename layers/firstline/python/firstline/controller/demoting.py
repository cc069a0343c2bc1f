"""Demoting: a verdict on a fix counts for or against its action, beside the lease."""

import copy

from firstline.config.profile import seconds
from firstline.controller.draft import Draft
from firstline.diagnosis.evidence import Unknown
from firstline.incidents import demotion as trust
from firstline.incidents.demotion import Demotion
from firstline.incidents.incident import Attempt, Outcome
from firstline.ledger.entries import ActionDemoted
from firstline.notifications import pages as paging
from firstline.remediation.guards.surroundings import UNDOES
from firstline.remediation.limits import Limits


def judge(draft: Draft, over: Attempt) -> None:
    """Count the verdict on *over* in the lease that is given back, and tell of a demotion.

    What was never sent was not tried, and what undoes a fix of ours is a way back. Where the
    lease is not ours any more, or cannot be read, the verdict counts in the incident alone.
    """
    held, profile = draft.incident, draft.system.profile
    goes_alone = profile.autonomy(over.action, held.condition) == "auto"
    if draft.lease is None or over.outcome is Outcome.NOT_SENT or over.action == UNDOES:
        return
    if not goes_alone:
        return
    lease = draft.lease.lease
    trusts = trust.judged(
        lease.trusts,
        over.action,
        helped=not over.failed,
        by=Demotion(draft.now, 0, held.id),
        most=profile.policy.demote_after_failed,
    )
    draft.lease = copy.replace(draft.lease, lease=copy.replace(lease, trusts=trusts))
    after = trust.of(trusts, over.action).demoted
    if after is not None and after != trust.of(lease.trusts, over.action).demoted:
        _tell(draft, over.action, after)


def told(draft: Draft, held: Limits | Unknown) -> tuple[str, ...]:
    """What a person who takes over is told: every action that is demoted, a line each."""
    if isinstance(held, Unknown):
        return ()
    trusts = draft.lease_after(held).trusts
    return tuple(
        f"{each.action}: {each.demoted.told(each.action)}" for each in trusts if each.demoted
    )


def _tell(draft: Draft, action: str, demotion: Demotion) -> None:
    """An entry, and a change beside PagerDuty's alerts, which notifies nobody."""
    why = demotion.told(action)
    draft.record(ActionDemoted(action=action, failed=demotion.failed, autonomy="approve", why=why))
    due_at = draft.now + seconds(draft.system.profile.policy.poll_seconds)
    draft.owe(paging.demoted(draft.incident, action, demotion, due_at))
