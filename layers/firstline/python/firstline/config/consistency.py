"""Checks that a profile's values agree with each other, with the key of each fault (S20).

A profile is refused as a whole, with the line of each fault. A contradiction is refused where it
can be proved: a rule is hidden if an earlier one of its source and subject matches no less, and
``wakes_max`` is too small if watching every ``watch_seconds`` uses it up before
``incident_age_max_seconds``. An alarm without a rule is refused, also an external one, and so is a
rule whose ``source`` no parser gives.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator

from firstline.actions.catalogue import FIXES
from firstline.config.profile import (
    HOSTS_MAX,
    NAME_PATTERN,
    Fleet,
    Matcher,
    Policy,
    Prefix,
    Profile,
    Rule,
    matches,
)
from firstline.config.toml_document import Fault, Key, display
from firstline.event_sources import ALARM, SOURCES
from firstline.signal import DRILL_ALARM, Condition

LOG_NAMESPACE = "firstline/logs"
"""The namespace of log metrics; in CloudWatch the fleet's name follows."""
NON_TEXT_FACTS = (
    *("tags", "units", "nats", "concurrent_instances_safe", "health_page_needs_nats"),
    *("kms_key", "stack", "watched_parameters", "restarts_can_lose_vaults"),
    *("hosts_max", "launch_template", "deployment_group", "pcr0_parameter", "build_host_tag"),
)
"""Fields of the fleet that ``$fact`` cannot refer to."""


def faults(profile: Profile) -> Iterator[Fault]:
    """Yield each contradiction in *profile*, and each name without a definition."""
    yield from _repeated(profile)
    yield from _unknown_fixes(profile)
    yield from _drills(profile)
    yield from _unmatched(profile)
    yield from _undefined(profile)
    yield from _other_groups(profile)
    yield from _shadowed(profile)
    yield from _responses(profile)
    yield from profile.routes.faults()
    if not profile.business_day.known:
        why = (
            f"{profile.business_day.time_zone!r} is not a time zone: write one like 'Europe/Berlin'"
        )
        yield Fault(("business_day", "time_zone"), why)
    yield from _too_many_hosts(profile.fleet)
    yield from _nameless_apis(profile.fleet)
    yield from _limits(profile.policy)


def _too_many_hosts(fleet: Fleet) -> Iterator[Fault]:
    """Refuse a group whose incidents exceed the store's limit."""
    if fleet.hosts_max > HOSTS_MAX:
        why = (
            f"{fleet.hosts_max} hosts are too many: an incident stores evidence of at most "
            f"{HOSTS_MAX}"
        )
        yield Fault(("fleet", "hosts_max"), f"{why}; split the group, or set its MaxSize lower")


def _nameless_apis(fleet: Fleet) -> Iterator[Fault]:
    """Check the name of a single API; names in a list are checked by their type."""
    for key in ("http_api", "rest_api"):
        name = getattr(fleet, key)
        if isinstance(name, str) and name and not re.fullmatch(NAME_PATTERN, name):
            why = f"is {display(name)}: give a string that matches {NAME_PATTERN!r}"
            yield Fault(("fleet", key), why)


def _repeated(profile: Profile) -> Iterator[Fault]:
    """Refuse duplicate names, of which the later would be ignored."""
    lists: dict[Key, Iterable[str]] = {
        ("alarms", "made"): (each.name for each in profile.alarms.made),
        ("alarms", "external"): (each.name for each in profile.alarms.external),
        ("rules",): (each.name for each in profile.rules),
        ("actions",): (each.name for each in profile.actions),
    }
    for key, names in lists.items():
        for index, name in _duplicates(names):
            yield Fault((*key, index, "name"), f"{name!r} is defined twice: rename or remove one")
    for index, condition in _duplicates(each.condition for each in profile.ladders):
        why = f"{condition!s} has a ladder already: put all rungs into one ladder"
        yield Fault(("ladders", index, "condition"), why)
    for number, ladder in enumerate(profile.ladders):
        for index, rung in _duplicates(ladder.rungs):
            yield Fault(
                ("ladders", number, "rungs", index), (f"{rung!r} is listed twice: remove one")
            )


def _duplicates(names: Iterable[str]) -> Iterator[tuple[int, str]]:
    seen: Counter[str] = Counter()
    for index, name in enumerate(names):
        seen[name] += 1
        if seen[name] > 1:
            yield index, name


