"""Initial worlds of the known failures S01 to S23, and of events other than alarms."""

from collections.abc import Sequence

from firstline.diagnosis.evidence import AlarmState
from firstline.diagnosis.failure_domains import Domain
from firstline.lab.simulation import envelopes
from firstline.lab.simulation.group_worlds import GROUP_WORLDS
from firstline.lab.simulation.initial_worlds import (
    COMMON,
    ENCLAVE_ANSWERING,
    HEALTHY_HOSTS,
    PAGING,
    UNHEALTHY_HOSTS,
    UP,
    InitialWorld,
    PlannedEvent,
    alarm,
    fleet,
    host,
    outage,
    world,
)
from firstline.lab.simulation.unannounced_worlds import UNANNOUNCED_WORLDS
from firstline.lab.simulation.unreadable_worlds import UNREADABLE_WORLDS
from firstline.lab.twin.scenario import BreakPlan, FaultPlan, MutePlan, OperatorCommandPlan

OK, NO_DATA = AlarmState.OK, AlarmState.INSUFFICIENT_DATA
FLAPPING = tuple(
    alarm("rest-api-errors", at, state)
    for at, state in ((0, AlarmState.ALARM), (2, OK), (90, AlarmState.ALARM), (95, OK))
)
FIX_DECIDED_SECONDS = 5
"""When the first fix is decided: an inspection is read so many seconds after it is sent."""
CALENDAR_CLOSES = PlannedEvent(FIX_DECIDED_SECONDS, envelopes.calendar_closed)
LAUNCH_FAILED = "EC2 Instance Launch Unsuccessful"
LOOPING = {"parent": "looping"}
NATS_LOST = {"enclave": "up", "nats": "lost"}
UNRELATED = (
    "host-memory",
    "kms-throttled",
    "enclave-memory",
    "kms-near-quota",
    "messages-dropped",
    "credentials-expire",
)
"""Alarms with different correlation keys, but for the last two."""


def stuck_alarm(name: str, state: AlarmState) -> PlannedEvent:
    """An alarm that keeps its state whatever happens to the hosts: its metric is wrong."""
    return alarm(name, state=state)._replace(follows_hosts=False)


def returning_alarm(name: str) -> tuple[PlannedEvent, ...]:
    """The alarm *name* recovers by itself twice, and returns within minutes of the first."""
    turns = ((0, AlarmState.ALARM), (60, OK), (300, AlarmState.ALARM), (420, OK))
    return tuple(alarm(name, at, state)._replace(follows_hosts=False) for at, state in turns)


