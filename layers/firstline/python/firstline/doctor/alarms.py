"""Checks of alarms: each can change state, and each reaches a person or firstline."""

from collections.abc import Callable, Iterator
from datetime import timedelta

from firstline.config.profile import Profile
from firstline.doctor import alarm_inventory, recipients
from firstline.doctor.alarm_inventory import InventoryAlarm
from firstline.doctor.facts import Account, Alarm, Metric, ReadFailure, StackState, or_empty
from firstline.doctor.known_metrics import unpublished_reason
from firstline.doctor.result import Check, DoctorContext, Grade, Problem
from firstline.monitoring import alarms as detection
from firstline.signal import Severity

STUCK_AFTER = timedelta(days=1)
"""An alarm in ALARM for longer, with no OK in its history, carries no information."""
DATA_WITHIN = timedelta(days=14)
ALWAYS = "breaching"


def first_line(case: DoctorContext) -> Iterator[Problem]:
    """The fleet can have an alarm that a rule calls a P1."""
    profile, external = case.profile, case.profile.alarms.external
    names = [each.name for each in detection.deployable_alarms(profile)] + [
        each.known_as for each in external
    ]
    if not any(profile.severity_of(each) is Severity.P1 for each in names):
        yield Problem("P1", "has no alarm that applies to this fleet", "critical")


def omitted(case: DoctorContext) -> Iterator[Problem]:
    """The fleet has the facts that every alarm of the profile needs."""
    for each in alarm_inventory.omitted_alarms(case.profile):
        message = f"is not created: the fleet file has no {each.fact}"
        yield Problem(each.alarm.name, message, "note", {"fact": each.fact})


def missing(case: DoctorContext) -> Iterator[Problem]:
    """Every alarm that the profile listens to exists."""
    profile, account = case.profile, case.account
    if isinstance(account.alarms, ReadFailure):
        return
    names = {each.name for each in account.alarms}
    for external in profile.alarms.external:
        if external.name not in names:
            message = "is named in the fleet file, but no such alarm exists"
            yield Problem(external.name, message, case.grade(external.known_as))
    deployed = account.deployed
    if isinstance(deployed, StackState) and not isinstance(deployed.resources, ReadFailure):
        there = {each.logical_id for each in deployed.resources if each.name in names}
        for alarm in detection.deployable_alarms(profile):
            if not any(each.startswith(_logical_id_prefix(alarm.name)) for each in there):
                message = "is defined in the fleet file, but missing in the deployment"
                yield Problem(alarm.name, message, case.grade(alarm.name))


def metric(case: DoctorContext) -> Iterator[Problem]:
    """Every alarm watches metrics that its kind of resource publishes."""
    for alarm in _all(case):
        for each in alarm.metrics:
            if why := unpublished_reason(each, case.account):
                yield Problem(alarm.name, f"watches {each}: {why}", _grade(case, alarm))


def data(case: DoctorContext) -> Iterator[Problem]:
    """Every alarm's metrics had a value within 14 days."""
    measured = case.account.last_values
    if isinstance(measured, ReadFailure):
        return
    new = case.account.deployed is None
    for alarm in _all(case):
        for each in alarm.metrics:
            if measured.get(each) is not None or unpublished_reason(each, case.account):
                continue
            if new and alarm_inventory.is_own_metric(each):
                message = f"watches {each}, which comes with the first deployment"
                yield Problem(alarm.name, message, "note")
                continue
            rings = "so it fires permanently" if alarm.missing == ALWAYS else "so it cannot fire"
            message = f"watches {each}, which had no value in {DATA_WITHIN.days} days, {rings}"
            yield Problem(alarm.name, message, _grade(case, alarm))


def stuck(case: DoctorContext) -> Iterator[Problem]:
    """No alarm has been in ALARM for days without having ever been OK."""
    for each in or_empty(case.account.alarms):
        if each.was_ok is False and is_old(each, case):
            known_as = case.profile.external(each.name)
            message = f"is in ALARM since {each.since:%Y-%m-%d} and has no known OK state"
            yield Problem(each.name, message, case.grade(known_as) if known_as else "warning")


def is_old(alarm: Alarm, case: DoctorContext) -> bool:
    """Return True if *alarm* has been in ALARM for so long that its history is read."""
    return alarm.state == "ALARM" and case.account.now - alarm.since > STUCK_AFTER


def routing(case: DoctorContext) -> Iterator[Problem]:
    """Every alarm of the account reaches firstline, or a person through its own action."""
    for each in alarm_inventory.foreign_alarms(case.profile, case.account):
        if case.profile.external(each.name) is not None:
            continue
        if not each.actions:
            yield Problem(
                each.name, "has no action, and no rule of the fleet file matches it", "warning"
            )
        elif problem := _delivery_problem(case, each):
            message = f"has no action that reaches a recipient: {problem}"
            yield Problem(each.name, message, "warning")
        elif any(map(_concerns_fleet(case), each.metrics)):
            message = (
                "watches this fleet, but no rule of the fleet file matches it; its action remains"
            )
            yield Problem(each.name, message, "note")