def _unknown_fixes(profile: Profile) -> Iterator[Fault]:
    named: list[tuple[Key, str]] = [
        (("actions", index, "name"), each.name) for index, each in enumerate(profile.actions)
    ]
    for number, ladder in enumerate(profile.ladders):
        named += [(("ladders", number, "rungs", i), rung) for i, rung in enumerate(ladder.rungs)]
        if ladder.condition is Condition.UNCLASSIFIED:
            why = "an unclassified incident is never fixed: remove the ladder"
            yield Fault(("ladders", number, "condition"), why)
    for key, name in named:
        if name not in FIXES:
            yield Fault(key, f"{name!r} is not a fix: use one of {', '.join(FIXES)}")


def _unmatched(profile: Profile) -> Iterator[Fault]:
    """Check that every alarm has a rule, and every rule an alarm."""
    names = _alarms(profile)
    alarm_names = {name for _, name in names}
    wanted = {rule.subject for rule in profile.rules if rule.source == ALARM}
    for key, name in names:
        if name not in wanted:
            yield Fault(key, f"no rule has the subject {name!r}: add one, or remove the alarm")
    for index, rule in enumerate(profile.rules):
        yield from _undelivered(rule, index)
        if rule.source == ALARM and rule.subject not in alarm_names:
            known = ", ".join(sorted(alarm_names)) or "none"
            why = f"no alarm is named {rule.subject!r}: the rule never matches; known are {known}"
            yield Fault(("rules", index, "subject"), why)


def _undelivered(rule: Rule, index: int) -> Iterator[Fault]:
    """Refuse a source without an EventBridge rule, and a subject that it never has."""
    source = SOURCES.get(rule.source)
    if source is None:
        known = ", ".join(sorted(SOURCES))
        yield Fault(("rules", index, "source"), f"no signal has this source: known are {known}")
    elif source.subjects and rule.subject not in source.subjects:
        why = f"{rule.source} has no event {rule.subject!r}: the rule never matches"
        known = ", ".join(source.subjects)
        yield Fault(("rules", index, "subject"), f"{why}; known are {known}")


def _alarms(profile: Profile) -> list[tuple[Key, str]]:
    """Return the rules' name of each alarm, and its key in the file."""
    made, external = enumerate(profile.alarms.made), enumerate(profile.alarms.external)
    return [
        *((("alarms", "made", index, "name"), each.name) for index, each in made),
        *((("alarms", "external", index, "known_as"), each.known_as) for index, each in external),
    ]


def _drills(profile: Profile) -> Iterator[Fault]:
    """Reserve the drill's alarm and condition for firstline."""
    why = f"{DRILL_ALARM!r} is the name of firstline's own drill: use another"
    yield from (Fault(key, why) for key, name in _alarms(profile) if name == DRILL_ALARM)
    rules = [("rules", index, each.condition) for index, each in enumerate(profile.rules)]
    ladders = [("ladders", index, each.condition) for index, each in enumerate(profile.ladders)]
    for kind, index, condition in rules + ladders:
        if condition is Condition.DRILL:
            why = "the condition drill is reserved: use another condition, or remove the rule"
            yield Fault((kind, index, "condition"), why)


def _undefined(profile: Profile) -> Iterator[Fault]:
    """Refuse unknown facts, impossible numbers and log metrics without a definition."""
    counted = {each.metric for each in profile.logs}
    facts = {each for each in profile.fleet.__struct_fields__ if each not in NON_TEXT_FACTS}
    for index, each in enumerate(profile.logs):
        if each.log_group.startswith("$") and each.log_group[1:] not in facts:
            why = f"is not a fact of the fleet: use one of {', '.join(sorted(facts))}"
            yield Fault(("logs", index, "log_group"), why)
    for index, alarm in enumerate(profile.alarms.made):
        at: Key = ("alarms", "made", index)
        if alarm.namespace == LOG_NAMESPACE and alarm.metric not in counted:
            why = (
                f"no [[logs]] counts this metric: known are {', '.join(sorted(counted)) or 'none'}"
            )
            yield Fault((*at, "metric"), why)
        if not math.isfinite(alarm.threshold):
            yield Fault((*at, "threshold"), f"is {alarm.threshold}: give a number")
        if (alarm.breaching_periods or 1) > alarm.evaluation_periods:
            why = f"is more than the {alarm.evaluation_periods} evaluation_periods"
            yield Fault((*at, "breaching_periods"), why)
        for key, value in [("namespace", alarm.namespace), *alarm.dimensions.items()]:
            place = (*at, key) if key == "namespace" else (*at, "dimensions", key)
            if isinstance(getattr(profile.fleet, value[1:], None), tuple) and value[1:] in facts:
                yield Fault(place, f"{value!r} is a list of APIs: write one of them")
            if value.startswith("$") and value[1:] not in facts:
                why = f"{value!r} is not a fact of the fleet: use one of {', '.join(sorted(facts))}"
                yield Fault(place, why)


