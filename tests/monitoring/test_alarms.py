"""The alarms of both shipped profiles: what they watch, and that each is understood.

To approve a change:
``python -m tests.monitoring.test_alarms NAME > tests/monitoring/alarms.NAME.txt``.
"""

import copy
import json
import re
import sys
from pathlib import Path

import pytest

from firstline.config import fleet_file as profiles
from firstline.config.profile import AlarmDefinition, LogMetric, Profile
from firstline.diagnosis.probe_outcome import NOT_ADMITTED, ProbeOutcome
from firstline.doctor import alarm_inventory
from firstline.monitoring import alarms as detection
from firstline.monitoring.nats_probe import NATS_METRICS, NatsReading, metrics
from firstline.signal import Condition, Disposition, Severity
from firstline.signals.classify import classify, with_profile_name
from firstline.signals.sources.envelope import parse
from tests.builders import HOME, NOW, PROFILE_FILE
from tests.events import body, edited

SHIPPED = {
    name: profiles.load(PROFILE_FILE.with_name(f"{name}.toml")) for name in ("runbook", "vettid")
}
HERE = Path(__file__).parent
LINES = json.loads((HERE / "parent-log.json").read_text())
"""Lines of the parents' log as they are, by what they tell: coloured text and JSON."""


def table(profile: Profile) -> str:
    """One line for each alarm: what is watched, when it fires, and what a rule makes of it."""
    return "".join(
        f"{line}\n" for line in (*_rows(profile), *alarm_inventory.omission_lines(profile))
    )


def _rows(profile: Profile) -> list[str]:
    rows = []
    for each in detection.deployable_alarms(profile):
        (rule,) = profile.rules_of["cloudwatch.alarm", each.name]
        cells = (
            each.name,
            f"{each.namespace} {each.metric}{_share(each)} {each.statistic}",
            f"{each.comparison} {each.threshold} {each.unit}",
            f"{_periods(each)} x {each.period_seconds} s, missing {each.missing_data}{_warm(each)}",
            f"{rule.severity} {rule.condition} {rule.component}",
            " ".join(each.steps),
        )
        rows.append(" | ".join(cells))
    return rows


def _periods(alarm: AlarmDefinition) -> str:
    return f"{alarm.breaching_periods or alarm.evaluation_periods} of {alarm.evaluation_periods}"


def _warm(alarm: AlarmDefinition) -> str:
    return f" after {alarm.warm_up_minutes} min" if alarm.warm_up_minutes else ""


def _share(alarm: AlarmDefinition) -> str:
    if not alarm.percent_of:
        return ""
    return f" as percent of {alarm.percent_of} (from {alarm.percent_of_min})"


@pytest.mark.parametrize("name", SHIPPED)
def test_the_alarms_are_those_that_were_approved(name: str) -> None:
    """Another threshold, another severity or a lost alarm shows as a change of the table."""
    assert table(SHIPPED[name]) == (HERE / f"alarms.{name}.txt").read_text()


def turned(alarm: str) -> bytes:
    """The event of an alarm of this name."""
    arn = f"arn:aws:cloudwatch:{HOME.region}:{HOME.account}:alarm:{alarm}"
    return edited(body("healthy-hosts-zero"), {"detail.alarmName": alarm, "resources.0": arn})


@pytest.mark.parametrize("name", SHIPPED)
def test_every_alarm_is_understood(name: str) -> None:
    """Made or listed, its event fits a rule: never `unclassified`."""
    profile = SHIPPED[name]
    made = {f"stack-{each.name}": each.name for each in profile.alarms.made}
    listed = {each.name: each.known_as for each in profile.alarms.external}
    for alarm, known in (made | listed).items():
        result = parse(turned(alarm), HOME, NOW)
        signal = with_profile_name(result, profile, {result.arn: known} if alarm in made else {})
        found = classify(signal, profile, HOME)
        assert found.disposition is Disposition.INCIDENT, alarm
        assert found.rule, alarm
        assert found.condition is not Condition.UNCLASSIFIED, alarm
        assert found.severity is profile.severity_of(known), alarm


def test_what_the_fleet_lacks_is_left_out_and_told() -> None:
    """A line for each fact, with the alarms and the runbook's steps that go with it."""
    profile = SHIPPED["runbook"]
    assert [each.alarm.name for each in alarm_inventory.omitted_alarms(profile)] == [
        "http-api-errors"
    ]
    bare = copy.replace(profile, fleet=copy.replace(profile.fleet, load_balancer="", http_api="x"))
    (result,) = alarm_inventory.omission_lines(bare)
    names = "healthy-hosts, unhealthy-hosts, response-time (R01, R02, R05, R06)"
    assert result == f"left out because the fleet file has no fleet.load_balancer: {names}"
    without = copy.replace(profile, probe=copy.replace(profile.probe, nats=None))
    (_, result) = alarm_inventory.omission_lines(without)
    assert result.startswith("left out because the fleet file has no probe.nats: enclave-memory, ")
    assert "R07, R08" in result


