import copy
from datetime import timedelta
from typing import NamedTuple, get_args

import pytest

from firstline.config.profile import HOSTS_MAX, ActionPolicy
from firstline.diagnosis.evidence import (
    Answering,
    DeletedAlarm,
    Evidence,
    Refresh,
    Refreshes,
    Unknown,
)
from firstline.ids import CommandId, GroupName, InstanceId
from firstline.incidents.incident import INCIDENT_BYTES_MAX, Incident, Outcome, encode
from firstline.remediation.decide import RULES, decide
from firstline.remediation.decision import (
    Close,
    Escalate,
    Fix,
    Look,
    Raise,
    RequestApproval,
    Step,
    Wait,
)
from firstline.remediation.plan import Plan
from firstline.remediation.situation import Situation
from firstline.signal import Condition, Severity
from tests.builders import (
    FLEET,
    NOW,
    OK,
    PROFILE,
    A,
    B,
    C,
    ago,
    answered,
    attempt,
    evidence,
    group,
    host,
    hosts,
    impaired,
    incident,
    look,
    remediating,
    target,
    targets,
    verifying,
)
from tests.remediation.situations import FACTS, approval, laddered, proposal, situation


def wait(seconds: float) -> Wait:
    return Wait(NOW + timedelta(seconds=seconds))


def of(held: Incident, **fields: object) -> Situation:
    return situation(incident=held, **fields)


def fix(target: InstanceId) -> Fix:
    return Fix(Plan(action="restart_enclave", target=target, hosts=(target,), facts=FACTS))


UNKNOWN = Unknown("throttled")
UNCLASSIFIED = {"condition": Condition.UNCLASSIFIED, "targets": (), "hosts": {}}
SEEN = hosts(*FLEET, up=True, age=10)
SERVING = hosts(*FLEET, up=True)
MENDED = targets(verified=30)
SETTLED_LONG = targets(verified=900)
GONE = evidence(alarm=DeletedAlarm())
OKAY = evidence(alarm=OK)
READ = ("alarm", "group", "load balancer", "probe")
SILENCE = Answering(answers=False, at=NOW)
SHRUNK = evidence(alarm=OK, group=group(A, B))
WITHOUT_LADDER = copy.replace(PROFILE, ladders=())
HEALTHY = evidence(target_health=Unknown("none"))


LOST = evidence(instance_statuses=impaired())
GROUP = GroupName(PROFILE.fleet.group)
REFRESH = answered(
    900, action="refresh_fleet", target=GROUP, command=CommandId("refresh-1"), helped=False
)
ASTRAY = copy.replace(REFRESH, outcome=Outcome.ANOTHER)
REFRESHING = evidence(refreshes=Refreshes((Refresh("refresh-1", "InProgress", ago(900)),)))
REFRESHED = Refreshes((Refresh("refresh-1", "Successful", ago(900)),))
CANCEL = Plan(
    action="cancel_refresh",
    target=GROUP,
    parameters={"InstanceRefreshId": "refresh-1"},
    facts=("the refresh refresh-1 is in progress, and its first instance does not serve",),
)
PRESSED = incident(condition=Condition.MEMORY_PRESSURE, targets=(), hosts={})
ROOMY = copy.replace(group(*FLEET), most=4)
SCALING = laddered("scale_out", condition=Condition.MEMORY_PRESSURE)
MORE = Plan(
    action="scale_out",
    target=GROUP,
    parameters={"DesiredCapacity": "4"},
    facts=("the group's desired capacity is 3, its maximum 4",),
)
PARENT_ONLY = laddered("restart_parent")


class Case(NamedTuple):
    """A situation that *rule* decides, and one with a single fact changed that it does not."""

    rule: str
    step: Step
    decides: Situation
    leaves: Situation
    to: str


