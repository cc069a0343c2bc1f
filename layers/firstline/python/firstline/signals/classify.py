"""Classification: a signal's disposition, its severity, and the reason (R01 to R04).

It reads names that the operator listed, never a description: text from outside is data.
"""

import copy

import msgspec

from firstline.config.profile import Profile, Rule
from firstline.config.settings import Home
from firstline.diagnosis.evidence import AlarmState
from firstline.event_sources import ALARM
from firstline.ids import CorrelationKey
from firstline.signal import (
    DRILL_ALARM,
    Component,
    Condition,
    Disposition,
    Mark,
    Severity,
    Signal,
    SignalKind,
)
from firstline.signals import correlation
from firstline.signals.rules import match

FIXED_DISPOSITIONS = {
    SignalKind.TICK: (Disposition.IGNORED, "the tick of a schedule"),
    SignalKind.MISROUTED: (
        Disposition.REJECTED,
        "an alarm by SNS or a direct call: route it to firstline by EventBridge",
    ),
}
"""Kinds whose disposition does not depend on their content."""

IMPLAUSIBLE_TIMES = {Mark.FUTURE_DATED: "from the future", Mark.PAST_DATED: "from before 2010"}
"""Marks of an implausible instant, with their description."""
FOUND_BY_SWEEP = "the sweep found the alarm in ALARM without an incident"
"""Appended to the reason of a signal that a sweep found, without an event."""

FINDINGS = {"CRITICAL": Severity.P1, "HIGH": Severity.P2}
"""The severity of a security finding; one of another state is evidence alone."""


class Classification(msgspec.Struct, frozen=True, kw_only=True):
    """The meaning of a signal. One with a key opens or joins its incident, or only joins it.

    ``scope`` is the value that distinguishes it from others of its condition, empty for the
    fleet.
    """

    disposition: Disposition
    why: str
    rule: str = ""
    correlation_key: CorrelationKey = CorrelationKey("")
    condition: Condition = Condition.UNCLASSIFIED
    severity: Severity = Severity.P2
    component: Component = Component.FLEET
    scope: str = ""


def with_profile_name(signal: Signal, profile: Profile, alarms: dict[str, str]) -> Signal:
    """*signal* under the name that rules use; ``alarms`` maps the stack's ARNs to names.

    An unlisted alarm is named by its ARN, so that its name is never taken for a listed one.
    """
    name = alarms.get(signal.arn) or profile.external(signal.subject)
    return copy.replace(signal, subject=name or signal.arn or signal.subject)


def classify(signal: Signal, profile: Profile, home: Home) -> Classification:
    """The classification of *signal*, whose subject comes from `with_profile_name`."""
    refusal = _rejection_reason(signal, home)
    if refusal:
        return Classification(disposition=Disposition.REJECTED, why=refusal)
    if Mark.REPLAYED in signal.marks:
        why = "replayed from an archive: recorded only, without pages or fixes"
        return Classification(disposition=Disposition.CONTEXT, why=why)
    for mark, when in IMPLAUSIBLE_TIMES.items():
        if mark in signal.marks:
            return _unclassified(signal, profile, f"an event of our own account, {when}")
    return _of_kind(signal, profile)


def _of_kind(signal: Signal, profile: Profile) -> Classification:
    match signal.kind:
        case SignalKind.ALARM:
            return _alarm(signal, profile)
        case SignalKind.ALARM_CONFIGURATION:
            return _configuration(signal, profile)
        case SignalKind.FINDING if signal.state in FINDINGS:
            return _finding(signal, profile)
        case SignalKind.UNREAD:
            return _unparsed(signal, profile)
        case _ if signal.kind in FIXED_DISPOSITIONS:
            disposition, why = FIXED_DISPOSITIONS[signal.kind]
            return Classification(disposition=disposition, why=why)
        case _:
            return _evidence(signal, profile)


def _evidence(signal: Signal, profile: Profile) -> Classification:
    """An incident where a rule of the profile matches, unless the signal is marked as ended."""
    rule = match(signal, profile).rule
    if rule is None or Mark.ENDED in signal.marks:
        why = f"kept as evidence: {signal.kind}"
        return Classification(disposition=Disposition.CONTEXT, why=why)
    return _incident_by_rule(signal, rule, profile, f"rule {rule.name!r} fits {signal.subject!r}")