def test_facts_stand_in_their_places() -> None:
    """A log's metric has its fleet, so that two fleets in one account differ."""
    made = {each.name: each for each in detection.deployable_alarms(SHIPPED["runbook"])}
    assert made["host-memory"].namespace == "CWAgent"
    assert made["host-memory"].dimensions == {"AutoScalingGroupName": "VettID-Nitro-EnclaveASG"}
    assert made["nats-disconnections"].namespace == "firstline/logs/vettid"
    assert made["enclave-answering"].dimensions == {"service": "vettid"}


@pytest.mark.parametrize("name", SHIPPED)
def test_what_takes_silence_for_trouble_warms_up(name: str) -> None:
    """A new P1 alarm has no data yet: it must not wake anybody for being new."""
    for each in SHIPPED[name].alarms.made:
        assert bool(each.warm_up_minutes) is (each.missing_data == "breaching"), each.name


def test_a_p1_is_known_by_its_rules() -> None:
    """A rule of severity P1 gives a backstop without code."""
    profile = SHIPPED["runbook"]
    p1 = {
        each.name for each in profile.alarms.made if profile.severity_of(each.name) is Severity.P1
    }
    assert p1 == {"healthy-hosts", "enclave-answering"}
    assert profile.severity_of("nobody's") is Severity.P2


def rings(alarm: AlarmDefinition, value: float | None) -> bool:
    """Return True if the alarm is in ALARM after minutes of this *value*, or None."""
    if value is None:
        return alarm.missing_data == "breaching"
    return {"<": value < alarm.threshold, ">": value > alarm.threshold}[alarm.comparison]


def rung(profile: Profile, outcome: ProbeOutcome | None) -> set[Severity]:
    """Return the severities of the alarms on the probe's outcome; None is a silent probe."""
    shown = metrics(NatsReading(failure=outcome), None) if outcome else ()
    values = {each.name: each.value for each in shown}
    over = ("EnclaveAnswering", "NatsConnected")
    watching = [each for each in profile.alarms.made if each.metric in over]
    assert len(watching) == len(over)
    return {
        profile.severity_of(each.name) for each in watching if rings(each, values.get(each.metric))
    }


@pytest.mark.parametrize("name", SHIPPED)
@pytest.mark.parametrize("outcome", [*ProbeOutcome, None])
def test_a_probe_without_an_answer_pages(name: str, outcome: ProbeOutcome | None) -> None:
    """As a P2 alone where it was kept out, or is silent: of the enclaves it knows nothing."""
    found = rung(SHIPPED[name], outcome)
    if outcome is ProbeOutcome.ANSWERED:
        assert found == set()
    elif outcome is None or outcome in NOT_ADMITTED:
        assert found == {Severity.P2}
    else:
        assert Severity.P1 in found


TOLD_ONLY = {
    "Probe": "its outcome says why the enclaves do not answer, which has its alarm",
    "ProbeOutcome": "the same as a number, for the decision",
    "NatsRoundTrip": "a slow line shows as latency of the answer",
    "ProbeLatency": "an answer that comes is no incident; one that is late is none",
    "ActiveVaults": "the memory that they reserve has its alarm",
    "BacklogUnacknowledged": "what is in work counts too: how much is too much is the consumer's",
    "BacklogStalled": "a pause may be meant; what waits meanwhile is pending, which has its alarm",
    "ServersAnswering": "how many there must be is the cluster's own, and asked only with its key",
    "Responders": "how many there may be is the fleet's own: see vettid.toml",
}


def test_every_metric_of_the_probe_has_an_alarm_or_a_reason() -> None:
    """No metric of the probe is unused."""
    watched = {
        each.metric for each in SHIPPED["runbook"].alarms.made if each.namespace == "firstline"
    }
    assert watched - {"HealthAnswering"} == NATS_METRICS - TOLD_ONLY.keys()
    assert all(len(why) > 20 for why in TOLD_ONLY.values())


def fits(pattern: str, line: str) -> bool:
    """As CloudWatch Logs fits what stands between ``%``: a search, of alternatives."""
    between = re.fullmatch(r"%([A-Za-z0-9_#=@/;,|.*-]+)%", pattern)
    assert between is not None, f"{pattern} is not of the characters that CloudWatch takes"
    return re.search(between[1], line) is not None


@pytest.mark.parametrize("log", SHIPPED["runbook"].logs, ids=lambda log: log.metric)
def test_a_pattern_fits_its_lines_and_no_other(log: LogMetric) -> None:
    """In the console's colours and as JSON; not the lines of another trouble, or of none."""
    assert len(LINES[log.metric]) >= 4
    for result, lines in LINES.items():
        for line in lines:
            assert fits(log.pattern, line) is (result == log.metric), line


if __name__ == "__main__":
    sys.stdout.write(table(SHIPPED[sys.argv[1]]))
