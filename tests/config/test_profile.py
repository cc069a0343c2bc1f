import copy
import re
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import pytest

from firstline.actions.look_host import UNIT_PATTERN
from firstline.config import fleet_file
from firstline.config.fallback_profile import fallback_profile
from firstline.config.profile_file import load, parse
from firstline.errors import InvalidInput
from firstline.event_sources import SOURCES
from firstline.ids import digest
from firstline.signal import Condition, Severity
from tests.builders import PROFILE, PROFILE_FILE

SMALL = Path(__file__).parent / "small.toml"
TEXT = SMALL.read_text()


def without(line: str) -> str:
    """The small profile without *line*."""
    assert f"\n{line}\n" in TEXT
    return TEXT.replace(f"\n{line}\n", "\n")


def instead(old: str, new: str) -> str:
    """The small profile with the first *old* as *new*."""
    assert old in TEXT
    return TEXT.replace(old, new, 1)


OWN = "'drill' is the name of firstline's own drill: use another"
NO_TROUBLE = "the condition drill is reserved: use another condition, or remove the rule"
RULE = 'rules["all vaults inaccessible"]'
RULE_TEXT = """
[[rules]]
name = "all vaults inaccessible"
source = "cloudwatch.alarm"
subject = "healthy-hosts"
condition = "complete-outage"
severity = "P1"
component = "fleet"
"""
OF_A_GROUP = """
[[rules]]
name = "a launch fails"
source = "aws.autoscaling"
subject = "EC2 Instance Launch Unsuccessful"
when = { AutoScalingGroupName = "another" }
condition = "capacity"
severity = "P2"
component = "aws"
"""
FIXABLE = (
    "use one of restart_parent, restart_enclave, replace_instance, refresh_fleet, "
    "cancel_refresh, scale_out"
)
FACTS = (
    "use one of agent_namespace, group, http_api, load_balancer, name, parent_log_group, "
    "rest_api, target_group"
)
DIMENSIONS = next(line for line in TEXT.split("\n") if line.startswith("dimensions"))
PATTERN = f"'{UNIT_PATTERN}'"


def when(written: str) -> str:
    """The small profile with a first rule whose ``when`` is *written*."""
    return instead(RULE_TEXT, f"{RULE_TEXT}when = {written}\n")


def refusal_text(raw: bytes) -> str:
    """Return the error for an invalid file."""
    with pytest.raises(InvalidInput) as refusal:
        parse(raw, "fleet.toml")
    return str(refusal.value)


def at(text: str, key_line: str, *, nth: int = 1) -> int:
    """The number of the *nth* line of *text* that is *key_line*."""
    return [n for n, line in enumerate(text.split("\n"), 1) if line == key_line][nth - 1]


class Refused(NamedTuple):
    """A change of the runbook's profile, the line that is then wrong, and the message."""

    text: str
    line: str
    message: str
    nth: int = 1


