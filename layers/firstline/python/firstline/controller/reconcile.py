"""Reconcile: one look at one incident, and the one next step. Read this first.

An event only says *look now*. Each wake reads the world afresh, decides by a pure function,
commits what it is about to do, does it, and queues the next wake. A wake of an older generation
is dropped; a commit that comes second begins again from what the first one wrote.
"""

import copy
from typing import assert_never

from firstline.controller import act, inbox
from firstline.controller.draft import Draft
from firstline.controller.observe import observe
from firstline.controller.settle import settle
from firstline.controller.system import System
from firstline.decide import Close, Fix, HandOver, Look, Wait, decide
from firstline.diagnose import diagnose
from firstline.errors import Conflict, Unavailable
from firstline.learn import Observation, learn
from firstline.ledger import Kind
from firstline.ports import Loaded, Wake
from firstline.profile import seconds
from firstline.situation import Situation

TURNS_MAX = 3


def reconcile(wake: Wake, system: System) -> None:
    """Do the next step of the wake's incident; raises `Unavailable` to be woken again."""
    for _ in range(TURNS_MAX):
        try:
            return _turn(wake, system)
        except Conflict:
            continue
    message = f"{wake.incident} is contested: deliver the wake again"
    raise Unavailable(message)


def _turn(wake: Wake, system: System) -> None:
    loaded = system.ports.store.load(wake.incident)
    if loaded is None or _stale(wake, loaded):
        return None
    draft = Draft(loaded.incident, system, system.ports.clock.now())
    if settle(draft):  # pages owed go before anything else
        draft.commit()
        draft.now = system.ports.clock.now()
    if draft.incident.ended:
        inbox.forward(draft, loaded.inbox)
        return draft.rest(None)

    inbox.fold(draft, loaded.inbox)
    seen = observe(draft)
    _learn(draft, seen)
    decision = decide(_situation(draft, seen))
    draft.record(Kind.DECISION, decision.told())
    match decision.step:
        case Wait(until):
            draft.rest(until)
        case Look():
            act.look(draft, decision.step)
        case Fix(plan):
            act.fix(draft, plan, seen.limits)
        case HandOver():
            act.hand_over(draft, decision.why, seen.limits)
        case Close():
            act.close(draft, seen.limits)
        case _:
            assert_never(decision.step)
    return None


def _learn(draft: Draft, seen: Observation) -> None:
    """Take in what was seen: answers, readings, the verdict on a fix."""
    lesson = learn(draft.incident, seen, draft.system.profile, draft.now)
    draft.incident = lesson.incident
    for kind, data in lesson.news:
        draft.record(kind, data)
    if lesson.fix_over:
        act.release(draft, seen.limits)


def _situation(draft: Draft, seen: Observation) -> Situation:
    """All that the decision may rest on, as it is after what was just learnt."""
    profile, incident = draft.system.profile, draft.incident
    evidence = copy.replace(seen.evidence, hosts=incident.hosts)
    hosts = tuple(each.id for each in incident.targets if not each.verified)
    age_max = seconds(profile.policy.evidence_age_max_seconds)
    return Situation(
        now=draft.now,
        incident=incident,
        evidence=evidence,
        diagnosis=diagnose(evidence, hosts, age_max),
        limits=seen.limits,
        profile=profile,
        mode=draft.system.settings.mode,
    )


def _stale(wake: Wake, loaded: Loaded) -> bool:
    """An older generation; or a signal's wake when the inbox was already folded."""
    if wake.generation == 0:
        return not loaded.inbox
    return wake.generation < loaded.incident.wake_generation
