import copy
from datetime import timedelta

import pytest

from firstline.actions.action import Autonomy
from firstline.config.profile import ActionPolicy
from firstline.diagnosis.diagnose import Diagnosis, Verdict
from firstline.diagnosis.evidence import (
    AlarmReading,
    AlarmState,
    Gone,
    HostEvidence,
    Instance,
    LogCounts,
    Refresh,
    Refreshes,
    Unknown,
)
from firstline.diagnosis.external_events import Circumstance, Circumstances, Sort
from firstline.diagnosis.health_checks import Life
from firstline.diagnosis.preflight import Deployment, Deployments, Image, KeyState, Surroundings
from firstline.ids import Digest, GroupName, InstanceId
from firstline.incidents.approvals import PROPOSALS_MAX, Approval
from firstline.incidents.incident import Incident, Outcome
from firstline.remediation.guards.guard import Denial
from firstline.remediation.guards.order import ORDER, ask, name
from firstline.remediation.kill_switch import Switch
from firstline.remediation.limits import Limits
from firstline.remediation.plan import Plan
from firstline.remediation.situation import Situation
from firstline.signal import Component, Condition
from tests.builders import (
    FLEET,
    ID,
    NOW,
    OK,
    OTHER,
    PROFILE,
    A,
    B,
    C,
    ago,
    attempt,
    balancer,
    evidence,
    group,
    host,
    incident,
    report,
    targets,
    verifying,
)
from tests.remediation.situations import (
    approval,
    demoted,
    denials,
    limits,
    plan,
    policy,
    proposal,
    situation,
    spent,
    switch,
)

UNREAD = Unknown("throttled")
DEAD = Verdict(Life.DEAD)
FAILED = attempt(outcome=Outcome.FAILED, answered_at=ago(900), helped=False)
OF_ANOTHER = copy.replace(FAILED, action="reboot")
HELPED = attempt(target=B, outcome=Outcome.DONE, answered_at=ago(900), helped=True)


OVERLAPPING = copy.replace(
    PROFILE, fleet=copy.replace(PROFILE.fleet, concurrent_instances_safe=True)
)
DEPENDENT = situation(diagnosis=copy.replace(situation().diagnosis, dependency=Component.NATS))
FAILED_ELSEWHERE = copy.replace(FAILED, target=B)
OTHER_HOST = InstanceId("i-0f9f9f9f9f9f9f9f9")
ONE_SERVES = {"diagnosis": Diagnosis({A: DEAD, B: DEAD, C: Verdict(Life.SERVING)})}


def diagnosis(alive: int) -> Diagnosis:
    """The last *alive* hosts are not known to be dead."""
    unknown = FLEET[len(FLEET) - alive :]
    return Diagnosis({each: Verdict(Life.UNKNOWN) if each in unknown else DEAD for each in FLEET})


def refresh(min_healthy: int) -> Plan:
    """A refresh of the whole fleet."""
    return Plan(
        action="refresh_fleet",
        target=GroupName(PROFILE.fleet.group),
        hosts=FLEET,
        parameters={"MinHealthyPercentage": str(min_healthy)},
        facts=("two readers agree",),
    )


def around(*known: tuple[Sort, str, float]) -> Limits:
    """The limits, with what events told so many seconds ago."""
    told = (Circumstance(sort, about, about, ago(age)) for sort, about, age in known)
    return copy.replace(limits(), circumstances=Circumstances(known=tuple(told)))


def deployed(age: float, *, busy: bool = False) -> Deployments:
    """One deployment."""
    return Deployments((Deployment("it", ago(age), busy),))


ALL_DEAD = Diagnosis(dict.fromkeys(FLEET, DEAD))
FRAGILE = copy.replace(PROFILE, fleet=copy.replace(PROFILE.fleet, restarts_can_lose_vaults=True))


def holding(blockers: int | None) -> Incident:
    """`A` runs its enclave, and has logged so many lines that say it could not store."""
    return incident(hosts={A: HostEvidence(report(up=True, restart_blockers=blockers), NOW)})