REFUSED = (
    Refused(
        f'digest = "0"\n{TEXT}', 'digest = "0"', "digest: is computed from the file: remove the key"
    ),
    Refused(
        f"colour = 1\n{TEXT}",
        "colour = 1",
        "colour: is not a key here: correct or remove it; known are "
        "name, fleet, alarms, logs, probe, rules, responses, routes, business_day, links, ladders, "
        "actions, policy",
    ),
    Refused(
        instead("[policy]", '[links]\nrunbook = "javascript:alert(1)"\n\n[policy]'),
        'runbook = "javascript:alert(1)"',
        "links.runbook: is 'javascript:alert(1)': give a string in quotes matching regex "
        r"""'^(https://[!-~]{1,500})?\\Z'""",
    ),
    Refused(
        instead("[policy]", '[business_day]\ntime_zone = "Berlin"\n\n[policy]'),
        'time_zone = "Berlin"',
        "business_day.time_zone: 'Berlin' is not a time zone: write one like 'Europe/Berlin'",
    ),
    Refused(
        instead("cooldown_seconds = 60", "cooldown = 60"),
        "cooldown = 60",
        "policy.cooldown: is not a key here: did you mean cooldown_seconds? correct or remove it; "
        "known are "
        "attempts_per_target_max, attempts_window_seconds, cooldown_seconds, failed_fixes_max, "
        "demote_after_failed, "
        "budget_percent, budget_window_seconds, healthy_floor_percent, refresh_from_zero, "
        "blocked_max_seconds, quiet_seconds, short_group_seconds, freeze_seconds, "
        "approval_seconds, postmortem_within_days, boot_allowance_seconds, "
        "evidence_age_max_seconds, look_timeout_seconds, poll_seconds, "
        "watch_seconds, "
        "settle_seconds, verify_readings, verify_interval_seconds, verify_timeout_seconds, "
        "silent_looks_max, alarm_lag_seconds, incident_age_max_seconds, wakes_max, "
        "signal_age_max_seconds, storm_scopes_max, storm_window_seconds",
    ),
    Refused(
        without("cooldown_seconds = 60"),
        "[policy]",
        "policy.cooldown_seconds: is missing: add it",
    ),
    Refused(
        instead("cooldown_seconds = 60", "cooldown_seconds = 0"),
        "cooldown_seconds = 0",
        "policy.cooldown_seconds: is 0: give a whole number >= 1",
    ),
    Refused(
        instead("wakes_max = 400", 'wakes_max = "400"'),
        'wakes_max = "400"',
        "policy.wakes_max: is '400': give a whole number",
    ),
    Refused(
        instead('enclave = "nitro-enclave"', 'enclave = "x; reboot"'),
        'enclave = "x; reboot"',
        f"fleet.units.enclave: is 'x; reboot': give a string in quotes matching regex {PATTERN}",
    ),
    Refused(
        instead('tags = { Application = "vettid-enclave" }', "tags = {}"),
        "tags = {}",
        "fleet.tags: is {}: give a table of length >= 1",
    ),
    Refused(
        instead('tags = { Application = "vettid-enclave" }', 'tags = { a = "b", "c d" = 4 }'),
        'tags = { a = "b", "c d" = 4 }',
        'fleet.tags."c d": is 4: give a string in quotes',
    ),
    Refused(
        instead('severity = "P2"', 'severity = "P0"'),
        'severity = "P0"',
        "rules[\"some hosts do not answer\"].severity: is 'P0': use one of P1, P2, P3, P4",
    ),
    Refused(
        instead('name = "some hosts do not answer"', "name = 7"),
        "name = 7",
        "rules[1].name: is 7: give a string in quotes",
    ),
    Refused(
        instead('rungs = ["restart_enclave"]', "rungs = []"),
        "rungs = []",
        'ladders["complete-outage"].rungs: is []: give a list of length >= 1',
    ),
    Refused(
        instead('autonomy = "auto"', 'autonomy = "always"'),
        'autonomy = "always"',
        "actions[\"restart_enclave\"].autonomy: is 'always': "
        "use one of approve, auto, recommend, record-only",
    ),
    Refused(
        when('{ metric = "m", TargetGroup = 5 }'),
        'when = { metric = "m", TargetGroup = 5 }',
        f"{RULE}.when.TargetGroup: is 5: give a string in quotes or a table or a list",
    ),
    Refused(
        when("{ metric = [] }"),
        "when = { metric = [] }",
        f"{RULE}.when.metric: is []: give a list of length >= 1",
    ),
    Refused(
        when('{ metric = { suffix = "x" } }'),
        'when = { metric = { suffix = "x" } }',
        f"{RULE}.when.metric.suffix: is not a key here: correct or remove it; known are prefix",
    ),
    Refused(
        when('{ metric = { prefix = "" } }'),
        'when = { metric = { prefix = "" } }',
        f"{RULE}.when.metric.prefix: is '': give a string in quotes of length >= 1",
    ),
    Refused(
        instead('rungs = ["restart_enclave"]', 'rungs = [\n  "restart_enclave",\n  "reboot",\n]'),
        "rungs = [",
        f"ladders[\"complete-outage\"].rungs[1]: 'reboot' is not a fix: {FIXABLE}",
    ),
    Refused(
        instead('name = "restart_enclave"', 'name = "look_host"'),
        'name = "look_host"',
        f"actions[\"look_host\"].name: 'look_host' is not a fix: {FIXABLE}",
    ),
    Refused(
        instead('rungs = ["restart_enclave"]', 'rungs = ["restart_enclave", "restart_enclave"]'),
        'rungs = ["restart_enclave", "restart_enclave"]',
        "ladders[\"complete-outage\"].rungs[1]: 'restart_enclave' is listed twice: remove one",
    ),
    Refused(
        instead('condition = "enclave-down"\nrungs', 'condition = "complete-outage"\nrungs'),
        'condition = "complete-outage"',
        'ladders["complete-outage"].condition: complete-outage has a ladder already: '
        "put all rungs into one ladder",
        nth=3,
    ),
    Refused(
        instead('condition = "enclave-down"\nrungs', 'condition = "unclassified"\nrungs'),
        'condition = "unclassified"',
        'ladders["unclassified"].condition: an unclassified incident is never fixed: '
        "remove the ladder",
    ),
    Refused(
        instead('name = "unhealthy-hosts"', 'name = "drill"'),
        'name = "drill"',
        f'alarms.made["drill"].name: {OWN}',
    ),
    Refused(
        instead('known_as = "unhealthy-hosts"', 'known_as = "drill"'),
        'known_as = "drill"',
        f'alarms.external["vettid-prod-enclave-unhealthy-hosts"].known_as: {OWN}',
    ),
    Refused(
        instead('condition = "enclave-down"\nseverity', 'condition = "drill"\nseverity'),
        'condition = "drill"',
        f'rules["some hosts do not answer"].condition: {NO_TROUBLE}',
    ),
    Refused(
        instead('condition = "enclave-down"\nrungs', 'condition = "drill"\nrungs'),
        'condition = "drill"',
        f'ladders["drill"].condition: {NO_TROUBLE}',
    ),
    Refused(
        instead('name = "some hosts do not answer"', 'name = "all vaults inaccessible"'),
        'name = "all vaults inaccessible"',
        f"{RULE}.name: 'all vaults inaccessible' is defined twice: rename or remove one",
        nth=2,
    ),
    Refused(
        instead('known_as = "unhealthy-hosts"', 'known_as = "sick-hosts"'),
        'known_as = "sick-hosts"',
        'alarms.external["vettid-prod-enclave-unhealthy-hosts"].known_as: '
        "no rule has the subject 'sick-hosts': add one, or remove the alarm",
    ),
    Refused(
        TEXT
        + RULE_TEXT.replace("all vaults", "vaults").replace('"healthy-hosts"', '"healthy-host"'),
        'subject = "healthy-host"',
        "rules[\"vaults inaccessible\"].subject: no alarm is named 'healthy-host': the rule never "
        "matches; known are healthy-hosts, unhealthy-hosts",
    ),
    Refused(
        TEXT.replace('subject = "unhealthy-hosts"', 'subject = "healthy-hosts"').replace(
            'known_as = "unhealthy-hosts"', 'known_as = "healthy-hosts"'
        ),
        'name = "unhealthy-hosts"',
        "alarms.made[\"unhealthy-hosts\"].name: no rule has the subject 'unhealthy-hosts': "
        "add one, or remove the alarm",
    ),
    Refused(
        instead('source = "cloudwatch.alarm"', 'source = "cloudwatch.alarms"').replace(
            '"cloudwatch.alarms"\nsubject = "healthy-hosts"',
            '"cloudwatch.alarms"\nsubject = "x"',
        )
        + RULE_TEXT.replace("all vaults", "vaults"),
        'source = "cloudwatch.alarms"',
        f"{RULE}.source: no signal has this source: known are {', '.join(sorted(SOURCES))}",
    ),
    Refused(
        TEXT + OF_A_GROUP.replace("Launch Unsuccessful", "Launch Unsuccesful"),
        'subject = "EC2 Instance Launch Unsuccesful"',
        'rules["a launch fails"].subject: aws.autoscaling has no event '
        "'EC2 Instance Launch Unsuccesful': the rule never matches; known are "
        f"{', '.join(SOURCES['aws.autoscaling'].subjects)}",
    ),
    Refused(
        instead('namespace = "AWS/ApplicationELB"', 'namespace = "$balancer"'),
        'namespace = "$balancer"',
        (
            "alarms.made[\"healthy-hosts\"].namespace: '$balancer' is not a fact of the "
            f"fleet: {FACTS}"
        ),
    ),
    Refused(
        instead('{ TargetGroup = "targetgroup', '{ Zone = "$zone", TargetGroup = "targetgroup'),
        DIMENSIONS.replace("{ ", '{ Zone = "$zone", '),
        (
            "alarms.made[\"healthy-hosts\"].dimensions.Zone: '$zone' is not a fact of the "
            f"fleet: {FACTS}"
        ),
    ),
    Refused(
        instead('namespace = "AWS/ApplicationELB"', 'namespace = "firstline/logs"'),
        'metric = "HealthyHostCount"',
        'alarms.made["healthy-hosts"].metric: no [[logs]] counts this metric: known are none',
    ),
    Refused(
        instead("threshold = 1", "threshold = nan"),
        "threshold = nan",
        'alarms.made["healthy-hosts"].threshold: is nan: give a number',
    ),
    Refused(
        instead("threshold = 1", "threshold = -inf"),
        "threshold = -inf",
        'alarms.made["healthy-hosts"].threshold: is -inf: give a number',
    ),
    Refused(
        instead("evaluation_periods = 3", "evaluation_periods = 3\nbreaching_periods = 4"),
        "breaching_periods = 4",
        'alarms.made["healthy-hosts"].breaching_periods: is more than the 3 evaluation_periods',
    ),
    Refused(
        f'{TEXT}\n[[logs]]\nmetric = "Losses"\nlog_group = "$log"\npattern = "lost"\n',
        'log_group = "$log"',
        f"logs[0].log_group: is not a fact of the fleet: {FACTS}",
    ),
    Refused(
        instead("verify_timeout_seconds = 180", "verify_timeout_seconds = 49"),
        "verify_timeout_seconds = 49",
        "policy.verify_timeout_seconds: is 49: give 50 or more, which is "
        "settle_seconds + verify_readings * verify_interval_seconds",
    ),
    Refused(
        instead("wakes_max = 400", "wakes_max = 119"),
        "wakes_max = 119",
        "policy.wakes_max: is 119: give 120 or more, which is "
        "incident_age_max_seconds / watch_seconds",
    ),
    Refused(
        instead("attempts_window_seconds = 3600", "attempts_window_seconds = 119"),
        "attempts_window_seconds = 119",
        "policy.attempts_window_seconds: is 119: give 120 or more, which is "
        "cooldown_seconds, doubled for each of attempts_per_target_max but the first",
    ),
    Refused(
        instead("wakes_max = 400", "wakes_max = 400\nblocked_max_seconds = 599"),
        "blocked_max_seconds = 599",
        "policy.blocked_max_seconds: is 599: give 600 or more, which is boot_allowance_seconds",
    ),
    Refused(
        instead("incident_age_max_seconds = 7200", "incident_age_max_seconds = 179"),
        "incident_age_max_seconds = 179",
        "policy.incident_age_max_seconds: is 179: give 180 or more, which is "
        "verify_timeout_seconds",
    ),
    Refused(
        instead("wakes_max = 400", "wakes_max = 400\nquiet_seconds = 7201"),
        "incident_age_max_seconds = 7200",
        "policy.incident_age_max_seconds: is 7200: give 7201 or more, which is quiet_seconds",
    ),
    Refused(
        instead("wakes_max = 400", "wakes_max = 400\nshort_group_seconds = 7201"),
        "incident_age_max_seconds = 7200",
        "policy.incident_age_max_seconds: is 7200: give 7201 or more, which is short_group_seconds",
    ),
    Refused(
        instead("wakes_max = 400", "wakes_max = 400\nquiet_seconds = 29"),
        "quiet_seconds = 29",
        "policy.quiet_seconds: is 29: give 30 or more, which is "
        "verify_readings * verify_interval_seconds",
    ),
    Refused(
        instead('severity = "P3"\ntarget', 'severity = "P2"\ntarget'),
        'severity = "P2"',
        'responses["P2"].severity: P2 is listed twice: remove one',
        nth=3,
    ),
    Refused(
        instead("target_seconds = 3600", "target_seconds = 899"),
        "target_seconds = 899",
        'responses["P3"].target_seconds: is 899: give no less than to P2, which has 900',
    ),
    Refused(
        instead("target_seconds = 900", "target_seconds = 0"),
        "target_seconds = 0",
        'responses["P2"].target_seconds: is 0: give a whole number >= 1',
    ),
    Refused(
        TEXT + OF_A_GROUP,
        'when = { AutoScalingGroupName = "another" }',
        'rules["a launch fails"].when.AutoScalingGroupName: only events of fleet.group arrive: '
        "write 'VettID-Nitro-EnclaveASG', or remove it",
    ),
    Refused(
        instead("\ntags = {", "\nhosts_max = 201\ntags = {"),
        "hosts_max = 201",
        "fleet.hosts_max: 201 hosts are too many: an incident stores evidence of at most 200; "
        "split the group, or set its MaxSize lower",
    ),
    Refused(  # of two faults the first in the file is reported
        instead("wakes_max = 400", "wakes_max = 1").replace(
            'name = "restart_enclave"', 'name = "reboot"'
        ),
        'name = "reboot"',
        f"actions[\"reboot\"].name: 'reboot' is not a fix: {FIXABLE}",
    ),
)


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case.message[:60])
def test_a_profile_that_does_not_hold_together_is_refused(case: Refused) -> None:
    """S20: one line that names the file, the line, the key, and how to mend it."""
    line = at(case.text, case.line, nth=case.nth)
    assert f"fleet.toml:{line}: {case.message}" in refusal_text(case.text.encode()).splitlines()