def _other_groups(profile: Profile) -> Iterator[Fault]:
    """Refuse Auto Scaling rules of another group, whose events are not delivered."""
    for index, rule in enumerate(profile.rules):
        named = rule.when.get("AutoScalingGroupName", profile.fleet.group)
        if rule.source == "aws.autoscaling" and named != profile.fleet.group:
            why = f"only events of fleet.group arrive: write {profile.fleet.group!r}, or remove it"
            yield Fault(("rules", index, "when", "AutoScalingGroupName"), why)


def _shadowed(profile: Profile) -> Iterator[Fault]:
    for index, rule in enumerate(profile.rules):
        for earlier in profile.rules[:index]:
            if _takes_all(earlier, rule):
                why = (
                    f"never matches: {earlier.name!r} above matches everything it does; put "
                    "this one first"
                )
                yield Fault(("rules", index), why)
                break


def _takes_all(earlier: Rule, later: Rule) -> bool:
    """Return True if everything that *later* matches also matches *earlier*."""
    if (earlier.source, earlier.subject) != (later.source, later.subject):
        return False
    return all(
        field in later.when and _covers(wide, later.when[field])
        for field, wide in earlier.when.items()
    )


def _covers(wide: Matcher, narrow: Matcher) -> bool:
    if isinstance(narrow, Prefix):  # it fits more than any list
        return isinstance(wide, Prefix) and narrow.prefix.startswith(wide.prefix)
    return all(matches(each, wide) for each in ((narrow,) if isinstance(narrow, str) else narrow))


def _responses(profile: Profile) -> Iterator[Fault]:
    """Refuse duplicate targets, and a shorter target for a less severe signal."""
    for index, severity in _duplicates(each.severity for each in profile.responses):
        yield Fault(("responses", index, "severity"), f"{severity!s} is listed twice: remove one")
    for index, response in enumerate(profile.responses):
        for other in profile.responses:
            hasty = response.target_seconds < other.target_seconds
            if hasty and other.severity < response.severity:
                least = f"{other.severity!s}, which has {other.target_seconds}"
                why = f"is {response.target_seconds}: give no less than to {least}"
                yield Fault(("responses", index, "target_seconds"), why)


def _limits(policy: Policy) -> Iterator[Fault]:
    """Refuse limits that contradict each other."""
    confirming = policy.verify_readings * policy.verify_interval_seconds
    verifying = policy.settle_seconds + confirming
    watching = -(-policy.incident_age_max_seconds // policy.watch_seconds)
    least = (
        (
            "verify_timeout_seconds",
            verifying,
            "settle_seconds + verify_readings * verify_interval_seconds",
        ),
        ("wakes_max", watching, "incident_age_max_seconds / watch_seconds"),
        (
            "attempts_window_seconds",
            policy.cooldown_max_seconds,
            "cooldown_seconds, doubled for each of attempts_per_target_max but the first",
        ),
        ("blocked_max_seconds", policy.boot_allowance_seconds, "boot_allowance_seconds"),
        ("incident_age_max_seconds", policy.verify_timeout_seconds, "verify_timeout_seconds"),
        ("incident_age_max_seconds", policy.quiet_seconds, "quiet_seconds"),
        ("incident_age_max_seconds", policy.short_group_seconds, "short_group_seconds"),
        ("quiet_seconds", confirming, "verify_readings * verify_interval_seconds"),
    )
    for field, bound, why in least:
        value: int = getattr(policy, field)
        if value < bound:
            yield Fault(("policy", field), f"is {value}: give {bound} or more, which is {why}")