def test_a_restart_of_the_parent_loses_nothing() -> None:
    """The enclave and what it holds stay."""
    held = situation(profile=FRAGILE, diagnosis=ALL_DEAD, incident=holding(2))
    assert "nothing_is_unsaved" not in denials(held, plan(action="restart_parent"))


THEIRS = Refreshes((Refresh("refresh-9", "Baking", ago(60)),))
OVER = Refreshes((Refresh("refresh-8", "Successful", ago(60)),))
CALM = Surroundings(refreshes=Refreshes(), key=KeyState("Enabled"))
ENDED = copy.replace(CALM, refreshes=OVER)


def autonomy(*named: ActionPolicy) -> Situation:
    return situation(profile=copy.replace(PROFILE, actions=named))


def only(health: str = "unhealthy", **fields: object) -> Situation:
    """The situation with other evidence; the diagnosis follows from it."""
    return situation(evidence=evidence(target_health=balancer(health), **fields))


NEW, OLD = "a" * 96, "b" * 96
NO_COUNTS = LogCounts(**dict.fromkeys(LogCounts.__struct_fields__, 0))
PROTECTED = copy.replace(
    group(*FLEET), instances=(Instance(A, "InService", "Healthy", protected=True),)
)


def throttled(times: int) -> Incident:
    """A host, not the target, whose parent was throttled by KMS so many times."""
    counts = copy.replace(NO_COUNTS, kms_throttled=times)
    there = incident()
    return copy.replace(
        there, hosts=there.hosts | {B: HostEvidence(report(log_counts=counts), NOW)}
    )


def running(pcr0: str) -> Incident:
    """The target's enclave runs this image."""
    return incident(hosts={A: HostEvidence(report(up=True, enclave_pcr0=pcr0), NOW)})


THROTTLED = situation(incident=throttled(3))
APPROVING = autonomy(ActionPolicy(name="restart_enclave", autonomy="approve"))


def proposed(
    said: Approval | None = None,
    *,
    autonomy: Autonomy = "approve",
    times: int = 1,
    **fields: object,
) -> Situation:
    """The restart was proposed, and this was said to it."""
    action = ActionPolicy(name="restart_enclave", autonomy=autonomy)
    held = incident(proposals=(proposal(said, **fields),) * times)  # type: ignore[arg-type]
    return situation(profile=copy.replace(PROFILE, actions=(action,)), incident=held)


def thrown(kill: Switch) -> Limits:
    """The limits with the kill switch so."""
    return copy.replace(limits(), switch=kill)


def paused(scope: str) -> Denial:
    """What the pause of *scope* says."""
    why = f"{scope} is paused until 2026-03-11T05:20:00+00:00 by arn:of:alice: a drill"
    return Denial(why, retry_at=ago(-3600), held=True)