def silenced(case: DoctorContext) -> Iterator[Problem]:
    """No alarm that firstline receives has its actions disabled."""
    own = alarm_inventory.stack_name(case.profile)
    for each in or_empty(case.account.alarms):
        received = each.name.startswith(own) or case.profile.external(each.name) is not None
        if received and each.disabled_at is not None:
            since = f"{each.disabled_at:%Y-%m-%d}"
            yield Problem(each.name, f"has its actions disabled since {since}", "warning")


def memory(case: DoctorContext) -> Iterator[Problem]:
    """No alarm takes the memory of a host for that of its vaults."""
    for alarm in _all(case):
        for each in alarm.metrics:
            if each.name == "mem_used_percent":
                message = (
                    "counts the memory that the allocator reserves for the enclave, not the "
                    "vaults' use"
                )
                yield Problem(alarm.name, message, "note")


def _delivery_problem(case: DoctorContext, alarm: Alarm) -> str:
    """Return why no action reaches anyone; empty if one does. Only topics are checked."""
    reasons = []
    for each in alarm.actions:
        why = (
            recipients.subscription_problem(case.account.subscriptions.get(each, "not here"))
            if _is_topic(each)
            else ""
        )
        if not why:
            return ""
        reasons.append(f"the topic {each} {why}")
    return "; ".join(reasons)


def topics(profile: Profile, account: Account) -> Iterator[str]:
    """Yield the topics (ARNs) of the alarms that firstline does not receive."""
    for each in alarm_inventory.foreign_alarms(profile, account):
        if profile.external(each.name) is None:
            yield from filter(_is_topic, each.actions)


def _is_topic(action: str) -> bool:
    """Return True if *action*, an ARN, is an SNS topic."""
    return action.split(":")[2:3] == ["sns"]


def _concerns_fleet(case: DoctorContext) -> Callable[[Metric], bool]:
    """Return a predicate for metrics whose dimensions name a resource of `[fleet]`."""
    fleet = case.profile.fleet
    named = (fleet.group, fleet.target_group, fleet.load_balancer, *fleet.http_apis)
    group = case.account.group(fleet.group)
    hosts = group.in_service if group else ()
    names = {*named, *fleet.rest_apis, fleet.parent_log_group, *hosts} - {""}
    return lambda metric: any(value in names for _, value in metric.dimensions)


def _all(case: DoctorContext) -> Iterator[InventoryAlarm]:
    yield from alarm_inventory.fleet_alarms(case.profile)
    yield from alarm_inventory.account_alarms(case.profile, case.account)


def _grade(case: DoctorContext, alarm: InventoryAlarm) -> Grade:
    return case.grade(alarm.known_as) if alarm.known_as else "warning"


def _logical_id_prefix(name: str) -> str:
    """Return the prefix of an alarm's logical id: the CDK keeps letters and digits alone."""
    return "Detection" + "".join(each for each in name if each.isalnum())


_P1 = "critical for the alarm of a P1, else a warning"
CHECKS = (
    Check(
        name="first-line",
        run=first_line,
        severity="critical",
        consequence="no alarm detects a complete outage",
        remedy="add the facts that the P1 alarms need to the fleet file, [probe.nats] first",
    ),
    Check(
        name="alarm-left-out",
        run=omitted,
        severity="note",
        consequence="this condition may go undetected unless another alarm covers it",
        remedy="set {fact} in the fleet file, or ignore this if the omission is intended",
    ),
    Check(
        name="alarm-missing",
        run=missing,
        severity=_P1,
        consequence="its condition goes undetected",
        remedy="correct [[alarms.external]] to the alarm's name, or {deploy}",
    ),
    Check(
        name="alarm-metric",
        run=metric,
        severity=_P1,
        consequence="it evaluates only missing data: it fires always or never",
        remedy="change the metric and dimensions of {subject}, or delete it",
    ),
    Check(
        name="alarm-data",
        run=data,
        severity=_P1 + "; a note for firstline's own metrics before the first deployment",
        consequence="it evaluates only missing data",
        remedy="correct the metric names of {subject}, or find out why no data is published",
    ),
    Check(
        name="alarm-stuck",
        run=stuck,
        severity=_P1,
        consequence="it never enters ALARM, so a failure goes undetected",
        remedy="aws cloudwatch describe-alarms --alarm-names {quoted} {region}; then correct its"
        " metric",
    ),
    Check(
        name="alarm-heard",
        run=routing,
        severity="warning; a note for an alarm of this fleet that has its own action",
        consequence="no recipient is notified when it fires",
        remedy=(
            "add it to [[alarms.external]] with a rule, or give it an action that reaches a "
            "recipient"
        ),
    ),
    Check(
        name="alarm-silenced",
        run=silenced,
        severity="warning",
        consequence="it pages, but no fix runs: disabled actions suppress fixes",
        remedy="aws cloudwatch enable-alarm-actions --alarm-names {quoted} {region}",
    ),
    Check(
        name="alarm-memory",
        run=memory,
        severity="note",
        consequence="it fires without a shortage, or late during one",
        remedy="also watch EnclaveReservedMemoryPercent, which the NATS probe measures",
    ),
)
