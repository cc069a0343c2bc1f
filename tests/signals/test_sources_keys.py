"""Keys that make two deliveries one fact, the facts of signals, and refused events."""

import copy
import json
import re
from datetime import UTC, datetime, timedelta

import pytest

from firstline.adapters.aws.alarm_types import firing_alarm
from firstline.diagnosis.evidence import AlarmState, FiringAlarm
from firstline.lab.twin.fleet.alarms import Alarm
from firstline.signal import (
    Condition,
    Disposition,
    Mark,
    Severity,
    Signal,
    SignalKind,
    clamp_to_now,
)
from firstline.signals import correlation
from firstline.signals.classify import classify, with_profile_name
from firstline.signals.drill_marker import state_reason
from firstline.signals.sources.cloudwatch import from_firing_alarm
from firstline.signals.sources.envelope import MALFORMED, parse
from firstline.signals.sources.transports import unwrap_dead_letter
from tests.builders import ALARM_ARN, ALARM_NAME, HOME, NOW, PROFILE
from tests.events import ABSENT, EVENTS, edited

REDELIVERED: dict[str, object] = {"id": "another-delivery"}
READ = [path.stem for path in sorted(EVENTS.glob("*.json"))]


def raw(name: str, edits: dict[str, object] | None = None) -> bytes:
    return edited((EVENTS / f"{name}.json").read_bytes(), edits or {})


def signal(name: str, edits: dict[str, object] | None = None) -> Signal:
    return parse(raw(name, edits), HOME, NOW)


GROUP, HOST = "VettID-Nitro-EnclaveASG", "i-0a1b2c3d4e5f60718"
TERMINATED = "EC2 Instance Terminate Successful"
FINDING = signal("guardduty.high").subject
SONG = "la-la-la"
TEXTS = {"description", "reason", "title", "Title", "Description", "Cause", "StatusMessage"}
TEXTS |= {"desc", "errorMessage", "latestDescription", "parameters", "actionsSuppressedReason"}


def _sung(node: object) -> object:
    """*node* with every text that people write replaced."""
    if isinstance(node, dict):
        return {key: SONG if key in TEXTS else _sung(value) for key, value in node.items()}
    return [_sung(each) for each in node] if isinstance(node, list) else node


STABLE = [
    name
    for name in READ
    if signal(name).kind is not SignalKind.UNREAD and Mark.REPLAYED not in signal(name).marks
]


@pytest.mark.parametrize("name", STABLE)
def test_a_redelivery_has_the_same_key(name: str) -> None:
    """I30: the envelope's id is of the delivery, whatever the source."""
    assert signal(name, REDELIVERED).key == signal(name).key
    assert parse(raw(name), HOME, NOW + timedelta(days=1)).key == signal(name).key


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("autoscaling.refresh-started", "autoscaling.refresh-succeeded"),
        ("autoscaling.terminated", "autoscaling.launched"),
        ("autoscaling.terminated", "autoscaling.lifecycle-action"),
        ("ssm.command-success", "ssm.invocation-success"),
        ("ssm.invocation-failed", "ssm.invocation-success"),
        ("health.issue-open", "health.issue-second-page"),
        ("health.issue-open", "health.issue-closed"),
        ("guardduty.high", "guardduty.critical"),
        ("cloudwatch.configuration-updated", "cloudwatch.configuration-deleted"),
        ("cloudwatch.contributor", "cloudwatch.contributors-parent"),
        ("cloudwatch.composite-suppressed", "cloudwatch.composite-released"),
        ("cloudwatch.healthy-hosts-zero", "sns.alarm"),
        ("cloudwatch.healthy-hosts-zero", "lambda.alarm-action"),
        ("sns.alarm", "lambda.alarm-action"),
    ],
)
def test_another_fact_has_another_key(name: str, other: str) -> None:
    """A refused way of an alarm never hides the delivery that counts."""
    assert signal(name).key != signal(other).key