SCOPES = ("everything", "complete-outage", incident().id)
STOPPED: dict[str, tuple[tuple[Situation, Denial], ...]] = {
    "mode_enforces": (
        (
            situation(mode="observe"),
            Denial(f"mode is observe: would have run restart_enclave on {A}"),
        ),
    ),
    "switch_is_off": (
        *((situation(limits=thrown(switch(each))), paused(each)) for each in SCOPES),
        (
            situation(limits=thrown(Switch(pauses=(), unreadable="corrupt"))),
            Denial("the kill switch cannot be read: corrupt"),
        ),
    ),
    "action_is_allowed": (
        (autonomy(), Denial("autonomy of restart_enclave is observe")),
        (APPROVING, Denial("autonomy of restart_enclave is approve", ask=True)),
        (
            autonomy(ActionPolicy(name="restart_enclave", autonomy="recommend")),
            Denial("autonomy of restart_enclave is recommend", ask=True),
        ),
        (
            autonomy(
                ActionPolicy(
                    name="restart_enclave",
                    autonomy="auto",
                    autonomy_by_condition={Condition.COMPLETE_OUTAGE: "observe"},
                )
            ),
            Denial("autonomy of restart_enclave is observe"),
        ),
        (
            proposed(autonomy="recommend"),
            Denial("restart_enclave is recommended, and done by a person"),
        ),
        (
            proposed(),
            Denial(
                "restart_enclave waits for approval until 2026-03-11T04:20:30+00:00",
                retry_at=ago(-30),
            ),
        ),
        (
            proposed(stood=0),
            Denial("nobody approved restart_enclave before 2026-03-11T04:20:00+00:00", final=True),
        ),
        (
            proposed(approval(granted=False)),
            Denial("arn:of:alice denied restart_enclave: not now", final=True),
        ),
        (
            proposed(approval(ended=0)),
            Denial(
                "the approval of restart_enclave by arn:of:alice ended 2026-03-11T04:20:00+00:00",
                final=True,
            ),
        ),
        (
            proposed(approval(), plan=Digest("e" * 64)),
            Denial("autonomy of restart_enclave is approve", ask=True),
        ),
        (
            proposed(approval(), used=True),
            Denial("autonomy of restart_enclave is approve", ask=True),
        ),
        (
            proposed(approval(), used=True, times=PROPOSALS_MAX),
            Denial(
                "people were asked 10 times: nobody is asked about restart_enclave again",
                final=True,
            ),
        ),
        (
            situation(limits=demoted()),
            Denial(
                "autonomy of restart_enclave is approve: 3 of its fixes in a row did not help by"
                ' 2026-03-11T03:20:00+00:00; firstline promote restart_enclave --why "..." lets it'
                " go by itself again",
                ask=True,
            ),
        ),
    ),
    "alarm_still_fires": (
        (
            situation(evidence=evidence(alarm=Gone())),
            Denial("the alarm does not exist any more"),
        ),
        (only(alarm=OK), Denial("the alarm is OK now, and no fix of ours made it so")),
        (only(alarm=UNREAD), Denial("the alarm's present state cannot be read: throttled")),
    ),
    "dependency_is_well": ((DEPENDENT, Denial("no host reaches nats: the hosts are left alone")),),
    "no_storm": (
        (
            situation(incident=incident(storm=True)),
            Denial("it stands for a storm of unrelated troubles", final=True),
        ),
    ),
    "no_alarm_is_suppressed": (
        (
            situation(incident=incident(suppressed=True)),
            Denial("every alarm behind it is suppressed in CloudWatch"),
        ),
    ),
    "region_is_healthy": (
        (
            situation(limits=around(("health", "KMS", 21_599))),
            Denial("AWS Health has an open issue of KMS in this Region"),
        ),
    ),
    "calendar_is_open": (
        (
            situation(limits=around(("calendar", "freeze", 0))),
            Denial("the change calendar freeze is closed"),
        ),
    ),
    "no_finding_on_target": (
        (
            situation(limits=around(("finding", A, 0))),
            Denial(f"a security finding is open on {A}", final=True),
        ),
    ),
    "group_launches": (
        (
            situation(evidence=evidence(group=copy.replace(group(*FLEET), suspended=("Launch",)))),
            Denial("the group's processes are suspended: Launch"),
        ),
    ),
    "kms_is_calm": ((THROTTLED, Denial(f"KMS throttles {B}")),),
    "targets_are_ours": (
        (only(group=UNREAD), Denial("the group cannot be read: throttled")),
        (
            only(group=group(A, B, C, lifecycle="Terminating:Wait")),
            Denial(f"{A} is not in service in the managed group"),
        ),
        (only(group=group(B, C)), Denial(f"{A} is not in service in the managed group")),
    ),
    "target_is_proven_dead": (
        (only(health="healthy"), Denial(f"{A} is not proven dead: it is unknown")),
        (only(health="draining"), Denial(f"{A} is not proven dead: it is unknown")),
    ),
    "budget_is_left": (
        (
            situation(profile=OVERLAPPING, diagnosis=diagnosis(alive=2)),
            Denial("2 hosts that are not proven dead would be touched, and 1 may be", final=True),
        ),
        (
            situation(
                profile=OVERLAPPING,
                diagnosis=diagnosis(alive=1),
                limits=limits(copy.replace(spent(1799, B), alive=(B,))),
            ),
            Denial("2 hosts that are not proven dead would be touched, and 1 may be", final=True),
        ),
    ),
    "healthy_floor_stays": (
        (
            situation(profile=policy(refresh_from_zero=False)),
            Denial("it would leave 0 % of the group, and 50 % must stay", final=True),
        ),
        (
            situation(profile=OVERLAPPING, **ONE_SERVES),
            Denial("it would leave 0 % of the group, and 50 % must stay", final=True),
        ),
    ),
    "serving_host_stays": (
        (
            situation(**ONE_SERVES),
            Denial(f"{C} serves, and may not be replaced", final=True),
        ),
    ),
    "target_is_unprotected": (
        (
            situation(evidence=evidence(group=PROTECTED)),
            Denial(f"{A} is protected from scale-in", final=True),
        ),
    ),
    "nothing_is_unsaved": (
        (
            situation(profile=FRAGILE, diagnosis=ALL_DEAD, incident=holding(2)),
            Denial(f"{A} logged 2 times that it could not store", final=True),
        ),
        (
            situation(profile=FRAGILE, diagnosis=ALL_DEAD, incident=holding(None)),
            Denial(f"nobody knows whether {A} holds what was not stored"),
        ),
    ),
    "one_fix_at_a_time": (
        (
            situation(incident=verifying(attempt(target=B))),
            Denial("a fix of this incident has no verdict yet"),
        ),
        (
            situation(limits=limits(holder=OTHER, until=ago(-1))),
            Denial(
                f"{OTHER} is fixing something in VettID-Nitro-EnclaveASG",
                retry_at=NOW + timedelta(seconds=1),
            ),
        ),
    ),
    "attempts_are_left": (
        (
            situation(limits=limits(spent(900), spent(3599))),
            Denial(f"restart_enclave was tried 2 times on {A}, and 2 are allowed", final=True),
        ),
        (
            situation(incident=incident(attempts=(FAILED, FAILED))),
            Denial(f"restart_enclave was tried 2 times on {A}, and 2 are allowed", final=True),
        ),
    ),
    "cooldown_is_over": (
        (
            situation(limits=limits(spent(59))),
            Denial(f"restart_enclave on {A} cools down", retry_at=NOW + timedelta(seconds=1)),
        ),
    ),
    "breaker_is_closed": (
        (
            situation(limits=limits(*[copy.replace(spent(900, B), failed=True)] * 3)),
            Denial("3 fixes of the group did not help, and 3 are enough", final=True),
        ),
        (
            situation(incident=incident(attempts=(FAILED_ELSEWHERE,) * 3)),
            Denial("3 fixes of the group did not help, and 3 are enough", final=True),
        ),
    ),
}
STOPPED |= {
    "no_refresh_in_progress": (
        (
            situation(surroundings=Surroundings(refreshes=UNREAD)),
            Denial("instance refreshes cannot be read: throttled"),
        ),
        (
            situation(surroundings=Surroundings(refreshes=THEIRS)),
            Denial("the instance refresh refresh-9 goes on"),
        ),
    ),
    "key_is_usable": (
        (
            situation(surroundings=copy.replace(CALM, key=UNREAD)),
            Denial("the state of the KMS key cannot be read: throttled"),
        ),
        (
            situation(surroundings=copy.replace(CALM, key=KeyState("PendingDeletion"))),
            Denial("the KMS key is PendingDeletion", final=True),
        ),
    ),
    "no_deployment_in_progress": (
        (
            situation(surroundings=copy.replace(CALM, stack=UNREAD)),
            Denial("recent deployments cannot be read: throttled"),
        ),
        (
            situation(surroundings=copy.replace(CALM, parameters=UNREAD)),
            Denial("recent deployments cannot be read: throttled"),
        ),
        (
            situation(surroundings=copy.replace(CALM, stack=deployed(9000, busy=True))),
            Denial("it is being deployed, or was just now"),
        ),
        (
            situation(surroundings=copy.replace(CALM, parameters=deployed(3599))),
            Denial("it is being deployed, or was just now"),
        ),
    ),
    "no_image_is_built": (
        (
            situation(surroundings=copy.replace(CALM, builds=UNREAD)),
            Denial("whether an image is built cannot be read: throttled"),
        ),
        (
            situation(surroundings=copy.replace(CALM, builds=deployed(0, busy=True))),
            Denial("it builds an image"),
        ),
    ),
    "image_agrees": (
        (
            situation(surroundings=copy.replace(CALM, image=UNREAD)),
            Denial("the published image cannot be read: throttled"),
        ),
        (
            situation(surroundings=copy.replace(CALM, image=Image(NEW, (OLD,)))),
            Denial("the published PCR0 is none that the key's policy allows", final=True),
        ),
        (
            situation(
                incident=running(OLD),
                diagnosis=ALL_DEAD,
                surroundings=copy.replace(CALM, image=Image(NEW, (NEW,))),
            ),
            Denial(
                f"{A} runs an image that is not the published one: its parent would refuse it",
                final=True,
            ),
        ),
    ),
}
PLANS = {
    "target_is_unprotected": plan(action="replace_instance"),
    "group_launches": plan(action="replace_instance"),
    "budget_is_left": refresh(min_healthy=50),
    "healthy_floor_stays": refresh(min_healthy=0),
    "serving_host_stays": refresh(min_healthy=50),
}
"""What the situations of a guard are about, where it is not the restart of `A`."""
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
            autonomy="observe",
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
    "image_agrees: the policy names none": situation(
        surroundings=copy.replace(CALM, image=Image(NEW))
    ),
    "nothing_is_unsaved: nothing is": situation(
        profile=FRAGILE, diagnosis=ALL_DEAD, incident=holding(0)
    ),
    "nothing_is_unsaved: the enclave is gone": situation(profile=FRAGILE),
    "nothing_is_unsaved: nothing was reported": situation(
        profile=FRAGILE, diagnosis=ALL_DEAD, incident=incident(hosts={A: host(found=UNREAD)})
    ),
    "nothing_is_unsaved: the fleet stores all": situation(diagnosis=ALL_DEAD, incident=holding(2)),
    "cooldown_is_over: at this instant": situation(limits=limits(spent(60))),
}