KNOWN_FAILURES: Sequence[InitialWorld] = (
    world("the alarm says OK", fleet(UP, UP), alarm(HEALTHY_HOSTS, state=OK), covers=("S01",)),
    world(
        "an alarm comes late, and all is well",
        fleet(UP, UP),
        PlannedEvent(
            0, envelopes.alarm(HEALTHY_HOSTS, age_seconds=1200), "alarm", HEALTHY_HOSTS, OK
        ),
        covers=("S02",),
    ),
    world(
        "the same trouble again and again",
        fleet({"restart_helps": False}, UP),
        *(alarm(UNHEALTHY_HOSTS, at) for at in (0, 60, 120, 300)),
        covers=("S03",),
    ),
    world(
        "a fix that does not last",
        fleet({"relapses_after_seconds": 90}, UP),
        alarm(UNHEALTHY_HOSTS),
        covers=("S04", "S13"),
    ),
    world(
        "a host dies during a fix",
        fleet({}, {"enclave": "up", "dies_at_seconds": 15}),
        alarm(UNHEALTHY_HOSTS),
        alarm(HEALTHY_HOSTS, 40),
        covers=("S06",),
    ),
    world(
        "one event comes twice in a second",
        fleet({}, UP),
        alarm(UNHEALTHY_HOSTS),
        PlannedEvent(
            1, envelopes.redelivered(envelopes.alarm(UNHEALTHY_HOSTS), 1), "alarm", UNHEALTHY_HOSTS
        ),
        covers=("S08",),
    ),
    world(
        "a fix of the whole fleet does not help",
        fleet(*[{"restart_helps": False, "replacement_helps": False}] * 3),
        alarm(HEALTHY_HOSTS),
        covers=("S09",),
    ),
    world(
        "it recovers when nobody fixes any more",
        fleet(
            *[
                {"restart_helps": False, "replacement_helps": False, "recovers_at_seconds": 500},
            ]
            * 2
        ),
        alarm(HEALTHY_HOSTS),
        covers=("S10",),
    ),
    world(
        "more alarms after it was handed over",
        fleet({"restart_helps": False, "replacement_helps": False}),
        alarm(HEALTHY_HOSTS),
        *(alarm(ENCLAVE_ANSWERING, at) for at in (900, 960, 1020)),
        covers=("S11",),
    ),
    world(
        "the switch is corrupt",
        fleet({}, UP),
        alarm(UNHEALTHY_HOSTS),
        switch_corrupt=True,
        covers=("S12",),
    ),
    outage("PagerDuty is down", "pagerduty", seconds=480, covers=("S15",)),
    world(
        "PagerDuty is down, and then the wakes",
        fleet({}, {}),
        alarm(HEALTHY_HOSTS),
        faults=(
            FaultPlan(dependency="pagerduty", until_seconds=500),
            FaultPlan(dependency="wakes", from_seconds=130, until_seconds=500),
        ),
    ),
    outage("all of paging is down", *PAGING, "secrets"),
    outage("the store is down", "store", covers=("S16",)),
    world("it only observes", fleet({}, {}), alarm(HEALTHY_HOSTS), mode="dry-run", covers=("S17",)),
    world(
        "one flapping host beside many",
        fleet({"relapses_after_seconds": 60}, *[UP] * 9),
        alarm(UNHEALTHY_HOSTS),
        covers=("S19",),
    ),
    world(
        "replayed from an archive",
        fleet(UP, UP),
        PlannedEvent(
            0,
            envelopes.with_fields(envelopes.alarm(HEALTHY_HOSTS), replay_name="again"),
            "replayed",
            subject=HEALTHY_HOSTS,
        ),
        covers=("S23",),
    ),
    world("an alarm that is OK again at once", fleet({}, UP), *FLAPPING),
    world(
        "an alarm comes after its OK",
        fleet(UP, UP),
        alarm("rest-api-errors", 2, OK),
        PlannedEvent(60, envelopes.redelivered(envelopes.alarm("rest-api-errors"), 60), "alarm"),
    ),
    world(
        "the alarm has no data, and NATS fails",
        fleet(UP),
        stuck_alarm(HEALTHY_HOSTS, NO_DATA),
        breaks=(BreakPlan(domain=Domain.NATS),),
    ),
    world(
        "a load balancer that fails",
        fleet({}, UP, UP),
        alarm(UNHEALTHY_HOSTS),
        breaks=(BreakPlan(domain=Domain.LOAD_BALANCER, until_seconds=900),),
    ),
    *(
        world(
            f"{size} hosts are well behind {domain}, which fails",
            fleet(*[UP] * size),
            stuck_alarm(UNHEALTHY_HOSTS, AlarmState.ALARM),
            breaks=(BreakPlan(domain=domain),),
        )
        for domain in Domain
        for size in (1, 3)
    ),
    world(
        "the probe is wrong",
        fleet({"restart_helps": False}, UP, UP),
        stuck_alarm(ENCLAVE_ANSWERING, AlarmState.ALARM),
    ),
    world(
        "it is over before it was paged",
        fleet(UP),
        alarm("rest-api-errors"),
        alarm("rest-api-errors", 20, OK),
        faults=(FaultPlan(dependency="pagerduty", until_seconds=60),),
    ),
    world("fixes are paused", fleet({}, {}), alarm(HEALTHY_HOSTS), paused=True),
    world(
        "a P1 joins while fixes are paused and PagerDuty is down",
        fleet({}, {}),
        alarm(UNHEALTHY_HOSTS),
        alarm(HEALTHY_HOSTS, 60),
        paused=True,
        faults=(FaultPlan(dependency="pagerduty", from_seconds=55, until_seconds=110),),
    ),
    world(
        "the operator suppressed the alarm",
        fleet({}, UP),
        PlannedEvent(
            0,
            envelopes.alarm(UNHEALTHY_HOSTS, actionsSuppressedBy="Alarm"),
            "suppressed",
            UNHEALTHY_HOSTS,
        ),
    ),
    world(
        "AWS Health tells of EC2",
        fleet({"restart_helps": False}, UP),
        PlannedEvent(0, envelopes.health_issue("EC2"), "issue", subject="EC2"),
        alarm(UNHEALTHY_HOSTS, 5),
    ),
    world(
        "AWS Health tells of KMS",
        fleet({}, UP),
        PlannedEvent(0, envelopes.health_issue("KMS"), "issue", subject="KMS"),
        alarm(UNHEALTHY_HOSTS, 5),
    ),
    world(
        "a change freeze",
        fleet({}, UP),
        PlannedEvent(0, envelopes.calendar_closed),
        alarm(UNHEALTHY_HOSTS, 5),
    ),
    world(
        "a finding on a dead host",
        fleet({}, {}, UP),
        PlannedEvent(0, envelopes.finding(host(0)), "finding", subject=host(0)),
        alarm(UNHEALTHY_HOSTS, 120),
    ),
    world("a user is affected", fleet(UP, UP), PlannedEvent(0, envelopes.user_report())),
    world(
        "what nobody understands",
        fleet({}, UP),
        PlannedEvent(0, envelopes.malformed, "junk"),
        PlannedEvent(3, envelopes.unknown_alarm, "junk"),
        alarm(UNHEALTHY_HOSTS, 5),
    ),
    world(
        "what is none of ours",
        fleet(UP, UP),
        PlannedEvent(
            0,
            envelopes.with_fields(envelopes.alarm(HEALTHY_HOSTS), account=envelopes.FOREIGN),
            "foreign",
        ),
        PlannedEvent(
            1,
            envelopes.with_fields(envelopes.alarm(HEALTHY_HOSTS), region="eu-west-1"),
            "foreign",
        ),
        PlannedEvent(
            2,
            envelopes.with_fields(envelopes.alarm(HEALTHY_HOSTS), source="somebody.else"),
            "foreign",
        ),
    ),
    world(
        "clocks that go wrong",
        fleet({}, UP),
        PlannedEvent(
            0, envelopes.alarm(UNHEALTHY_HOSTS, age_seconds=-200), "alarm", UNHEALTHY_HOSTS
        ),
        PlannedEvent(20, envelopes.alarm("response-time", age_seconds=-4000), "future"),
    ),
    world(
        "one transition in three forms",
        fleet({}, UP),
        alarm(UNHEALTHY_HOSTS),
        PlannedEvent(
            3,
            envelopes.redelivered(
                envelopes.with_timestamp_format(
                    envelopes.alarm(UNHEALTHY_HOSTS), "%Y-%m-%dT%H:%M:%SZ"
                ),
                3,
            ),
            "alarm",
        ),
        PlannedEvent(
            4,
            envelopes.redelivered(envelopes.dead_letter(envelopes.alarm(UNHEALTHY_HOSTS)), 4),
            "alarm",
        ),
        PlannedEvent(
            6,
            envelopes.redelivered(envelopes.failure_record(envelopes.alarm(UNHEALTHY_HOSTS)), 6),
            "alarm",
        ),
    ),
    world(
        "a storm of unrelated troubles",
        fleet({}, UP),
        *(alarm(name, 3 * number) for number, name in enumerate(UNRELATED)),
        *(PlannedEvent(20 + 3 * number, envelopes.user_report(number)) for number in range(3)),
    ),
    world(
        "restarts fail in one incident after another",
        fleet({"restart_helps": False}, UP),
        *(alarm("vault-health", at) for at in (0, 4200, 8400, 12600)),
        operator_commands=(
            OperatorCommandPlan(command="promote", scope="restart_enclave", at_seconds=10800),
        ),
    ),
    world(
        "somebody restarts an enclave by hand",
        fleet({"restarted_by_hand_at_seconds": 1, "enclave_start_seconds": 90}, UP),
        alarm(UNHEALTHY_HOSTS),
    ),
    world(
        "one host is well, and SSM and EC2 fail",
        fleet(UP),
        stuck_alarm(UNHEALTHY_HOSTS, AlarmState.ALARM),
        breaks=(BreakPlan(domain=Domain.SSM), BreakPlan(domain=Domain.EC2)),
    ),
    world(
        "the network fails around a fleet",
        fleet(*[UP] * 3),
        stuck_alarm(UNHEALTHY_HOSTS, AlarmState.ALARM),
        breaks=(BreakPlan(domain=Domain.SSM), BreakPlan(domain=Domain.PATH)),
    ),
    world(
        "one host is dead, and the load balancer fails",
        fleet({"restart_helps": False}, UP),
        stuck_alarm(HEALTHY_HOSTS, AlarmState.ALARM),
        breaks=(BreakPlan(domain=Domain.LOAD_BALANCER, until_seconds=1200),),
    ),
    world(
        "vettid: egress fails",
        fleet(UP),
        stuck_alarm(ENCLAVE_ANSWERING, AlarmState.ALARM),
        profile="vettid",
        breaks=(BreakPlan(domain=Domain.EGRESS),),
    ),
    world(
        "the load balancer fails, and NATS is full",
        fleet(UP),
        stuck_alarm(UNHEALTHY_HOSTS, AlarmState.ALARM),
        breaks=(BreakPlan(domain=Domain.LOAD_BALANCER),),
        nats_server="refusing",
    ),
    world("somebody masked a unit", fleet({"masked": True}, UP), alarm(UNHEALTHY_HOSTS)),
    world(
        "parents loop while their enclaves are gone", fleet(*[LOOPING] * 3), alarm(HEALTHY_HOSTS)
    ),
    world(
        "a slow boot",
        fleet({"reachable": False}, UP, UP),
        alarm(UNHEALTHY_HOSTS),
        boot_seconds=1500,
    ),
    world("NATS hangs", fleet(*[NATS_LOST] * 3), alarm(HEALTHY_HOSTS), nats_server="hung"),
    world(
        "vettid: NATS hangs",
        fleet(NATS_LOST),
        alarm(ENCLAVE_ANSWERING),
        profile="vettid",
        nats_server="hung",
    ),
    world(
        "vettid: nobody can look",
        fleet({"restart_blockers": 3, "enclave": "hung", "reachable": False}),
        alarm(ENCLAVE_ANSWERING),
        profile="vettid",
    ),
    world(
        "vettid: allowed on a host that a finding is about",
        fleet({"enclave": "hung", "reachable": False}),
        alarm(ENCLAVE_ANSWERING),
        PlannedEvent(200, envelopes.finding(host(0)), "finding", subject=host(0)),
        profile="vettid",
        operator_commands=(OperatorCommandPlan(command="approve", at_seconds=240),),
    ),
    world(
        "vettid: nobody can count",
        fleet({"restart_blockers": None, "enclave": "hung"}),
        alarm(ENCLAVE_ANSWERING),
        profile="vettid",
    ),
    world(
        "somebody mutes the alarm",
        fleet({"restart_helps": False}, UP),
        alarm(UNHEALTHY_HOSTS),
        PlannedEvent(
            4, envelopes.muted(envelopes.alarm(UNHEALTHY_HOSTS)), "alarm", UNHEALTHY_HOSTS
        ),
    ),
    world(
        "somebody mutes the alarm by a rule",
        fleet({"restart_helps": False}, UP),
        alarm(UNHEALTHY_HOSTS),
        mutes=(MutePlan(alarm=UNHEALTHY_HOSTS, from_seconds=4, until_seconds=3600),),
    ),
    world(
        "a pause meets a fix",
        fleet({}, UP),
        alarm(UNHEALTHY_HOSTS),
        operator_commands=(OperatorCommandPlan(command="pause", at_seconds=FIX_DECIDED_SECONDS),),
    ),
    world(
        "a denial meets a fix",
        fleet({}, UP),
        alarm(UNHEALTHY_HOSTS),
        autonomy={"restart_enclave": "approve"},
        operator_commands=(
            OperatorCommandPlan(command="approve", at_seconds=60),
            OperatorCommandPlan(command="deny", at_seconds=60 + FIX_DECIDED_SECONDS),
        ),
    ),
    world(
        "a finding meets a fix",
        fleet({}, UP),
        alarm(UNHEALTHY_HOSTS),
        PlannedEvent(FIX_DECIDED_SECONDS, envelopes.finding(host(0)), "finding", subject=host(0)),
    ),
    world(
        "a calendar closes as a fix is decided",
        fleet({}, UP),
        alarm(UNHEALTHY_HOSTS),
        CALENDAR_CLOSES,
    ),
    world(
        "an issue of KMS meets a fix",
        fleet({}, UP),
        alarm(UNHEALTHY_HOSTS),
        PlannedEvent(FIX_DECIDED_SECONDS, envelopes.health_issue("KMS"), "issue", subject="KMS"),
    ),
    world(
        "somebody disables the alarms' actions",
        fleet({"restart_helps": False}, UP),
        alarm(UNHEALTHY_HOSTS),
        actions_disabled_at_seconds=4,
    ),
    world("a minor trouble", fleet(UP, UP), alarm("kms-near-quota")),
    world("vaults fill the memory", fleet(UP, UP), alarm("host-memory")),
    world("the vettid profile", fleet({}, {}), alarm(ENCLAVE_ANSWERING), profile="vettid"),
    world(
        "vettid: unsaved vaults",
        fleet({"restart_blockers": 3, "enclave": "hung"}),
        alarm(ENCLAVE_ANSWERING),
        profile="vettid",
    ),
    world(
        "somebody stops an enclave by hand",
        fleet({**UP, "stopped_by_hand_at_seconds": 1, "enclave_stop_seconds": 90}, UP),
        alarm(UNHEALTHY_HOSTS),
    ),
    world("no hugepages are free", fleet({"obstacle": "no-hugepages"}, UP), alarm(UNHEALTHY_HOSTS)),
    world("a P2 that comes back", fleet(UP, UP), *returning_alarm("rest-api-errors")),
    world("a P1 that comes back", fleet(UP, UP), *returning_alarm(HEALTHY_HOSTS)),
    world(
        "launches fail again and again",
        fleet(UP, UP),
        *(
            PlannedEvent(at, envelopes.group_activity(LAUNCH_FAILED, f"launch-{at}"))
            for at in (0, 240, 480)
        ),
        launches=False,
        desired=3,
    ),
)

INITIAL_WORLDS: Sequence[InitialWorld] = (
    *COMMON,
    *KNOWN_FAILURES,
    *GROUP_WORLDS,
    *UNREADABLE_WORLDS,
    *UNANNOUNCED_WORLDS,
)
"""Every initial world; the seed chooses one in turn."""
UNSIMULATED = {"S20": "a profile that names what does not exist is refused when it is loaded"}
"""Known failures that no run can show, and where they are prevented."""
