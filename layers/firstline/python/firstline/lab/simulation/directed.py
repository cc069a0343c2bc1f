"""Directed starts: the known failures S01 to S23, and what is told beside alarms."""

from collections.abc import Sequence

from firstline.diagnosis.evidence import AlarmState
from firstline.diagnosis.failure_domains import Domain
from firstline.lab.simulation import envelopes
from firstline.lab.simulation.group_starts import OF_THE_GROUP
from firstline.lab.simulation.starts import (
    ASKED,
    COMMON,
    PAGING,
    SOME,
    UP,
    ZERO,
    Start,
    Told,
    alarm,
    down,
    fleet,
    host,
    start,
)
from firstline.lab.simulation.unannounced_starts import UNANNOUNCED
from firstline.lab.simulation.unreadable_starts import OF_OTHER_CODE
from firstline.lab.twin.scenario import BreakPlan, FaultPlan, LeverPlan, MutePlan

OK, NO_DATA = AlarmState.OK, AlarmState.INSUFFICIENT_DATA
FLAPPING = tuple(
    alarm("rest-api-errors", at, state)
    for at, state in ((0, AlarmState.ALARM), (2, OK), (90, AlarmState.ALARM), (95, OK))
)
MEETS = 5
"""When the first fix is decided: a look that is sent at once is read so many seconds later."""
FREEZES = Told(MEETS, envelopes.freeze)
LAUNCH_FAILED = "EC2 Instance Launch Unsuccessful"
LOOPS = {"parent": "looping"}
LOST = {"enclave": "up", "nats": "lost"}
UNRELATED = (
    "host-memory",
    "kms-throttled",
    "enclave-memory",
    "kms-near-quota",
    "messages-dropped",
    "credentials-expire",
)
"""Alarms of which no two are of one cause, but for the last two."""


def stuck(name: str, state: AlarmState) -> Told:
    """An alarm that stays in *state* whatever becomes of the hosts: its metric is wrong."""
    return alarm(name, state=state)._replace(follows=False)


def comes_back(name: str) -> tuple[Told, ...]:
    """The alarm *name* recovers by itself, twice, and rings within minutes of the first time."""
    turns = ((0, AlarmState.ALARM), (60, OK), (300, AlarmState.ALARM), (420, OK))
    return tuple(alarm(name, at, state)._replace(follows=False) for at, state in turns)