def test_all_faults_are_told_at_once() -> None:
    """In the file's order, each with its line; what is misspelt is not missing as well."""
    text = TEXT
    for old, new in (
        ('group = "VettID-Nitro-EnclaveASG"', "group = 7"),
        ("threshold = 1", 'threshold = "one"'),
        ("cooldown_seconds", "cooldown"),
        ("wakes_max = 400", "wakes_max = 0"),
    ):
        text = text.replace(old, new, 1)
    lines = refusal_text(text.encode()).splitlines()
    keys = ["fleet.group", 'alarms.made["healthy-hosts"].threshold']
    keys += ["policy.cooldown", "policy.wakes_max"]
    assert [line.split(": ")[1] for line in lines] == keys
    numbers = [int(line.split(":")[1]) for line in lines]
    assert numbers == sorted(numbers)


def test_a_file_that_is_something_else_is_not_listed_without_end() -> None:
    text = "\n".join(f"key{number} = 1" for number in range(50))
    lines = refusal_text(text.encode()).splitlines()
    assert len(lines) == 21
    assert lines[-1] == "fleet.toml: 35 more faults"


MEND = "write KEY = VALUE, texts in quotes, each key once"


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"", "1: name: is missing: add it"),
        (b"x = 1\ny = \n", f"2: is not TOML (Invalid value): {MEND}"),
        (b"x = 1\n\nx = 2\n", f"3: is not TOML (Cannot overwrite a value): {MEND}"),
        (b"x = 1\ny = [1\n\n", f"2: is not TOML (Unclosed array): {MEND}"),
        (b"x = 1\ny = '\xff'", "2: is not text: save the file as UTF-8"),
        (b"x = 1\ny = " + b"[" * 5000, "2: is nested too deeply: remove levels"),
        (TEXT.replace("\n", "\r\n").replace("max = 400", "max = 0").encode(), None),
    ],
)
def test_a_file_that_is_no_profile_is_located(raw: bytes, expected: str | None) -> None:
    """Also one that is no TOML, or was saved with the line ends of another system."""
    wakes = f"{at(TEXT, 'wakes_max = 400')}: policy.wakes_max: is 0: give a whole number >= 1"
    assert f"fleet.toml:{expected or wakes}" in refusal_text(raw).splitlines()


