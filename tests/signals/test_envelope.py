from datetime import UTC, datetime, timedelta

import pytest

from firstline.ids import digest
from firstline.signal import Mark, Signal, SignalKind
from firstline.signals.sources.envelope import MALFORMED, parse
from tests.builders import ALARM_ARN, ALARM_NAME, HOME, NOW
from tests.events import ABSENT, body, edited

ZERO = body("healthy-hosts-zero")
AT = datetime(2026, 3, 11, 4, 18, 43, 514000, tzinfo=UTC)


def parsed(raw: bytes = ZERO, edits: dict[str, object] | None = None) -> Signal:
    """The signal of *raw* with a value at each dotted path."""
    return parse(edited(raw, edits or {}), HOME, NOW)


def test_a_state_change_is_the_alarms_transition() -> None:
    """Names, instant and dimensions are the event's; free text is nowhere."""
    assert parse(ZERO, HOME, NOW) == Signal(
        key=parse(ZERO, HOME, NOW).key,
        kind=SignalKind.ALARM,
        source="cloudwatch.alarm",
        subject=ALARM_NAME,
        state="ALARM",
        at=AT,
        account=HOME.account,
        region=HOME.region,
        arn=ALARM_ARN,
        metric="HealthyHostCount",
        dimensions={
            "TargetGroup": "targetgroup/vettid-enclave/73e2d6bc24d8a067",
            "LoadBalancer": "app/vettid-vault/50dc6c495c0c9188",
        },
    )
    assert parse(ZERO, HOME, NOW).key == f"{ALARM_ARN}|-|ALARM|{AT.isoformat()}"


@pytest.mark.parametrize(
    ("edits", "same"),
    [
        ({"id": "another-delivery", "time": "2026-03-11T04:20:00Z"}, True),
        ({"detail.state.timestamp": "2026-03-11T04:18:43.514Z"}, True),
        ({"detail.state.timestamp": "2026-03-11T05:18:43.514+0100"}, True),
        ({"detail.state.reason": "other words"}, True),
        ({"detail.state.timestamp": "2026-03-11T04:18:43.515+0000"}, False),
        ({"detail.state.value": "OK"}, False),
        ({"replay-name": "drill"}, False),
    ],
)
def test_the_key_names_the_transition_and_not_its_delivery(
    edits: dict[str, object], *, same: bool
) -> None:
    """I30: another envelope id, or another way to write the instant, gives the same key."""
    assert (parsed(ZERO, edits).key == parse(ZERO, HOME, NOW).key) is same


CREATED = "Unchecked: Initial alarm creation"
EMPTY = "Threshold Crossed: No datapoints were received for 3 periods"


@pytest.mark.parametrize(
    ("raw", "edits", "marks"),
    [
        (ZERO, {}, set()),
        (ZERO, {"detail.previousState": ABSENT}, set()),
        (ZERO, {"detail.previousState.reason": CREATED}, {Mark.FIRST_EVALUATION}),
        (ZERO, {"detail.state.reason": EMPTY}, {Mark.NO_DATA}),
        (ZERO, {"detail.state.actionsSuppressedBy": "Alarm"}, {Mark.SUPPRESSED}),
        (ZERO, {"detail.state.evaluationState": "EVALUATION_ERROR"}, {Mark.EVALUATION_FAILED}),
        (ZERO, {"detail.state.evaluationState": "of another kind"}, set()),
        (body("partial-data"), {}, {Mark.PARTIAL_DATA}),
        (body("composite-suppressed"), {}, {Mark.SUPPRESSED}),
        (body("composite-released"), {}, set()),
        (ZERO, {"detail.muteDetail": None}, set()),
        (ZERO, {"detail.muteDetail": {}}, {Mark.MUTED}),
        (ZERO, {"replay-name": "drill"}, {Mark.REPLAYED}),
        (body("muted"), {}, {Mark.MUTED}),
        (body("replayed-from-archive"), {}, {Mark.REPLAYED}),
        (
            body("first-evaluation-without-data"),
            {},
            {Mark.FIRST_EVALUATION, Mark.NO_DATA},
        ),
    ],
)
def test_a_signal_has_the_marks_of_its_reliability(
    raw: bytes, edits: dict[str, object], marks: set[Mark]
) -> None:
    """A mark is a fact of the event; what follows from it is for classify."""
    assert set(parsed(raw, edits).marks) == marks


INPUT = {"metricStat": {"metric": {"name": "input"}}}
METRIC = {"name": "m", "dimensions": {"d": "v"}}
OF_ONE = {"metricStat": {"metric": METRIC}}


