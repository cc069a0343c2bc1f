"""Situations in which one fact is changed, and no guard stops the fix."""

import copy

from firstline.config.profile import ActionPolicy
from firstline.diagnosis.evidence import (
    AlarmReading,
    AlarmState,
)
from firstline.diagnosis.preflight import Deployments, Image
from firstline.redaction import redact
from firstline.signal import Condition
from tests.builders import (
    ALARM,
    ALARM_ARN,
    FLEET,
    ID,
    NOW,
    OK,
    OTHER,
    PROFILE,
    A,
    B,
    ago,
    evidence,
    group,
    host,
    impaired,
    incident,
)
from tests.remediation.guarding.cases import (
    ALL_DEAD,
    CALM,
    DEPENDENT,
    ENDED,
    FAILED,
    FRAGILE,
    GONE,
    HELPED,
    NEW,
    OF_ANOTHER,
    OLD,
    PROTECTED,
    STOPS,
    UNREAD,
    around,
    autonomy,
    deployed,
    holding,
    only,
    proposed,
    published,
    rebooted,
    refresh,
    running,
    silenced,
    silent,
    throttled,
    thrown,
    uncounted,
)
from tests.remediation.situations import (
    approval,
    demoted,
    limits,
    plan,
    proposal,
    situation,
    spent,
    switch,
)