def test_a_dead_letter_holds_its_envelope() -> None:
    """Any other body is itself."""
    envelope = raw("cloudwatch.healthy-hosts-zero")
    assert json.loads(unwrap_dead_letter(raw("sqs.dead-letter"))) == json.loads(envelope)
    assert unwrap_dead_letter(envelope) == envelope


def test_the_same_fact_by_another_way_has_the_same_key() -> None:
    """A dead letter is the event that it holds; a backup Region's copy is the original."""
    assert signal("sqs.dead-letter") == signal("cloudwatch.healthy-hosts-zero")
    assert signal("lambda.on-failure") == signal("cloudwatch.healthy-hosts-zero")
    assert signal("health.issue-backup-region") == signal("health.issue-open")


@pytest.mark.parametrize(
    ("name", "kind", "subject", "state"),
    [
        ("autoscaling.terminated", SignalKind.AUTOSCALING, TERMINATED, ""),
        ("ssm.command-success", SignalKind.COMMAND, "VettID-RestartEnclave", "Success"),
        ("ssm.calendar-closed", SignalKind.CALENDAR, "change calendar", "CLOSED"),
        ("ec2.instance-stopped", SignalKind.INSTANCE, HOST, "stopped"),
        ("health.issue-open", SignalKind.HEALTH, "AWS_EC2_OPERATIONAL_ISSUE", "open"),
        ("cloudtrail.kms-throttled", SignalKind.API_CALL, "Decrypt", "ThrottlingException"),
        ("cloudwatch.configuration-deleted", SignalKind.ALARM_CONFIGURATION, ALARM_NAME, "delete"),
        ("lambda.alarm-action", SignalKind.MISROUTED, ALARM_NAME, "ALARM"),
        ("sns.alarm", SignalKind.MISROUTED, ALARM_NAME, "ALARM"),
        ("guardduty.medium", SignalKind.FINDING, FINDING, "MEDIUM"),
        ("guardduty.low", SignalKind.FINDING, FINDING, "LOW"),
        ("guardduty.archived", SignalKind.FINDING, FINDING, "OVER"),
        ("securityhub.high", SignalKind.FINDING, FINDING, "HIGH"),
        ("securityhub.low", SignalKind.FINDING, "finding-65148bc6d51a266854ea", "LOW"),
        ("securityhub.v2-high", SignalKind.FINDING, FINDING, "HIGH"),
        ("securityhub.v2-resolved", SignalKind.FINDING, FINDING, "OVER"),
        ("events.tick", SignalKind.TICK, "schedule", ""),
    ],
)
def test_a_fact_has_names_and_states(name: str, kind: SignalKind, subject: str, state: str) -> None:
    """Names and states that AWS gives; no sentence."""
    result = signal(name)
    assert (result.kind, result.subject, result.state) == (kind, subject, state)


def test_a_contributor_has_its_id_and_attributes() -> None:
    """Its attributes are dimensions, like those of its query, so a rule can match them."""
    result = signal("cloudwatch.contributor")
    assert result.key.split("|")[1] == "6d442278dba546f6"
    group = {"AutoScalingGroupName": "VettID-Nitro-EnclaveASG"}
    assert result.dimensions == {"InstanceId": HOST, **group}


def test_a_finding_sent_twice_is_one_key() -> None:
    """GuardDuty and Security Hub name it by the same ARN, and no alarm stands behind it."""
    found = [
        classify(with_profile_name(signal(each), PROFILE, {}), PROFILE, HOME)
        for each in ("guardduty.high", "securityhub.high", "securityhub.v2-high")
    ]
    assert {each.correlation_key for each in found} == {
        correlation.correlation_key("vettid", Condition.SECURITY_FINDING, FINDING)
    }
    assert {each.condition for each in found} == {Condition.SECURITY_FINDING}
    assert signal("guardduty.high").arn == ""