@pytest.mark.parametrize("guard", STOPPED)
def test_each_guard_is_the_only_one_to_stop_what_it_protects_from(guard: str) -> None:
    """Without this guard its situations would end in a fix."""
    for stopped, denial in STOPPED[guard]:
        assert denials(stopped, PLANS.get(guard)) == {guard: denial}


def test_every_guard_has_its_situations() -> None:
    """The table is in the order of asking; a guard that nobody planted a case for fails here."""
    assert list(STOPPED) == [name(guard) for guard in ORDER]


@pytest.mark.parametrize("passing", PASSES.values(), ids=PASSES)
def test_the_same_fix_passes_with_one_fact_changed(passing: Situation) -> None:
    """No guard objects, and each is asked and kept, in the order of asking."""
    answers = ask(plan(), passing)
    assert [each.guard for each in answers] == list(STOPPED)
    assert [each.denial for each in answers if each.denial] == []


def test_a_target_outside_the_scope_is_not_ours() -> None:
    """I13: a host of the group is still no target when the incident does not name it."""
    held = situation(
        incident=incident(targets=targets(B, C)),
        diagnosis=situation().diagnosis,
    )
    assert list(denials(held)) == ["targets_are_ours"]


@pytest.mark.parametrize(
    ("what", "why"),
    [
        (plan(A, hosts=(A, B)), f"{A} is not the one host of the plan"),
        (plan(A, hosts=()), f"{A} is not the one host of the plan"),
        (copy.replace(refresh(50), target=GroupName("other")), "other is not the managed group"),
        (
            copy.replace(refresh(50), hosts=(A, B)),
            "the plan does not name every instance in service",
        ),
        (copy.replace(refresh(50), hosts=()), "the plan does not name every instance in service"),
        (
            copy.replace(refresh(50), hosts=(*FLEET, OTHER_HOST)),
            f"{OTHER_HOST} is not in service in the managed group",
        ),
    ],
)
def test_a_plan_names_its_hosts_and_no_other(what: Plan, why: str) -> None:
    """I13: an empty list, a part of the fleet, or another's host is no target."""
    assert denials(situation(), what)["targets_are_ours"] == Denial(why)