@pytest.mark.parametrize(
    ("metrics", "metric"),
    [
        ([{"metricStat": {"metric": METRIC}}], "m"),
        ([{"expression": "a/b", "returnData": True}, {"metricStat": {"metric": METRIC}}], "m"),
        ([{"metricStat": {"metric": METRIC}}, {"metricStat": {"metric": METRIC}}], "m"),
        ([{"metricStat": {"metric": METRIC}}, INPUT], ""),
        ([{"metricStat": {"metric": METRIC}}, {**INPUT, "returnData": False}], "m"),
        ([{"expression": "a/b"}, *[{**OF_ONE, "returnData": False}] * 2], "m"),
        ([{"expression": "a/b"}], ""),
        ([], ""),
    ],
)
def test_the_metric_is_the_one_that_is_returned(metrics: object, metric: str) -> None:
    """Of different ones none is *the* metric, so rules cannot match one by chance."""
    signal = parsed(ZERO, {"detail.configuration.metrics": metrics})
    assert (signal.metric, signal.dimensions) == (metric, {"d": "v"} if metric else {})


DEEP = b"[" * 100_000 + b"]" * 100_000
OURS = {
    "no JSON": b"{",
    "an empty object": b"{}",
    "a list": b"[]",
    "no bytes": b"",
    "not UTF-8": b"\xff",
    "too large": ZERO.ljust(256 * 1024 + 1),
    "too deep": DEEP,
    "too deep in its detail": ZERO.replace(
        b'"dimensions": {', b'"dimensions": {"x": ' + DEEP + b","
    ),
    "not UTF-8 in its detail": ZERO.replace(b'"alarmName": "', b'"alarmName": "\xff'),
    "no state": body("no-state-value"),
    "a state of its own": edited(ZERO, {"detail.state.value": "ON FIRE"}),
    "no instant": edited(ZERO, {"detail.state.timestamp": ABSENT}),
    "an instant that is none": edited(ZERO, {"detail.state.timestamp": "yesterday"}),
    "an instant out of range": edited(ZERO, {"detail.state.timestamp": "0001-01-01T00:00+01:00"}),
    "an instant without offset": edited(ZERO, {"detail.state.timestamp": "2026-03-11T04:18:43"}),
    "a time without offset": edited(ZERO, {"time": "2026-03-11T04:18:43"}),
    "no resources": edited(ZERO, {"resources": []}),
    "another alarm's ARN": edited(ZERO, {"resources.0": ALARM_ARN + "-2"}),
    "two resources": edited(ZERO, {"resources": [ALARM_ARN, ALARM_ARN]}),
    "a name that steers a terminal": edited(
        ZERO, {"detail.alarmName": f"{ALARM_NAME}\x1b[31m", "resources.0": f"{ALARM_ARN}\x1b[31m"}
    ),
    "no alarm's name": edited(ZERO, {"detail.alarmName": ABSENT}),
    "no detail": edited(ZERO, {"detail": ABSENT}),
    "a detail that is a text": edited(ZERO, {"detail": "ALARM"}),
    "no account": edited(ZERO, {"account": ABSENT}),
}


def test_an_event_may_be_as_large_as_eventbridge_lets_it() -> None:
    """256 KiB are read like any other."""
    assert parse(ZERO.ljust(256 * 1024), HOME, NOW) == parse(ZERO, HOME, NOW)


@pytest.mark.parametrize("raw", OURS.values(), ids=OURS)
def test_an_unreadable_event_becomes_a_marked_signal(raw: bytes) -> None:
    """I6: nothing is raised, and none of its own words go on."""
    assert parse(raw, HOME, NOW) == Signal(
        key=parse(raw, HOME, NOW).key,
        source=MALFORMED,
        subject="an unreadable event",
        state="",
        at=NOW,
        account=HOME.account,
        region=HOME.region,
        marks=(Mark.MALFORMED,),
    )
    assert parse(raw, HOME, NOW).key == f"malformed|{digest(raw)}"
    assert parse(raw, HOME, NOW + timedelta(days=1)).key == f"malformed|{digest(raw)}"


@pytest.mark.parametrize(
    ("edits", "source"),
    [
        ({"account": "999988887777"}, "aws.cloudwatch"),
        ({"region": "eu-west-1"}, "aws.cloudwatch"),
        ({"account": "999988887777", "detail": "x"}, "aws.cloudwatch"),
        ({"source": "vettid.synthetic"}, "vettid.synthetic"),
        ({"detail-type": "CloudWatch Alarm Of Another Kind"}, "aws.cloudwatch"),
        ({"source": "aws.health", "detail-type": "Another Health Event"}, "aws.health"),
        ({"source": "aws.s3", "detail-type": "GuardDuty Finding"}, "aws.s3"),
    ],
)
def test_an_event_without_a_parser_keeps_its_envelopes_facts(
    edits: dict[str, object], source: str
) -> None:
    """Its detail is not looked into, and its key is the digest of its bytes."""
    raw = edited(ZERO, edits)
    signal = parse(raw, HOME, NOW)
    assert (signal.source, signal.arn, signal.marks) == (source, "", ())
    assert signal.key == f"event|{digest(raw)}"
    assert signal.at == AT.replace(microsecond=0)


def test_a_replayed_event_keeps_its_mark_when_it_is_unreadable() -> None:
    """S23: one from an archive never pages, also when its detail is broken."""
    marks = parsed(ZERO, {"replay-name": "drill", "detail.alarmName": ABSENT}).marks
    assert marks == (Mark.MALFORMED, Mark.REPLAYED)
