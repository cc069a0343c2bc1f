"""Alarms: whether each can ring and can be silent, and whether somebody hears it."""

from collections.abc import Callable, Iterator
from datetime import timedelta

from firstline.config.profile import Profile
from firstline.doctor import people, watched
from firstline.doctor.facts import Account, Alarm, Deployed, Metric, Unread, known
from firstline.doctor.finding import Case, Check, Found, Grade
from firstline.doctor.publishes import never
from firstline.doctor.watched import Watched
from firstline.monitoring import alarms as detection
from firstline.signal import Severity

STUCK = timedelta(days=1)
"""So long in ALARM, and never OK as far as its history goes, is no news of anything."""
DATA_WITHIN = timedelta(days=14)
ALWAYS = "breaching"


def first_line(case: Case) -> Iterator[Found]:
    """The fleet can have an alarm that a rule calls a P1."""
    profile, external = case.profile, case.profile.alarms.external
    heard = [each.name for each in detection.made(profile)] + [each.known_as for each in external]
    if not any(profile.severity_of(each) is Severity.P1 for each in heard):
        yield Found("P1", "has no alarm that this fleet can have", "critical")


def left_out(case: Case) -> Iterator[Found]:
    """Every alarm of the profile has what it needs of the fleet."""
    for each in watched.left_out(case.profile):
        told = f"is not made, for the profile has no {each.fact}"
        yield Found(each.alarm.name, told, "note", {"fact": each.fact})


def missing(case: Case) -> Iterator[Found]:
    """Every alarm that the profile listens to is there."""
    profile, account = case.profile, case.account
    if isinstance(account.alarms, Unread):
        return
    names = {each.name for each in account.alarms}
    for external in profile.alarms.external:
        if external.name not in names:
            told = "is named in the profile, and there is no such alarm"
            yield Found(external.name, told, case.grade(external.known_as))
    deployed = account.deployed
    if isinstance(deployed, Deployed) and not isinstance(deployed.resources, Unread):
        there = {each.logical_id for each in deployed.resources if each.name in names}
        for alarm in detection.made(profile):
            if not any(each.startswith(_logical(alarm.name)) for each in there):
                told = "is made by the profile, and the deployment lacks it"
                yield Found(alarm.name, told, case.grade(alarm.name))


def metric(case: Case) -> Iterator[Found]:
    """Every alarm watches metrics that its kind of resource publishes."""
    for alarm in _all(case):
        for each in alarm.metrics:
            if why := never(each, case.account):
                yield Found(alarm.name, f"watches {each}: {why}", _grade(case, alarm))


def data(case: Case) -> Iterator[Found]:
    """Every alarm's metrics had a value within 14 days."""
    measured = case.account.measured
    if isinstance(measured, Unread):
        return
    new = case.account.deployed is None
    for alarm in _all(case):
        for each in alarm.metrics:
            if measured.get(each) is not None or never(each, case.account):
                continue
            if new and watched.ours(each):
                told = f"watches {each}, which comes with the first deployment"
                yield Found(alarm.name, told, "note")
                continue
            rings = "so it rings without end" if alarm.missing == ALWAYS else "so it cannot ring"
            told = f"watches {each}, which had no value in {DATA_WITHIN.days} days, {rings}"
            yield Found(alarm.name, told, _grade(case, alarm))


def stuck(case: Case) -> Iterator[Found]:
    """No alarm has been in ALARM for days without having ever been OK."""
    for each in known(case.account.alarms):
        if each.was_ok is False and is_old(each, case):
            known_as = case.profile.external(each.name)
            told = f"is in ALARM since {each.since:%Y-%m-%d} and was never OK as far as is known"
            yield Found(each.name, told, case.grade(known_as) if known_as else "warning")


def is_old(alarm: Alarm, case: Case) -> bool:
    """Whether *alarm* has been in ALARM for so long that its history is asked."""
    return alarm.state == "ALARM" and case.account.now - alarm.since > STUCK


def hearing(case: Case) -> Iterator[Found]:
    """Every alarm of the account is heard by firstline, or by somebody through its own action."""
    for each in watched.of_others(case.profile, case.account):
        if case.profile.external(each.name) is not None:
            continue
        if not each.actions:
            yield Found(each.name, "has no action, and no rule of the profile is for it", "warning")
        elif unheard := _unheard(case, each):
            told = f"has no action that anybody hears: {unheard}"
            yield Found(each.name, told, "warning")
        elif any(map(_about(case), each.metrics)):
            told = "is about this fleet, and no rule of the profile is for it; its action remains"
            yield Found(each.name, told, "note")