@pytest.mark.parametrize("action", ["restart_parent", "scale_out"])
def test_what_unlocks_no_vault_passes_while_kms_throttles(action: str) -> None:
    """The parent's restart leaves the enclave as it is."""
    assert "kms_is_calm" not in denials(THROTTLED, plan(action=action))


def test_a_new_instance_needs_no_image_that_runs() -> None:
    """It comes with the published one."""
    image = copy.replace(CALM, image=Image(NEW, (NEW,)))
    held = situation(incident=running(OLD), diagnosis=ALL_DEAD, surroundings=image)
    assert "image_agrees" not in denials(held, plan(action="replace_instance"))
    unknown = situation(incident=incident(hosts={}), diagnosis=ALL_DEAD, surroundings=image)
    assert "image_agrees" not in denials(unknown)


def test_what_undoes_a_fix_passes_the_breaker_and_a_dependency_in_trouble() -> None:
    """S10: recovery always passes."""
    cancel = copy.replace(refresh(50), action="cancel_refresh", hosts=(), parameters={})
    tripped = copy.replace(
        around(("health", "EC2", 0), ("calendar", "freeze", 0)),
        lease=limits(*[copy.replace(spent(900, B), failed=True)] * 3).lease,
    )
    bad = Surroundings(
        refreshes=THEIRS,
        key=KeyState("Disabled"),
        stack=deployed(0, busy=True),
        builds=deployed(0, busy=True),
        image=UNREAD,
    )
    held = copy.replace(
        DEPENDENT,
        limits=tripped,
        surroundings=bad,
        incident=incident(storm=True, suppressed=True),
        evidence=evidence(group=copy.replace(group(*FLEET), suspended=("Terminate",))),
    )
    assert denials(held, cancel) == {}