TOO_OLD, OLD = incident(opened_at=ago(7200)), incident(opened_at=ago(7199))
MANY = tuple(InstanceId(f"i-{number:017x}") for number in range(HOSTS_MAX - 2))
CROWDED = WIDE = incident()
FULL, CROWD = (evidence(group=group(*FLEET[:each], *MANY)) for each in (2, 3))
LESS = incident(rule="")
LESS = copy.replace(LESS, rule="r" * (INCIDENT_BYTES_MAX - len(encode(LESS))))
LARGE = copy.replace(LESS, rule=f"{LESS.rule}r")
WORN, TIRED = incident(wakes=400), incident(wakes=399)
SETTLED = {"hosts": SEEN}
SILENT_MAX = PROFILE.policy.silent_looks_max
SILENT = {"hosts": {each: host(found=UNKNOWN) for each in FLEET}}
TWO_DEAD = {"targets": (target(A), target(B), target(C, verified=30))}
APPROVE = copy.replace(PROFILE, actions=(ActionPolicy(name="restart_enclave", autonomy="approve"),))
PROPOSED = copy.replace(incident(), proposals=(proposal(),))
SAID_YES = copy.replace(PROPOSED, proposals=(proposal(approval()),))
BEFORE, AFTER = hosts(*FLEET, age=61), hosts(*FLEET, age=60)
QUIET = incident(
    targets=targets(verified=900), hosts=SERVING, clear_readings=3, recovered_at=ago(900)
)
SHORT = incident(
    alarms=(),
    condition=Condition.CAPACITY,
    severity=Severity.P3,
    targets=(),
    hosts={},
    short_since=ago(600),
)
LACKING = evidence(group=group(A, B))
BOOTING = evidence(group=group(*FLEET, lifecycle="Pending:Wait"))
CASES = (
    Case(
        "ConfirmApproval",
        Look((A,), ago(-5)),
        of(copy.replace(SAID_YES, hosts=BEFORE), profile=APPROVE),
        of(copy.replace(SAID_YES, hosts=AFTER), profile=APPROVE),
        "NextFix",
    ),
    Case(
        "NextFix",
        RequestApproval(fix(A).plan),
        of(incident(), profile=APPROVE),
        of(incident(opened_at=ago(7200)), profile=APPROVE),
        "LimitReached",
    ),
    Case(
        "NextFix",
        wait(30),
        of(PROPOSED, profile=APPROVE),
        of(copy.replace(PROPOSED, opened_at=ago(7200)), profile=APPROVE),
        "LimitReached",
    ),
    Case("LimitReached", Escalate(), of(TOO_OLD), of(OLD), "NextFix"),
    Case(
        "ActionUnknown",
        Escalate(),
        of(incident(proposals=(proposal(action="reboot_host"),)), profile=APPROVE),
        of(PROPOSED, profile=APPROVE),
        "NextFix",
    ),
    # not even for a storm, and while signals join
    Case(
        "WrongRefresh",
        Escalate(),
        of(incident(attempts=(ASTRAY,), storm=True, signals=9, joined_at=NOW)),
        of(incident(attempts=(REFRESH,))),
        "NextFix",
    ),
    Case(
        "IncidentTooLarge",
        Escalate(),
        of(CROWDED, evidence=CROWD),
        of(WIDE, evidence=FULL),
        "NextFix",
    ),
    Case("IncidentTooLarge", Escalate(), of(LARGE), of(LESS), "NextFix"),
    Case("LimitReached", Escalate(), of(WORN), of(TIRED), "NextFix"),
    Case(
        "LimitReached",
        Escalate(),
        of(copy.replace(WORN, signals=9, joined_at=ago(0))),
        of(TIRED),
        "NextFix",
    ),
    Case(
        "NoAlarm",
        Escalate(),
        of(incident(alarms=(), opened_at=ago(900), joined_at=ago(900))),
        situation(),
        "NextFix",
    ),
    Case("NoAlarm", wait(840), of(incident(alarms=())), situation(), "NextFix"),
    Case(
        "NoAlarm",
        wait(1),
        of(copy.replace(SHORT, joined_at=ago(0), short_since=ago(599)), evidence=LACKING),
        of(copy.replace(SHORT, joined_at=ago(0)), evidence=LACKING),
        "GroupShort",
    ),
    Case(
        "NoAlarm",
        wait(1),
        of(copy.replace(SHORT, joined_at=ago(900), short_since=ago(599)), evidence=LACKING),
        of(copy.replace(SHORT, joined_at=ago(900)), evidence=LACKING),
        "GroupShort",
    ),
    Case(
        "GroupShort",
        Raise(Severity.P2),
        of(SHORT, evidence=LACKING),
        of(copy.replace(SHORT, severity=Severity.P2), evidence=LACKING),
        "NoAlarm",
    ),
    Case(
        "GroupShort",
        Raise(Severity.P2),
        of(SHORT, evidence=evidence(group=UNKNOWN)),
        of(copy.replace(SHORT, short_since=None), evidence=evidence(group=UNKNOWN)),
        "NoAlarm",
    ),
    Case("AlarmDeleted", Escalate(), of(incident(), evidence=GONE), situation(), "NextFix"),
    Case(
        "SignalsJoining",
        wait(30),
        of(incident(signals=2, joined_at=ago(30)), evidence=GONE),
        of(incident(signals=2, joined_at=ago(60)), evidence=GONE),
        "AlarmDeleted",
    ),
    Case(
        "SignalsJoining",
        wait(1),
        of(incident(signals=9, joined_at=ago(0), opened_at=ago(899)), evidence=GONE),
        of(incident(signals=9, joined_at=ago(0), opened_at=ago(900)), evidence=GONE),
        "AlarmDeleted",
    ),
    Case(
        "StormGathering",
        wait(570),
        of(incident(storm=True, joined_at=ago(30))),
        of(incident(storm=True, joined_at=ago(600))),
        "NextFix",
    ),
    Case("FixUnderWay", wait(5), of(remediating()), of(verifying(answered(0))), "VerifyFix"),
    Case("LookUnderWay", wait(5), of(incident(look=look())), situation(), "NextFix"),
    Case(
        "VerifyFix",
        Look((A,), ago(-10)),
        of(verifying(answered(20), **SETTLED)),
        of(incident(attempts=(answered(20, helped=True),))),
        "NextFix",
    ),
    Case(
        "Recovered",
        Close(),
        of(incident(targets=MENDED, clear_readings=3), evidence=OKAY),
        of(incident(targets=MENDED, clear_readings=2), evidence=OKAY),
        "AwaitAlarmOk",
    ),
    Case(
        "Recovered",
        Close(),
        of(incident(targets=MENDED, clear_readings=3), evidence=OKAY),
        of(incident(targets=(*MENDED[:2], target(C)), clear_readings=3), evidence=OKAY),
        "NextFix",
    ),
    Case(
        "Recovered",
        Close(),
        of(incident(targets=MENDED, clear_readings=3), evidence=OKAY),
        of(incident(targets=MENDED[:2], clear_readings=3), evidence=SHRUNK),
        "AwaitAlarmOk",
    ),
    Case(
        "Recovered",
        Close(),
        of(incident(targets=MENDED, clear_readings=3), evidence=OKAY),
        of(incident(targets=MENDED, clear_readings=3), evidence=evidence(alarm=OK, group=UNKNOWN)),
        "AwaitAlarmOk",
    ),
    Case(
        "Recovered",
        Close(),
        of(incident(**UNCLASSIFIED, clear_readings=3)),
        of(incident(**UNCLASSIFIED, clear_readings=2)),
        "Watch",
    ),
    Case(
        "QuietWindow",
        wait(1),
        of(copy.replace(QUIET, recovered_at=ago(899)), evidence=OKAY),
        of(QUIET, evidence=OKAY),
        "Recovered",
    ),
    # no bound and no other rule hands over what is well
    Case(
        "QuietWindow",
        wait(1),
        of(copy.replace(QUIET, recovered_at=ago(899), opened_at=ago(7200), wakes=400)),
        of(copy.replace(QUIET, clear_readings=0, opened_at=ago(7200))),
        "LimitReached",
    ),
    Case(
        "QuietWindow",
        Look(FLEET, ago(-5)),
        of(copy.replace(QUIET, hosts=hosts(*FLEET, up=True, age=121)), evidence=OKAY),
        of(QUIET, evidence=OKAY),
        "Recovered",
    ),
    Case(
        "Recovered",
        Close(ago(900)),
        of(QUIET, evidence=OKAY),
        of(copy.replace(QUIET, clear_readings=2), evidence=OKAY),
        "AwaitAlarmOk",
    ),
    Case(
        "Recovered",
        Close(ago(60)),
        of(copy.replace(QUIET, recovered_at=ago(60), clear_readings=0), evidence=GONE),
        of(copy.replace(QUIET, recovered_at=None, clear_readings=0), evidence=GONE),
        "AlarmDeleted",
    ),
    Case(
        "AwaitAlarmOk",
        Escalate(),
        of(copy.replace(QUIET, recovered_at=ago(1500), clear_readings=0)),
        of(copy.replace(QUIET, recovered_at=ago(1499)), evidence=OKAY),
        "Recovered",
    ),
    Case(
        "NoHosts",
        Escalate(),
        of(incident(targets=()), evidence=evidence(group=group())),
        of(incident(targets=()), evidence=evidence(group=UNKNOWN)),
        "Watch",
    ),
    Case(
        "NoHosts",
        Escalate(),
        of(incident(targets=()), evidence=evidence(group=group(*FLEET, lifecycle="Terminating"))),
        of(incident(targets=()), evidence=evidence(group=group(*FLEET))),
        "Watch",
    ),
    Case(
        "NoHosts",
        Escalate(),
        of(incident(targets=()), evidence=evidence(group=group())),
        of(incident(**UNCLASSIFIED), evidence=evidence(group=group())),
        "Watch",
    ),
    # what still boots is waited for, and not for ever
    Case(
        "NoHosts",
        Escalate(),
        of(incident(targets=(), opened_at=ago(900)), evidence=BOOTING),
        of(incident(targets=(), opened_at=ago(899)), evidence=BOOTING),
        "Watch",
    ),
    Case(
        "HostsSilent",
        Escalate(),
        of(incident(targets=targets(silent=SILENT_MAX), **SILENT)),
        of(
            incident(
                targets=(target(A, silent=SILENT_MAX - 1), *targets(B, C, silent=SILENT_MAX)),
                **SILENT,
            )
        ),
        "ConfirmTargets",
    ),
    Case(
        "HostsSilent",
        Escalate(),
        of(incident(targets=targets(silent=SILENT_MAX), **SILENT)),
        of(incident(targets=targets(silent=SILENT_MAX), **SILENT), evidence=LOST),
        "NextFix",
    ),
    Case(
        "CancelRefresh",
        Fix(CANCEL),
        of(incident(attempts=(REFRESH,)), evidence=REFRESHING),
        of(incident(attempts=(REFRESH,)), evidence=evidence(refreshes=REFRESHED)),
        "NextFix",
    ),
    Case(
        "CancelRefresh",
        Fix(CANCEL),
        of(incident(attempts=(REFRESH,)), evidence=REFRESHING),
        of(incident(attempts=(copy.replace(REFRESH, command=None),)), evidence=REFRESHING),
        "NextFix",
    ),
    Case(
        "AddCapacity",
        Fix(MORE),
        of(PRESSED, evidence=evidence(group=ROOMY), profile=SCALING),
        of(PRESSED, evidence=evidence(group=copy.replace(ROOMY, most=3)), profile=SCALING),
        "Watch",
    ),
    Case(
        "AddCapacity",
        Fix(MORE),
        of(PRESSED, evidence=evidence(group=ROOMY), profile=SCALING),
        of(PRESSED, evidence=evidence(group=UNKNOWN), profile=SCALING),
        "Watch",
    ),
    Case(
        "AddCapacity",
        Fix(MORE),
        of(PRESSED, evidence=evidence(group=ROOMY), profile=SCALING),
        of(
            copy.replace(PRESSED, attempts=(answered(20, helped=True),)),
            evidence=evidence(group=ROOMY),
            profile=SCALING,
        ),
        "Watch",
    ),
    Case(
        "NotRepairable",
        Escalate(),
        of(incident(), profile=PARENT_ONLY),
        of(incident(hosts=hosts(A, B) | hosts(C, up=True)), profile=PARENT_ONLY),
        "ConfirmTargets",
    ),
    Case(
        "LookAtHosts",
        Look((B, C), ago(-5)),
        of(incident(hosts=hosts(A) | hosts(B, age=121))),
        of(incident(hosts=hosts(A) | hosts(B, C, age=120))),
        "NextFix",
    ),
    Case(
        "LookAtHosts",
        Look((B,), ago(-5)),
        of(incident(hosts=hosts(A), look_singly=True)),
        of(incident(look_singly=True)),
        "NextFix",
    ),
    Case(
        "LookBeforeFix",
        Look((A,), ago(-5)),
        of(incident(hosts=hosts(A, age=61) | hosts(B, C, age=100))),
        of(incident(hosts=hosts(A, age=60) | hosts(B, C, age=100))),
        "NextFix",
    ),
    Case(
        "LookBeforeFix",
        Look((A,), ago(-5)),
        of(incident(hosts=hosts(*FLEET, age=61))),
        of(incident(hosts=hosts(*FLEET, age=61)), mode="dry-run"),
        "NextFix",
    ),
    Case("NextFix", fix(A), situation(), situation(profile=WITHOUT_LADDER), "NotRepairable"),
    Case("NextFix", fix(A), of(incident(**TWO_DEAD)), of(incident(targets=MENDED)), "AwaitAlarmOk"),
    Case(
        "ConfirmTargets",
        Look(FLEET, ago(-10)),
        of(incident(hosts=SEEN, targets=targets(readings=1)), evidence=HEALTHY),
        of(incident(hosts=SERVING, targets=MENDED), evidence=HEALTHY),
        "AwaitAlarmOk",
    ),
    Case(
        "ConfirmTargets",
        Look(FLEET, ago(-10)),
        of(incident(hosts=SEEN, targets=targets(readings=1)), evidence=HEALTHY),
        of(incident(hosts=SEEN, condition=Condition.UNCLASSIFIED), evidence=HEALTHY),
        "Watch",
    ),
    Case(
        "ConfirmTargets",
        Escalate(),
        of(incident(hosts=SEEN, opened_at=ago(900)), evidence=HEALTHY),
        of(incident(hosts=SEEN, condition=Condition.UNCLASSIFIED), evidence=HEALTHY),
        "Watch",
    ),
    Case(
        "AwaitAlarmOk",
        Escalate(),
        of(incident(targets=targets(verified=600))),
        of(incident(targets=())),
        "Watch",
    ),
    Case("Watch", wait(60), of(incident(**UNCLASSIFIED)), situation(), "NextFix"),
    Case(
        "FixNotFound",
        Escalate(),
        of(remediating(attempt(lease_until=ago(900)))),
        of(remediating(attempt(lease_until=ago(899)))),
        "FixUnderWay",
    ),
    Case(
        "GroupIncomplete",
        Escalate(),
        of(incident(targets=SETTLED_LONG, clear_readings=3), evidence=SHRUNK),
        of(incident(targets=SETTLED_LONG, clear_readings=3), evidence=OKAY),
        "Recovered",
    ),
    Case(
        "GroupIncomplete",
        Escalate(),
        of(incident(targets=SETTLED_LONG, clear_readings=3), evidence=SHRUNK),
        of(incident(targets=targets(verified=899), clear_readings=3), evidence=SHRUNK),
        "AwaitAlarmOk",
    ),
    Case(
        "GroupIncomplete",
        Escalate(),
        of(incident(targets=SETTLED_LONG, clear_readings=3), evidence=SHRUNK),
        of(incident(targets=SETTLED_LONG, clear_readings=2), evidence=SHRUNK),
        "AwaitAlarmOk",
    ),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.rule)