SHADOWED = (
    ("{}", "{}", True),
    ("{}", '{ metric = "m" }', True),
    ('{ metric = "m" }', "{}", False),
    ('{ metric = "m" }', '{ metric = "m", Zone = "a" }', True),
    ('{ metric = "m" }', '{ metric = ["m", "n"] }', False),
    ('{ metric = ["m", "n"] }', '{ metric = "n" }', True),
    ('{ metric = ["m", "n"] }', '{ metric = { prefix = "m" } }', False),
    ('{ metric = { prefix = "m" } }', '{ metric = ["m", "me"] }', True),
    ('{ metric = { prefix = "m" } }', '{ metric = ["m", "n"] }', False),
    ('{ metric = { prefix = "m" } }', '{ metric = { prefix = "me" } }', True),
    ('{ metric = { prefix = "me" } }', '{ metric = { prefix = "m" } }', False),
)


@pytest.mark.parametrize(("earlier", "later", "shadowed"), SHADOWED)
def test_a_rule_that_an_earlier_one_hides_is_refused(
    earlier: str, later: str, *, shadowed: bool
) -> None:
    """Whatever would fit the later one fits the earlier one before it."""
    again = RULE_TEXT.replace("all vaults inaccessible", "again") + f"when = {later}\n"
    text = when(earlier) + again
    if not shadowed:
        assert parse(text.encode(), "fleet.toml").rules[-1].name == "again"
        return
    line = at(text, "[[rules]]", nth=3)
    assert refusal_text(text.encode()) == (
        f'fleet.toml:{line}: rules["again"]: never matches: '
        "'all vaults inaccessible' above matches everything it does; put this one first"
    )


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    """The message says how to mend it."""
    path = tmp_path / "fleet.toml"
    message = f"{path}: cannot be read (No such file or directory): name an existing file"
    with pytest.raises(InvalidInput, match=f"^{re.escape(message)}$"):
        load(path)