DIRECTED: Sequence[Start] = (
    start("the alarm says OK", fleet(UP, UP), alarm(ZERO, state=OK), shows=("S01",)),
    start(
        "an alarm comes late, and all is well",
        fleet(UP, UP),
        Told(0, envelopes.alarm(ZERO, age_seconds=1200), "alarm", ZERO, OK),
        shows=("S02",),
    ),
    start(
        "the same trouble again and again",
        fleet({"restart_helps": False}, UP),
        *(alarm(SOME, at) for at in (0, 60, 120, 300)),
        shows=("S03",),
    ),
    start(
        "a fix that does not last",
        fleet({"relapses_after_seconds": 90}, UP),
        alarm(SOME),
        shows=("S04", "S13"),
    ),
    start(
        "a host dies during a fix",
        fleet({}, {"enclave": "up", "dies_at_seconds": 15}),
        alarm(SOME),
        alarm(ZERO, 40),
        shows=("S06",),
    ),
    start(
        "one event comes twice in a second",
        fleet({}, UP),
        alarm(SOME),
        Told(1, envelopes.earlier(envelopes.alarm(SOME), 1), "alarm", SOME),
        shows=("S08",),
    ),
    start(
        "a fix of the whole fleet does not help",
        fleet(*[{"restart_helps": False, "replacement_helps": False}] * 3),
        alarm(ZERO),
        shows=("S09",),
    ),
    start(
        "it recovers when nobody fixes any more",
        fleet(
            *[
                {"restart_helps": False, "replacement_helps": False, "recovers_at_seconds": 500},
            ]
            * 2
        ),
        alarm(ZERO),
        shows=("S10",),
    ),
    start(
        "more alarms after it was handed over",
        fleet({"restart_helps": False, "replacement_helps": False}),
        alarm(ZERO),
        *(alarm(ASKED, at) for at in (900, 960, 1020)),
        shows=("S11",),
    ),
    start("the switch is corrupt", fleet({}, UP), alarm(SOME), switch_corrupt=True, shows=("S12",)),
    down("PagerDuty is down", "pagerduty", seconds=480, shows=("S15",)),
    start(
        "PagerDuty is down, and then the wakes",
        fleet({}, {}),
        alarm(ZERO),
        faults=(
            FaultPlan(dependency="pagerduty", until_seconds=500),
            FaultPlan(dependency="wakes", from_seconds=130, until_seconds=500),
        ),
    ),
    down("all of paging is down", *PAGING, "secrets"),
    down("the store is down", "store", shows=("S16",)),
    start("it only observes", fleet({}, {}), alarm(ZERO), mode="observe", shows=("S17",)),
    start(
        "one flapping host beside many",
        fleet({"relapses_after_seconds": 60}, *[UP] * 9),
        alarm(SOME),
        shows=("S19",),
    ),
    start(
        "replayed from an archive",
        fleet(UP, UP),
        Told(
            0, envelopes.changed(envelopes.alarm(ZERO), replay_name="again"), "replayed", about=ZERO
        ),
        shows=("S23",),
    ),
    start("an alarm that is OK again at once", fleet({}, UP), *FLAPPING),
    start(
        "an alarm comes after its OK",
        fleet(UP, UP),
        alarm("rest-api-errors", 2, OK),
        Told(60, envelopes.earlier(envelopes.alarm("rest-api-errors"), 60), "alarm"),
    ),
    start(
        "the alarm has no data, and NATS fails",
        fleet(UP),
        stuck(ZERO, NO_DATA),
        breaks=(BreakPlan(domain=Domain.NATS),),
    ),
    start(
        "a load balancer that fails",
        fleet({}, UP, UP),
        alarm(SOME),
        breaks=(BreakPlan(domain=Domain.LOAD_BALANCER, until_seconds=900),),
    ),
    *(
        start(
            f"{size} hosts are well behind {domain}, which fails",
            fleet(*[UP] * size),
            stuck(SOME, AlarmState.ALARM),
            breaks=(BreakPlan(domain=domain),),
        )
        for domain in Domain
        for size in (1, 3)
    ),
    start(
        "the probe is wrong",
        fleet({"restart_helps": False}, UP, UP),
        stuck(ASKED, AlarmState.ALARM),
    ),
    start(
        "it is over before it was paged",
        fleet(UP),
        alarm("rest-api-errors"),
        alarm("rest-api-errors", 20, OK),
        faults=(FaultPlan(dependency="pagerduty", until_seconds=60),),
    ),
    start("fixes are paused", fleet({}, {}), alarm(ZERO), paused=True),
    start(
        "a P1 joins while fixes are paused and PagerDuty is down",
        fleet({}, {}),
        alarm(SOME),
        alarm(ZERO, 60),
        paused=True,
        faults=(FaultPlan(dependency="pagerduty", from_seconds=55, until_seconds=110),),
    ),
    start(
        "the operator suppressed the alarm",
        fleet({}, UP),
        Told(
            0,
            envelopes.alarm(SOME, actionsSuppressedBy="Alarm"),
            "suppressed",
            SOME,
        ),
    ),
    start(
        "AWS Health tells of EC2",
        fleet({"restart_helps": False}, UP),
        Told(0, envelopes.issue("EC2"), "issue", about="EC2"),
        alarm(SOME, 5),
    ),
    start(
        "AWS Health tells of KMS",
        fleet({}, UP),
        Told(0, envelopes.issue("KMS"), "issue", about="KMS"),
        alarm(SOME, 5),
    ),
    start("a change freeze", fleet({}, UP), Told(0, envelopes.freeze), alarm(SOME, 5)),
    start(
        "a finding on a dead host",
        fleet({}, {}, UP),
        Told(0, envelopes.finding(host(0)), "finding", about=host(0)),
        alarm(SOME, 120),
    ),
    start("a user is affected", fleet(UP, UP), Told(0, envelopes.report())),
    start(
        "what nobody understands",
        fleet({}, UP),
        Told(0, envelopes.junk, "junk"),
        Told(3, envelopes.unknown, "junk"),
        alarm(SOME, 5),
    ),
    start(
        "what is none of ours",
        fleet(UP, UP),
        Told(
            0,
            envelopes.changed(envelopes.alarm(ZERO), account=envelopes.FOREIGN),
            "foreign",
        ),
        Told(1, envelopes.changed(envelopes.alarm(ZERO), region="eu-west-1"), "foreign"),
        Told(2, envelopes.changed(envelopes.alarm(ZERO), source="somebody.else"), "foreign"),
    ),
    start(
        "clocks that go wrong",
        fleet({}, UP),
        Told(0, envelopes.alarm(SOME, age_seconds=-200), "alarm", SOME),
        Told(20, envelopes.alarm("response-time", age_seconds=-4000), "future"),
    ),
    start(
        "one transition in three forms",
        fleet({}, UP),
        alarm(SOME),
        Told(
            3,
            envelopes.earlier(envelopes.dated(envelopes.alarm(SOME), "%Y-%m-%dT%H:%M:%SZ"), 3),
            "alarm",
        ),
        Told(4, envelopes.earlier(envelopes.dead_letter(envelopes.alarm(SOME)), 4), "alarm"),
        Told(6, envelopes.earlier(envelopes.on_failure(envelopes.alarm(SOME)), 6), "alarm"),
    ),
    start(
        "a storm of unrelated troubles",
        fleet({}, UP),
        *(alarm(name, 3 * number) for number, name in enumerate(UNRELATED)),
        *(Told(20 + 3 * number, envelopes.report(number)) for number in range(3)),
    ),
    start(
        "restarts fail in one incident after another",
        fleet({"restart_helps": False}, UP),
        *(alarm("vault-health", at) for at in (0, 4200, 8400, 12600)),
        levers=(LeverPlan(lever="promote", scope="restart_enclave", at_seconds=10800),),
    ),
    start(
        "somebody restarts an enclave by hand",
        fleet({"restarted_by_hand_at_seconds": 1, "enclave_start_seconds": 90}, UP),
        alarm(SOME),
    ),
    start(
        "one host is well, and SSM and EC2 fail",
        fleet(UP),
        stuck(SOME, AlarmState.ALARM),
        breaks=(BreakPlan(domain=Domain.SSM), BreakPlan(domain=Domain.EC2)),
    ),
    start(
        "the network fails around a fleet",
        fleet(*[UP] * 3),
        stuck(SOME, AlarmState.ALARM),
        breaks=(BreakPlan(domain=Domain.SSM), BreakPlan(domain=Domain.PATH)),
    ),
    start(
        "one host is dead, and the load balancer fails",
        fleet({"restart_helps": False}, UP),
        stuck(ZERO, AlarmState.ALARM),
        breaks=(BreakPlan(domain=Domain.LOAD_BALANCER, until_seconds=1200),),
    ),
    start(
        "vettid: egress fails",
        fleet(UP),
        stuck(ASKED, AlarmState.ALARM),
        profile="vettid",
        breaks=(BreakPlan(domain=Domain.EGRESS),),
    ),
    start(
        "the load balancer fails, and NATS is full",
        fleet(UP),
        stuck(SOME, AlarmState.ALARM),
        breaks=(BreakPlan(domain=Domain.LOAD_BALANCER),),
        nats_server="refusing",
    ),
    start("somebody masked a unit", fleet({"masked": True}, UP), alarm(SOME)),
    start("parents loop while their enclaves are gone", fleet(*[LOOPS] * 3), alarm(ZERO)),
    start("a slow boot", fleet({"reachable": False}, UP, UP), alarm(SOME), boot_seconds=1500),
    start("NATS hangs", fleet(*[LOST] * 3), alarm(ZERO), nats_server="hung"),
    start("vettid: NATS hangs", fleet(LOST), alarm(ASKED), profile="vettid", nats_server="hung"),
    start(
        "vettid: nobody can look",
        fleet({"restart_blockers": 3, "enclave": "hung", "reachable": False}),
        alarm(ASKED),
        profile="vettid",
    ),
    start(
        "vettid: allowed on a host that a finding is about",
        fleet({"enclave": "hung", "reachable": False}),
        alarm(ASKED),
        Told(200, envelopes.finding(host(0)), "finding", about=host(0)),
        profile="vettid",
        levers=(LeverPlan(lever="approve", at_seconds=240),),
    ),
    start(
        "vettid: nobody can count",
        fleet({"restart_blockers": None, "enclave": "hung"}),
        alarm(ASKED),
        profile="vettid",
    ),
    start(
        "somebody mutes the alarm",
        fleet({"restart_helps": False}, UP),
        alarm(SOME),
        Told(4, envelopes.muted(envelopes.alarm(SOME)), "alarm", SOME),
    ),
    start(
        "somebody mutes the alarm by a rule",
        fleet({"restart_helps": False}, UP),
        alarm(SOME),
        mutes=(MutePlan(alarm=SOME, from_seconds=4, until_seconds=3600),),
    ),
    start(
        "a pause meets a fix",
        fleet({}, UP),
        alarm(SOME),
        levers=(LeverPlan(lever="pause", at_seconds=MEETS),),
    ),
    start(
        "a denial meets a fix",
        fleet({}, UP),
        alarm(SOME),
        autonomy={"restart_enclave": "approve"},
        levers=(
            LeverPlan(lever="approve", at_seconds=60),
            LeverPlan(lever="deny", at_seconds=60 + MEETS),
        ),
    ),
    start(
        "a finding meets a fix",
        fleet({}, UP),
        alarm(SOME),
        Told(MEETS, envelopes.finding(host(0)), "finding", about=host(0)),
    ),
    start("a calendar closes as a fix is decided", fleet({}, UP), alarm(SOME), FREEZES),
    start(
        "an issue of KMS meets a fix",
        fleet({}, UP),
        alarm(SOME),
        Told(MEETS, envelopes.issue("KMS"), "issue", about="KMS"),
    ),
    start(
        "somebody disables the alarms' actions",
        fleet({"restart_helps": False}, UP),
        alarm(SOME),
        actions_disabled_at_seconds=4,
    ),
    start("a minor trouble", fleet(UP, UP), alarm("kms-near-quota")),
    start("vaults fill the memory", fleet(UP, UP), alarm("host-memory")),
    start("the vettid profile", fleet({}, {}), alarm(ASKED), profile="vettid"),
    start(
        "vettid: unsaved vaults",
        fleet({"restart_blockers": 3, "enclave": "hung"}),
        alarm(ASKED),
        profile="vettid",
    ),
    start(
        "somebody stops an enclave by hand",
        fleet({**UP, "stopped_by_hand_at_seconds": 1, "enclave_stop_seconds": 90}, UP),
        alarm(SOME),
    ),
    start("no hugepages are free", fleet({"obstacle": "no-hugepages"}, UP), alarm(SOME)),
    start("a P2 that comes back", fleet(UP, UP), *comes_back("rest-api-errors")),
    start("a P1 that comes back", fleet(UP, UP), *comes_back(ZERO)),
    start(
        "launches fail again and again",
        fleet(UP, UP),
        *(Told(at, envelopes.activity(LAUNCH_FAILED, f"launch-{at}")) for at in (0, 240, 480)),
        launches=False,
        desired=3,
    ),
)

STARTS: Sequence[Start] = (*COMMON, *DIRECTED, *OF_THE_GROUP, *OF_OTHER_CODE, *UNANNOUNCED)
"""All; the seed chooses one of them in turn."""
UNSIMULATED = {"S20": "a profile that names what does not exist is refused when it is loaded"}
"""Known failures that no run can show, and where they are held."""