def test_a_host_that_nobody_diagnosed_is_not_proven_dead() -> None:
    """I16: no verdict is no proof."""
    assert list(denials(situation(diagnosis=Diagnosis({})))) == ["target_is_proven_dead"]


def test_a_host_that_was_verified_is_not_touched() -> None:
    """I12: it serves, whatever a plan says of it."""
    verified = situation(incident=incident(targets=targets(verified=9)))
    assert list(denials(verified)) == ["target_is_proven_dead", "serving_host_stays"]


def test_limits_that_cannot_be_read_stop_every_fix() -> None:
    """S12: each guard that needs them denies, and none takes them for unlimited."""
    said = denials(situation(limits=UNREAD))
    assert {guard: denial.why for guard, denial in said.items()} == {
        "switch_is_off": "the kill switch cannot be read: throttled",
        "action_is_allowed": "whether restart_enclave was demoted cannot be read: throttled",
        "region_is_healthy": "open AWS Health issues cannot be read: throttled",
        "calendar_is_open": "change calendars cannot be read: throttled",
        "no_finding_on_target": "security findings cannot be read: throttled",
        "budget_is_left": "what was touched cannot be read: throttled",
        "breaker_is_closed": "the failed fixes cannot be read: throttled",
        "one_fix_at_a_time": "the lease cannot be read: throttled",
        "attempts_are_left": "the attempts made cannot be read: throttled",
        "cooldown_is_over": "the last attempt cannot be read",
    }


@pytest.mark.parametrize(("made", "seconds"), [(1, 60), (2, 120), (3, 240)])
def test_a_cooldown_doubles_with_each_attempt(made: int, seconds: int) -> None:
    """I20: after the second attempt the wait is twice as long."""
    held = limits(*[spent(30)] * made)
    said = denials(situation(limits=held, profile=policy(attempts_per_target_max=9)))
    assert said["cooldown_is_over"].retry_at == ago(30) + timedelta(seconds=seconds)


def test_an_attempt_of_the_future_counts_and_cools_down() -> None:
    """I29: a clock that went back neither frees an attempt nor ends a cooldown."""
    said = denials(situation(limits=limits(spent(-500), spent(-500))))
    assert list(said) == ["attempts_are_left", "cooldown_is_over"]