PLANS = {
    "target_is_unprotected": plan(action="replace_instance"),
    "group_launches": plan(action="replace_instance"),
    "budget_is_left": refresh(min_healthy=50),
    "healthy_floor_stays": refresh(min_healthy=0),
    "serving_host_stays": refresh(min_healthy=50),
}
"""The plan of a guard's situations, where it is not the restart of `A`."""
PASSES = {
    "nothing is changed": situation(),
    "switch_is_off: another condition": situation(limits=thrown(switch("kms-throttling"))),
    "switch_is_off: another incident": situation(limits=thrown(switch(OTHER))),
    "switch_is_off: it ends now": situation(limits=thrown(switch("everything", ends=0))),
    "action_is_allowed: it was approved": proposed(approval()),
    "action_is_allowed: approved late, and in time": proposed(approval(), stood=0),
    "action_is_allowed: auto in this condition": autonomy(
        ActionPolicy(
            name="restart_enclave",
            autonomy="record-only",
            autonomy_by_condition={Condition.COMPLETE_OUTAGE: "auto"},
        )
    ),
    "action_is_allowed: it was demoted, and approved": situation(
        limits=demoted(), incident=incident(proposals=(proposal(approval()),))
    ),
    "action_is_allowed: it was demoted in this incident": situation(limits=demoted(0, ID)),
    "action_is_allowed: it was demoted later": situation(limits=demoted(60)),
    "alarm_still_fires: it has no data": only(alarm=AlarmReading(AlarmState.INSUFFICIENT_DATA)),
    "alarm_still_fires: a fix made it OK": situation(
        incident=incident(attempts=(HELPED,)), evidence=evidence(alarm=OK)
    ),
    "alarm_still_fires: it fires again": situation(incident=incident(attempts=(HELPED,))),
    "one_fix_at_a_time: the lease ran out": situation(limits=limits(holder=OTHER, until=NOW)),
    "one_fix_at_a_time: the lease is ours": situation(
        limits=limits(holder=incident().id, until=ago(-60))
    ),
    "attempts_are_left: on another host": situation(limits=limits(spent(900, B), spent(999, B))),
    "attempts_are_left: another fix": situation(limits=limits(spent(9, A, "x"), spent(9, A, "x"))),
    "attempts_are_left: another fix here": situation(incident=incident(attempts=(OF_ANOTHER,) * 2)),
    "attempts_are_left: another host here": situation(
        incident=incident(attempts=(copy.replace(FAILED, target=B),) * 2)
    ),
    "attempts_are_left: out of the window": situation(limits=limits(spent(900), spent(3600))),
    "region_is_healthy: an issue that nobody updates": situation(
        limits=around(("health", "KMS", 21_600))
    ),
    "region_is_healthy: a restart in an issue of EC2": situation(
        limits=around(("health", "EC2", 0))
    ),
    "no_alarm_is_suppressed: one of two is": silenced(
        AlarmReading(AlarmState.ALARM, "its actions are disabled"), ALARM
    ),
    "no_alarm_is_suppressed: another alarm is muted": silenced(ALARM, muted="arn:of:another"),
    "no_alarm_is_suppressed: a rule mutes one of two": copy.replace(
        silenced(ALARM, ALARM), surroundings=copy.replace(CALM, muted=(redact(ALARM_ARN),))
    ),
    "no_alarm_is_suppressed: its window has ended": silenced(ALARM, muted=ALARM_ARN, until=ago(0)),
    "no_alarm_is_suppressed: it was muted before it rang": copy.replace(
        silenced(ALARM, muted=ALARM_ARN), incident=incident(signalled_at=ago(-301))
    ),
    "target_is_proven_dead: a fleet without a load balancer": situation(
        profile=copy.replace(PROFILE, fleet=copy.replace(PROFILE.fleet, target_group="")),
        evidence=evidence(target_health=UNREAD, instance_statuses=impaired()),
    ),
    "no_finding_on_target: on another host": situation(limits=around(("finding", B, 0))),
    "group_launches: a restart needs no launch": situation(
        evidence=evidence(group=copy.replace(group(*FLEET), suspended=("Launch",)))
    ),
    "surroundings: all is well": situation(surroundings=CALM),
    "no_refresh_in_progress: it has ended": situation(surroundings=ENDED),
    "no_deployment_in_progress: long ago": situation(
        surroundings=copy.replace(CALM, stack=deployed(1), parameters=deployed(3600))
    ),
    "target_is_unprotected: a restart ends nothing": situation(evidence=evidence(group=PROTECTED)),
    "kms_is_calm: it counts none": situation(incident=throttled(0)),
    "kms_is_calm: another host's log cannot be read": situation(incident=uncounted(B)),
    "dependency_is_well: the enclave itself is gone": copy.replace(
        DEPENDENT, diagnosis=copy.replace(DEPENDENT.diagnosis, hosts={A: GONE, B: STOPS})
    ),
    "kms_is_calm: nobody counts": situation(
        incident=incident(hosts=incident().hosts | {B: host(found=UNREAD)})
    ),
    "no_image_is_built: nobody does": situation(
        surroundings=copy.replace(CALM, builds=Deployments(()))
    ),
    "image_agrees: all three do": situation(
        incident=running(NEW),
        diagnosis=ALL_DEAD,
        surroundings=copy.replace(CALM, image=Image(NEW, (OLD, NEW))),
    ),
    "image_agrees: no debug enclave runs": published(running(NEW, enclave_debug=False)),
    "image_agrees: no enclave runs": published(
        running(None, enclave_state="none", enclave_debug=True)
    ),
    "image_agrees: the policy names none": situation(
        surroundings=copy.replace(CALM, image=Image(NEW))
    ),
    "nothing_is_unsaved: nothing is": situation(
        profile=FRAGILE, diagnosis=ALL_DEAD, incident=holding(0)
    ),
    "nothing_is_unsaved: the enclave is gone": situation(profile=FRAGILE),
    "nothing_is_unsaved: it has booted since, and nothing could be counted": situation(
        profile=FRAGILE, diagnosis=ALL_DEAD, incident=rebooted()
    ),
    "nothing_is_unsaved: the instance is stopped": situation(**silent("stopped")),
    "nothing_is_unsaved: the instance is terminated": situation(**silent("terminated")),
    "nothing_is_unsaved: it was stopped after it reported": situation(
        **silent("stopped") | {"incident": holding(2)}
    ),
    "nothing_is_unsaved: the fleet stores all": situation(diagnosis=ALL_DEAD, incident=holding(2)),
    "cooldown_is_over: at this instant": situation(limits=limits(spent(60))),
}