def test_a_profile_answers_by_its_names() -> None:
    """An unknown name has no ladder, no alias, and default autonomy."""
    assert PROFILE.digest == digest(fleet_file.read(PROFILE_FILE))
    assert PROFILE.rungs(Condition.COMPLETE_OUTAGE) == ("restart_enclave", "refresh_fleet")
    assert PROFILE.rungs(Condition.CAPACITY) == ()
    assert PROFILE.autonomy("restart_enclave", Condition.COMPLETE_OUTAGE) == "auto"
    assert PROFILE.autonomy("reboot", Condition.COMPLETE_OUTAGE) == "record-only"
    assert PROFILE.settle("replace_instance") == timedelta(seconds=60)
    assert PROFILE.settle("restart_enclave") == PROFILE.settle("reboot") == timedelta(seconds=20)
    assert PROFILE.verify_timeout("replace_instance") == timedelta(seconds=600)
    assert PROFILE.verify_timeout("restart_enclave") == timedelta(seconds=180)
    assert PROFILE.external("vettid-prod-enclave-healthy-hosts") == "healthy-hosts"
    assert PROFILE.external("healthy-hosts") is None


def test_an_external_alarm_may_be_the_subject_of_a_rule() -> None:
    """Made and external alarms share one set of names."""
    renamed = instead('known_as = "healthy-hosts"', 'known_as = "all-hosts"')
    renamed += RULE_TEXT.replace("healthy-hosts", "all-hosts").replace("all vaults", "vaults")
    assert parse(renamed.encode(), "fleet.toml").rules[-1].subject == "all-hosts"


def test_the_runbook_has_its_response_targets() -> None:
    """R01 to R03; the next business day of R04 is no number of seconds."""
    targets = {each.severity: each.target_seconds for each in PROFILE.responses}
    assert targets == {Severity.P1: 60, Severity.P2: 15 * 60, Severity.P3: 3600}


def test_rules_are_found_by_source_and_subject() -> None:
    """The index is made once, in the file's order, and a copy with other rules has its own."""
    profile = load(SMALL)
    first, second = profile.rules
    assert profile.rules_of is profile.rules_of
    assert profile.rules_of[first.source, first.subject] == (first,)
    turned = copy.replace(profile, rules=(second, first, second))
    assert turned.rules_of[second.source, second.subject] == (second, second)


def test_the_fallback_pages_for_everything_and_fixes_nothing() -> None:
    """It stands in for a profile that cannot be loaded, and says why."""
    profile = fallback_profile("no such file")
    assert profile.name == "fallback: no such file"
    assert profile.digest == digest(b"no such file")
    assert (profile.rules, profile.ladders, profile.actions) == ((), (), ())
    assert profile.autonomy("restart_enclave", Condition.COMPLETE_OUTAGE) == "record-only"