def test_a_finding_names_every_instance_that_it_is_about() -> None:
    """Once each, whatever else it is about, and in one order."""
    other = "i-0fffffffffffffff1"
    found = [
        {"Id": f"arn:aws:ec2:us-east-1:111122223333:{each}"}
        for each in (f"instance/{other}", f"instance/{HOST}", f"instance/{HOST}", "volume/vol-1")
    ]
    edit: dict[str, object] = {"detail.findings.0.Resources": found}
    result = parse(edited((EVENTS / "securityhub.high.json").read_bytes(), edit), HOME, NOW)
    assert result.dimensions == {"InstanceId": f"{HOST} {other}"}


def test_both_formats_of_security_hub_are_one_finding() -> None:
    """An account may have both switched on: the same host, instant and key."""
    asff, ocsf = signal("securityhub.high"), signal("securityhub.v2-high")
    assert (ocsf.key, ocsf.at, ocsf.dimensions) == (asff.key, asff.at, {"InstanceId": HOST})


OCSF = "detail.findings.0"


@pytest.mark.parametrize(
    ("severity", "state"),
    [
        *((0, "HIGH"), (1, "INFORMATIONAL"), (2, "LOW"), (3, "MEDIUM")),
        *((4, "HIGH"), (5, "CRITICAL"), (6, "CRITICAL"), (99, "HIGH")),
    ],
)
def test_a_severity_in_ocsf_that_is_not_known_is_grave(severity: int, state: str) -> None:
    """Fatal is critical; unknown and other may be anything."""
    assert signal("securityhub.v2-high", {f"{OCSF}.severity_id": severity}).state == state


@pytest.mark.parametrize(
    ("edits", "over"),
    [
        ({"activity_id": 2}, False),
        ({"activity_id": 3}, True),
        ({"status_id": 2}, False),
        ({"status_id": 3}, True),
        ({"status_id": 5}, True),
        ({"status_id": 6}, True),
        ({"status_id": 99}, False),
        ({"status_id": ABSENT, "activity_id": ABSENT}, False),
    ],
)
def test_a_finding_in_ocsf_is_over_once_it_is_closed(
    edits: dict[str, object], *, over: bool
) -> None:
    """By its product, or by a person who suppressed, resolved or archived it."""
    result = signal("securityhub.v2-high", {f"{OCSF}.{name}": to for name, to in edits.items()})
    assert (result.state == "OVER") == over


def test_a_finding_in_ocsf_may_show_no_time_and_one_name_of_its_host() -> None:
    """Then it is as old as its event; the id and the ARN name the same host."""
    edits: dict[str, object] = {
        f"{OCSF}.finding_info.modified_time_dt": ABSENT,
        f"{OCSF}.resources": [{"uid": f"arn:aws:ec2:us-east-1:111122223333:instance/{HOST}"}],
    }
    result = signal("securityhub.v2-high", edits)
    assert result.at == datetime(2026, 3, 11, 4, 36, tzinfo=UTC)
    assert result.dimensions == {"InstanceId": HOST}


def test_a_mute_without_its_end_is_a_mute_all_the_same() -> None:
    """In words of a later CloudWatch, or cut; a guard then takes the longest window."""
    mute = "detail.muteDetail"
    assert signal("cloudwatch.muted").muted_until == datetime(2026, 3, 11, 6, tzinfo=UTC)
    for edit in ({f"{mute}.muteWindowEnd": "later"}, {f"{mute}.muteWindowEnd": ABSENT}):
        result = signal("cloudwatch.muted", dict(edit))
        assert (result.muted_until, Mark.MUTED in result.marks) == (None, True)


def test_an_end_in_an_open_event_of_health_is_a_mark() -> None:
    """A clean end may never come, and the text is not read."""
    assert signal("health.issue-resolved-but-open").marks == (Mark.ENDED,)
    assert signal("health.issue-open").marks == signal("health.issue-closed").marks == ()
    assert signal("health.issue-open").at == datetime(2026, 3, 11, 4, 25, tzinfo=UTC)
    undated = signal("health.issue-open", {"detail.lastUpdatedTime": "11 Mar 2026 04:25:00 -0000"})
    assert undated.at == signal("health.issue-open").at