def test_a_rule_decides_and_with_one_fact_changed_leaves_it_to_another(case: Case) -> None:
    """Each rule decides on the facts that it names."""
    result = decide(case.decides)
    assert (result.rule, result.step) == (case.rule, case.step)
    assert decide(case.leaves).rule == case.to


@pytest.mark.parametrize(
    ("held", "seen", "why"),
    [
        (incident(targets=(), opened_at=ago(899)), evidence(group=UNKNOWN), None),
        (
            incident(targets=(), opened_at=ago(900)),
            evidence(group=UNKNOWN, answering=SILENCE),
            "the group cannot be read: throttled",
        ),
        (
            incident(targets=(), opened_at=ago(900)),
            evidence(group=UNKNOWN, target_health=UNKNOWN, alarm=UNKNOWN, answering=UNKNOWN),
            "; ".join(f"the {each} cannot be read: throttled" for each in READ),
        ),
        (
            incident(**UNCLASSIFIED, opened_at=ago(900)),
            evidence(group=UNKNOWN),
            "the alarm still fires, and no action is due",
        ),
        (incident(**UNCLASSIFIED, opened_at=ago(900)), OKAY, None),
        (
            incident(targets=SETTLED_LONG, clear_readings=3),
            evidence(alarm=OK, group=UNKNOWN),
            "the alarm is OK, but the group cannot be read: throttled",
        ),
        (
            incident(targets=SETTLED_LONG, clear_readings=3),
            SHRUNK,
            "the alarm is OK, but the group has 2 of 3 instances in service",
        ),
    ],
)
def test_a_stalled_wait_names_unread_facts(held: Incident, seen: Evidence, why: str | None) -> None:
    """After `blocked_max_seconds` a person is asked; an alarm that is OK is read to its end."""
    decided = decide(situation(incident=held, evidence=seen))
    assert (decided.why if isinstance(decided.step, Escalate) else None) == why


def test_the_cases_cover_every_rule_and_every_kind_of_step() -> None:
    """A rule or a step without a case fails here."""
    assert {type(each.step) for each in CASES} == set(get_args(Step.__value__))
    assert len({each.rule for each in CASES}) == len(RULES) + len(
        ("Watch", "SignalsJoining", "QuietWindow", "LookBeforeFix")
    )