def _unparsed(signal: Signal, profile: Profile) -> Classification:
    why = "unreadable" if Mark.MALFORMED in signal.marks else "of a kind without a parser"
    return _unclassified(signal, profile, f"an event of our own account that is {why}")


def _configuration(signal: Signal, profile: Profile) -> Classification:
    """The alarm itself was changed: its open incident looks again, and none is opened."""
    key = _by_rule(copy.replace(signal, source=ALARM), profile).correlation_key
    why = f"the alarm itself was changed: {signal.state}"
    return Classification(disposition=Disposition.CONTEXT, why=why, correlation_key=key)


def _finding(signal: Signal, profile: Profile) -> Classification:
    """A person must look; each finding is an incident of its own, whichever product sent it."""
    condition = Condition.SECURITY_FINDING
    return Classification(
        disposition=Disposition.INCIDENT,
        why=f"a security finding of severity {signal.state}",
        correlation_key=correlation.correlation_key(profile.fleet.name, condition, signal.subject),
        condition=condition,
        severity=FINDINGS[signal.state],
        component=Component.AWS,
    )


def _rejection_reason(signal: Signal, home: Home) -> str:
    """The reason why the signal is foreign; empty if it is not."""
    if signal.account != home.account:
        return f"the account is {signal.account}, not {home.account}"
    if signal.region != home.region:
        return f"the Region is {signal.region}, not {home.region}"
    parsed = signal.kind is not SignalKind.UNREAD
    if parsed or signal.source.startswith("aws.") or Mark.MALFORMED in signal.marks:
        return ""
    return f"firstline does not read the source {signal.source!r}"


def _alarm(signal: Signal, profile: Profile) -> Classification:
    classified = _by_rule(signal, profile)
    if signal.state == AlarmState.OK:
        return copy.replace(
            classified, disposition=Disposition.RECOVERY, why="the alarm is OK again"
        )
    if Mark.FIRST_EVALUATION in signal.marks and Mark.NO_DATA in signal.marks:
        why = "the alarm's first evaluation, before any data"
        return copy.replace(classified, disposition=Disposition.IGNORED, why=why)
    if Mark.MUTED in signal.marks:
        why = "an operator muted this alarm in CloudWatch"
        return copy.replace(classified, disposition=Disposition.CONTEXT, why=why)
    if signal.state == AlarmState.INSUFFICIENT_DATA and classified.severity is not Severity.P1:
        why = "the alarm has no data; only a P1 alarm without data opens an incident"
        return copy.replace(classified, disposition=Disposition.CONTEXT, why=why)
    if Mark.UNANNOUNCED in signal.marks:
        return copy.replace(classified, why=f"{classified.why}; {FOUND_BY_SWEEP}")
    return classified


def _by_rule(signal: Signal, profile: Profile) -> Classification:
    if signal.subject == DRILL_ALARM:
        return _drill(profile)
    matched = match(signal, profile)
    if matched.rule is None:
        misses = "".join(f"; {name!r}: {why}" for name, why in matched.misses)
        return _unclassified(signal, profile, f"no rule fits the alarm {signal.subject!r}{misses}")
    rule = matched.rule
    return _incident_by_rule(
        signal, rule, profile, f"rule {rule.name!r} fits the alarm {signal.subject!r}"
    )


def _drill(profile: Profile) -> Classification:
    """A rehearsal of the whole path: minor, never fixed, whatever the profile says."""
    return Classification(
        disposition=Disposition.INCIDENT,
        why="the drill's own alarm: no failure",
        rule="drill",
        correlation_key=correlation.correlation_key(profile.fleet.name, Condition.DRILL),
        condition=Condition.DRILL,
        severity=Severity.P4,
    )


def _incident_by_rule(signal: Signal, rule: Rule, profile: Profile, why: str) -> Classification:
    scope = signal.dimensions.get(rule.scope, "")
    return Classification(
        disposition=Disposition.INCIDENT,
        why=why,
        rule=rule.name,
        correlation_key=correlation.correlation_key(profile.fleet.name, rule.condition, scope),
        condition=rule.condition,
        severity=rule.severity,
        component=rule.component,
        scope=scope,
    )


def _unclassified(signal: Signal, profile: Profile, why: str) -> Classification:
    """From this account, and not understood: never silent, never acted on (I6)."""
    what = signal.arn or signal.source
    key = correlation.correlation_key(profile.fleet.name, Condition.UNCLASSIFIED, what)
    return Classification(disposition=Disposition.INCIDENT, why=why, correlation_key=key)