def test_a_change_without_its_instant_has_its_envelopes() -> None:
    """A deletion has no time of its own."""
    edits: dict[str, object] = {"detail.configuration.timestamp": ABSENT}
    result = signal("cloudwatch.configuration-deleted", edits)
    assert result.at == datetime(2026, 3, 11, 4, 5, 34, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "edits"),
    [
        ("autoscaling.no-activity", {}),
        ("ssm.calendar-unnamed", {}),
        ("health.no-date", {}),
        ("securityhub.two-findings", {}),
        ("securityhub.v2-high", {"detail.findings": []}),
        ("securityhub.v2-high", {f"{OCSF}.severity_id": 7}),
        ("securityhub.v2-high", {f"{OCSF}.severity_id": "High"}),
        ("securityhub.v2-high", {f"{OCSF}.finding_info.uid": ""}),
        ("securityhub.v2-high", {f"{OCSF}.finding_info.modified_time_dt": "today"}),
        ("sqs.foreign-dead-letter", {}),
        ("lambda.foreign-on-failure", {}),
        ("lambda.on-failure", {"requestContext.functionArn": "ours"}),
        ("lambda.on-failure", {"requestPayload": "not an event"}),
        ("sqs.dead-letter", {"Records.0.eventSourceARN": "ours"}),
        ("sqs.dead-letter", {"Records.0.body": "not an event"}),
        ("sns.alarm", {"Records.0.Sns.Message": "hello"}),
        ("lambda.alarm-action", {"alarmArn": "ours"}),
        ("lambda.alarm-action", {"alarmData.state.timestamp": "today"}),
        ("guardduty.high", {"detail.severity": 11}),
        ("ec2.instance-stopped", {"detail.instance-id": "i-0a1b2c3d; reboot"}),
        ("ssm.command-success", {"detail.document-name": "a document\nwith a line"}),
        ("cloudwatch.contributor", {"detail.alarmContributor.id": "a|b"}),
        ("cloudwatch.contributor-missing", {}),
    ],
)
def test_an_event_that_contradicts_its_source_is_unreadable(
    name: str, edits: dict[str, object]
) -> None:
    """I6: it opens a P2 rather than being guessed at."""
    result = signal(name, edits)
    assert (result.source, result.marks) == (MALFORMED, (Mark.MALFORMED,))
    found = classify(result, PROFILE, HOME)
    assert (found.disposition, found.severity) == (Disposition.INCIDENT, Severity.P2)


def test_a_foreign_alarm_by_another_way_is_foreign() -> None:
    """Its ARN shows its account."""
    arn = ALARM_ARN.replace(HOME.account, "999988887777")
    result = signal("lambda.alarm-action", {"alarmArn": arn})
    assert "the account is 999988887777" in classify(result, PROFILE, HOME).why


@pytest.mark.parametrize(
    ("name", "at", "marks"),
    [
        ("cloudwatch.healthy-hosts-zero", datetime(2026, 3, 11, 4, 18, 43, 514000, UTC), ()),
        ("cloudwatch.clock-skew", NOW, ()),
        ("cloudwatch.future-dated", NOW, (Mark.FUTURE_DATED,)),
        ("cloudwatch.past-dated", NOW, (Mark.PAST_DATED,)),
    ],
)
def test_no_signal_is_of_the_future(name: str, at: datetime, marks: tuple[Mark, ...]) -> None:
    """S25: under five minutes are the clocks' difference; more is not believed, nor silent.

    The same holds for an instant before 2010.
    """
    result = clamp_to_now(signal(name), NOW)
    assert (result.at, result.marks) == (at, marks)
    assert result.key == signal(name).key


IMPOSSIBLE = {
    "0001-01-01T00:00:00.000Z": Mark.PAST_DATED,
    "0050-03-11T04:18:43.514Z": Mark.PAST_DATED,
    "2009-12-31T23:59:59.999Z": Mark.PAST_DATED,
    "2100-01-01T00:00:00.000Z": Mark.FUTURE_DATED,
    "9999-12-31T23:59:59.999Z": Mark.FUTURE_DATED,
}
"""Instants that no event can have, with the mark of each."""
INSTANT = re.compile(rb"\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:?\d\d)")