def silenced(case: Case) -> Iterator[Found]:
    """No alarm that firstline hears has its actions disabled."""
    own = watched.stack_name(case.profile)
    for each in known(case.account.alarms):
        heard = each.name.startswith(own) or case.profile.external(each.name) is not None
        if heard and each.disabled_at is not None:
            since = f"{each.disabled_at:%Y-%m-%d}"
            yield Found(each.name, f"has its actions disabled since {since}", "warning")


def memory(case: Case) -> Iterator[Found]:
    """No alarm takes the memory of a host for that of its vaults."""
    for alarm in _all(case):
        for each in alarm.metrics:
            if each.name == "mem_used_percent":
                told = "counts what the allocator keeps for the enclave, whatever the vaults do"
                yield Found(alarm.name, told, "note")


def _unheard(case: Case, alarm: Alarm) -> str:
    """Why nobody hears any of its actions; another action than a topic is one by itself."""
    told = []
    for each in alarm.actions:
        why = people.unread(case.account.readers.get(each, "not here")) if _is_topic(each) else ""
        if not why:
            return ""
        told.append(f"the topic {each} {why}")
    return "; ".join(told)


def topics(profile: Profile, account: Account) -> Iterator[str]:
    """The topics (ARNs) of the alarms that firstline does not hear."""
    for each in watched.of_others(profile, account):
        if profile.external(each.name) is None:
            yield from filter(_is_topic, each.actions)


def _is_topic(action: str) -> bool:
    """Whether *action*, an ARN, is a topic of SNS."""
    return action.split(":")[2:3] == ["sns"]


def _about(case: Case) -> Callable[[Metric], bool]:
    """Whether a metric is of something that `[fleet]` names."""
    fleet = case.profile.fleet
    named = (fleet.group, fleet.target_group, fleet.load_balancer, *fleet.http_apis)
    found = case.account.group(fleet.group)
    hosts = found.in_service if found else ()
    names = {*named, *fleet.rest_apis, fleet.parent_log_group, *hosts} - {""}
    return lambda metric: any(value in names for _, value in metric.dimensions)


def _all(case: Case) -> Iterator[Watched]:
    yield from watched.made(case.profile)
    yield from watched.others(case.profile, case.account)


def _grade(case: Case, alarm: Watched) -> Grade:
    return case.grade(alarm.known_as) if alarm.known_as else "warning"


def _logical(name: str) -> str:
    """How the logical id of a made alarm begins: the CDK takes letters and digits alone."""
    return "Detection" + "".join(each for each in name if each.isalnum())


_P1 = "critical for the alarm of a P1, else a warning"
CHECKS = (
    Check(
        name="first-line",
        ask=first_line,
        severity="critical",
        consequence="a complete outage rings nowhere",
        remedy="give the fleet the facts that its P1 alarms need, [probe.nats] first",
    ),
    Check(
        name="alarm-left-out",
        ask=left_out,
        severity="note",
        consequence="what it would tell is told by another alarm or by nobody",
        remedy="set {fact} in the profile, or leave it out on purpose",
    ),
    Check(
        name="alarm-missing",
        ask=missing,
        severity=_P1,
        consequence="what it would tell is never heard",
        remedy="correct [[alarms.external]] to the alarm's name, or {deploy}",
    ),
    Check(
        name="alarm-metric",
        ask=metric,
        severity=_P1,
        consequence="it is told by missing data alone: it rings always or never",
        remedy="change the metric and dimensions of {subject}, or delete it",
    ),
    Check(
        name="alarm-data",
        ask=data,
        severity=_P1 + "; a note for firstline's own metrics before the first deployment",
        consequence="it is told by missing data alone",
        remedy="correct the names that {subject} watches, or see why nothing is published",
    ),
    Check(
        name="alarm-stuck",
        ask=stuck,
        severity=_P1,
        consequence="it never turns to ALARM, so nothing is heard when there is trouble",
        remedy="aws cloudwatch describe-alarms --alarm-names {quoted} {region}; then correct its"
        " metric",
    ),
    Check(
        name="alarm-heard",
        ask=hearing,
        severity="warning; a note for one of this fleet that has an action of its own",
        consequence="nobody is told when it rings",
        remedy="add it to [[alarms.external]] with a rule, or give it an action that is read",
    ),
    Check(
        name="alarm-silenced",
        ask=silenced,
        severity="warning",
        consequence="it pages, and no fix follows: disabling is how people keep others' hands off",
        remedy="aws cloudwatch enable-alarm-actions --alarm-names {quoted} {region}",
    ),
    Check(
        name="alarm-memory",
        ask=memory,
        severity="note",
        consequence="it rings where nothing is short, or late where the vaults are",
        remedy="watch EnclaveReservedMemoryPercent, which the NATS probe measures, beside it",
    ),
)