@pytest.mark.parametrize("instant", IMPOSSIBLE)
@pytest.mark.parametrize("name", READ)
def test_an_instant_that_cannot_be_is_that_of_the_receipt(name: str, instant: str) -> None:
    """Of whichever source: it is marked, and what is ours is paged."""
    result = parse(INSTANT.sub(instant.encode(), raw(name)), HOME, NOW)
    if not name.startswith("health."):  # whose own instants are written as mail writes them
        assert result.at == NOW
        assert result.marks[-1:] in {(IMPOSSIBLE[instant],), (Mark.MALFORMED,)}
    if result.marks[-1:] == (IMPOSSIBLE[instant],):
        found = classify(result, PROFILE, HOME)
        meant = classify(with_profile_name(signal(name), PROFILE, {}), PROFILE, HOME).disposition
        foreign = meant is Disposition.REJECTED and result.kind is not SignalKind.MISROUTED
        silent = foreign or Mark.REPLAYED in result.marks
        assert (found.severity, found.rule) == (Severity.P2, "")
        assert (found.disposition is Disposition.INCIDENT) is not silent
    assert result.muted_until is None


@pytest.mark.parametrize(("year", "mark"), [("1969", Mark.PAST_DATED), ("9999", Mark.FUTURE_DATED)])
def test_an_instant_of_healths_that_cannot_be_is_that_of_the_receipt(year: str, mark: Mark) -> None:
    """It is written as mail writes its own."""
    result = signal("health.issue-open", {"detail.lastUpdatedTime": f"11 Mar {year} 04:25:00 GMT"})
    assert (result.at, result.marks) == (NOW, (mark,))


@pytest.mark.parametrize("name", READ)
def test_no_free_text_is_in_a_signal(name: str) -> None:
    """I27: titles, descriptions, causes and parameters are not read at all."""
    event = json.loads(raw(name))
    result = str(parse(json.dumps(_sung(event)).encode(), HOME, NOW))
    assert SONG not in result


@pytest.mark.parametrize(
    "name",
    [
        "anomaly-band",
        "composite-suppressed",
        "healthy-hosts-zero",
        "log-alarm",
        "metric-math",
        "missing-data-breaching",
        "partial-data",
        "unhealthy-hosts",
    ],
)
def test_describe_alarms_gives_the_signal_of_the_event(name: str) -> None:
    """Of any kind of alarm: one key, one instant, one metric; only the marks may differ."""
    event = signal(f"cloudwatch.{name}")
    alarm = Alarm(
        arn=event.arn,
        envelope=raw(f"cloudwatch.{name}"),
        counts=None,
        state=AlarmState.ALARM,
        began=event.at,
        evaluated_at=event.at,
    )
    actions = {"ActionsEnabled": True, "AlarmConfigurationUpdatedTimestamp": event.at}
    found = from_firing_alarm(firing_alarm(alarm.described(NOW) | actions), HOME)
    assert Mark.UNANNOUNCED in found.marks
    assert (Mark.NO_DATA in found.marks) == (Mark.NO_DATA in event.marks)
    assert copy.replace(found, marks=event.marks) == event


WORD = "0123456789abcdef"


def test_describe_alarms_shows_a_drill_and_an_evaluation() -> None:
    """The reason that names a drill, and CloudWatch's word on what it evaluated."""
    shown = FiringAlarm(
        arn=ALARM_ARN, since=NOW, reason=state_reason(WORD), evaluation="PARTIAL_DATA"
    )
    found = from_firing_alarm(shown, HOME)
    assert (found.drill, found.marks) == (WORD, (Mark.PARTIAL_DATA, Mark.UNANNOUNCED))
    failed = from_firing_alarm(copy.replace(shown, evaluation="EVALUATION_ERROR"), HOME)
    assert Mark.EVALUATION_FAILED in failed.marks
