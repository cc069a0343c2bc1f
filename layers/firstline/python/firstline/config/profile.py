"""The profile: a fleet's names and facts, and its policy.

``profile_file.py`` reads it.
"""

from collections.abc import Mapping
from datetime import timedelta
from functools import cached_property
from typing import Annotated, Literal

import msgspec

from firstline.actions.action import Autonomy
from firstline.actions.look_host import FILE_PATTERN, HOST_PATTERN, UNIT_PATTERN
from firstline.config.business_day import BusinessDay
from firstline.config.channels import Routes
from firstline.config.probe_section import Probe
from firstline.diagnosis.health_checks import Criteria
from firstline.ids import Digest
from firstline.signal import Component, Condition, Severity

Count = Annotated[int, msgspec.Meta(ge=1, le=10_000)]
Percent = Annotated[int, msgspec.Meta(ge=0, le=100)]
Seconds = Annotated[int, msgspec.Meta(ge=1, le=7 * 24 * 3600)]
Unit = Annotated[str, msgspec.Meta(pattern=UNIT_PATTERN)]
NAME_PATTERN = r"^[A-Za-z0-9/$][A-Za-z0-9_./:@ +-]{0,254}$"
Name = Annotated[str, msgspec.Meta(pattern=NAME_PATTERN)]
Url = Annotated[str, msgspec.Meta(pattern=r"^(https://[!-~]{1,500})?\Z")]
AlarmName = Annotated[str, msgspec.Meta(pattern=r"^[^\x00-\x1f\x7f]{1,255}\Z")]
"""Any name that CloudWatch accepts: UTF-8 without ASCII control characters (PutMetricAlarm)."""


TAG_PATTERN = r"^([\w:/-]{1,128}=[\w:/.-]{1,256})?$"
DEPLOYMENT_GROUP_PATTERN = r"^([A-Za-z0-9+=,.@_-]{1,100}/[A-Za-z0-9+=,.@_-]{1,100})?$"


class Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the file; an unknown key is an error."""


class Units(Table, frozen=True, kw_only=True):
    """systemd units on a host."""

    enclave: Unit
    parent: Unit


class Nats(Table, frozen=True, kw_only=True):
    """The NATS address that a host must reach; an empty host skips the check.

    Of ``credentials_file``, on the host, only the expiry is read.
    """

    host: Annotated[str, msgspec.Meta(pattern=HOST_PATTERN)] = ""
    port: Annotated[int, msgspec.Meta(ge=1, le=65_535)] = 4222
    credentials_file: Annotated[str, msgspec.Meta(pattern=FILE_PATTERN)] = ""


type Apis = str | Annotated[tuple[Name, ...], msgspec.Meta(min_length=1)]
"""Each is empty or matches `NAME_PATTERN`.

`consistency` checks the pattern of a single one: msgspec 0.22.0 can end the process when it frees
this type with a pattern in it.
"""

HOSTS_MAX = 200
"""The limit of hosts whose evidence fits into an incident: 1.4 KB each."""


class Fleet(Table, frozen=True, kw_only=True):
    """The fleet's exact names, since a part of a name matches other groups too.

    An empty value means that the fleet has no such resource. ``http_api`` is an API's id,
    ``rest_api`` a name; each may be a list in a file that extends a policy.
    ``parent_log_group`` must exist; ``agent_namespace`` is the CloudWatch agent's.
    ``hosts_max`` is the group's MaxSize; 0 if unset. ``health_page_needs_nats`` is True if the
    load balancer's health page fails without NATS. Unless ``concurrent_instances_safe``, no
    serving host is replaced. With ``restarts_can_lose_vaults`` a running enclave is kept while
    it has unsaved vaults. ``kms_key`` is the enclaves' key as ``alias/NAME``. Nothing is fixed
    while ``stack`` is being deployed, after one of ``watched_parameters`` changed, while a host
    with ``build_host_tag`` (``KEY=VALUE``) runs, or if the running enclave, ``pcr0_parameter``
    and the key's policy disagree on PCR0. Recent changes of ``launch_template`` and
    CodeDeploy's ``deployment_group`` (``APPLICATION/GROUP``) are shown to people.
    """

    name: Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9-]{0,30}$")]
    group: Name
    target_group: Annotated[
        str, msgspec.Meta(pattern=r"^(targetgroup/[A-Za-z0-9-]+/[0-9a-f]+)?$")
    ] = ""
    load_balancer: str = ""
    http_api: Apis = ""
    rest_api: Apis = ""
    parent_log_group: Name | Literal[""] = ""
    agent_namespace: Name | Literal[""] = ""
    tags: Annotated[dict[str, str], msgspec.Meta(min_length=1)]
    hosts_max: Annotated[int, msgspec.Meta(ge=0)] = 0
    units: Units
    nats: Nats = Nats()
    health_page_needs_nats: bool = True
    concurrent_instances_safe: bool = False
    restarts_can_lose_vaults: bool = False
    kms_key: Annotated[str, msgspec.Meta(pattern=r"^(alias/[A-Za-z0-9/_-]{1,240})?$")] = ""
    stack: Name | Literal[""] = ""
    pcr0_parameter: Name | Literal[""] = ""
    build_host_tag: Annotated[str, msgspec.Meta(pattern=TAG_PATTERN)] = ""
    launch_template: Name | Literal[""] = ""
    deployment_group: Annotated[str, msgspec.Meta(pattern=DEPLOYMENT_GROUP_PATTERN)] = ""
    watched_parameters: Annotated[tuple[Name, ...], msgspec.Meta(max_length=10)] = ()

    @property
    def http_apis(self) -> tuple[str, ...]:
        """The ids of its HTTP APIs."""
        return _listed(self.http_api)

    @property
    def rest_apis(self) -> tuple[str, ...]:
        """The names of its REST APIs."""
        return _listed(self.rest_api)


def _listed(apis: Apis) -> tuple[str, ...]:
    if isinstance(apis, tuple):
        return apis
    return (apis,) if apis else ()


class Links(Table, frozen=True, kw_only=True):
    """Links in the console and in reports; an empty one is not shown.

    ``runbook`` is the fleet's runbook; ``pagerduty`` the service's page in PagerDuty, which the
    Events API does not return.
    """

    runbook: Url = ""
    pagerduty: Url = ""


class AlarmDefinition(Table, frozen=True, kw_only=True):
    """An alarm that the stack makes; ``$fact`` in a name or dimension is a fact of the fleet.

    ``unit`` is the threshold's. With ``percent_of`` the value is the metric as a percentage of
    that metric, whose count must be at least ``percent_of_min``, or of the account's ``quota``.
    ``breaching_periods`` of ``evaluation_periods`` must breach; default: all. A new or changed
    alarm is not evaluated before ``warm_up_minutes`` or until its window is full of data.
    ``steps`` are the runbook's steps that it detects.
    """

    name: Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9-]{0,62}$")]
    namespace: Name
    metric: Name
    dimensions: dict[str, str]
    percent_of: Name | Literal[""] = ""
    percent_of_min: Count = 1
    statistic: Annotated[
        str, msgspec.Meta(pattern=r"^(Minimum|Maximum|Average|Sum|p[0-9]{2}(\.[0-9])?)$")
    ]
    comparison: Literal["<", "<=", ">", ">="]
    threshold: int | float
    unit: Literal["seconds", "milliseconds", "count", "percent", "days"]
    period_seconds: Seconds
    evaluation_periods: Count
    breaching_periods: Count | None = None
    missing_data: Literal["breaching", "notBreaching", "ignore", "missing"]
    warm_up_minutes: Annotated[int, msgspec.Meta(ge=1, le=2880)] | None = None
    steps: tuple[Annotated[str, msgspec.Meta(pattern=r"^R[0-9]{2}$")], ...] = ()


class ExternalAlarm(Table, frozen=True, kw_only=True):
    """A foreign alarm: ``name`` in CloudWatch, ``known_as`` in the rules."""

    name: AlarmName
    known_as: str


class Alarms(Table, frozen=True, kw_only=True):
    """Every alarm that firstline listens to."""

    made: tuple[AlarmDefinition, ...] = ()
    external: tuple[ExternalAlarm, ...] = ()


class LogMetric(Table, frozen=True, kw_only=True):
    """The number of log lines that match ``pattern``, as a metric of ``firstline/logs``.

    A pattern between ``%`` is a regular expression in CloudWatch's small dialect, which matches
    anywhere in a line, in JSON and in coloured console text.
    """

    metric: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z][A-Za-z0-9]{0,62}$")]
    log_group: Annotated[str, msgspec.Meta(pattern=r"^\$?[A-Za-z0-9_./#-]{1,512}$")]
    pattern: Annotated[str, msgspec.Meta(min_length=1, max_length=1024)]


class Prefix(Table, frozen=True, kw_only=True):
    """A prefix of a value."""

    prefix: Annotated[str, msgspec.Meta(min_length=1)]


type Matcher = str | Annotated[tuple[str, ...], msgspec.Meta(min_length=1)] | Prefix


def matches(value: str, wanted: Matcher) -> bool:
    """Return True if *value* is the text, one of the texts, or has the prefix.

    >>> matches("running", ("running", "stopped"))
    True
    >>> matches("i-0a1b2c3d4e5f60711", Prefix(prefix="i-"))
    True
    """
    if isinstance(wanted, str):
        return value == wanted
    return value in wanted if isinstance(wanted, tuple) else value.startswith(wanted.prefix)


class Rule(Table, frozen=True, kw_only=True):
    """Classifies a signal. All of ``when`` must match; the first matching rule wins.

    In ``when``, ``metric`` is the alarm's metric, ``state`` the signal's, any other key a
    dimension. An expression over one metric has that metric: an anomaly band, a query of
    Metrics Insights with its equality conditions as dimensions, a share of a quota. ``scope``
    is the dimension that separates incidents, such as ``InstanceId``; default: one incident for
    the fleet.
    """

    name: str
    source: str
    subject: str
    when: Mapping[str, Matcher] = {}
    condition: Condition
    severity: Severity
    component: Component
    scope: str = ""


class Response(Table, frozen=True, kw_only=True):
    """The response target of a severity (R01 to R04)."""

    severity: Severity
    target_seconds: Seconds


class Ladder(Table, frozen=True, kw_only=True):
    """The fixes of a condition, least disruptive first."""

    condition: Condition
    rungs: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]


class ActionPolicy(Table, frozen=True, kw_only=True):
    """The autonomy of an action, and its times if the policy's are too short.

    ``autonomy_by_condition`` overrides ``autonomy``. For an action that launches instances
    ``verify_timeout_seconds`` is the limit for one instance.
    """

    name: str
    autonomy: Autonomy
    autonomy_by_condition: dict[Condition, Autonomy] = {}
    settle_seconds: Seconds | None = None
    verify_timeout_seconds: Seconds | None = None


class Policy(Table, frozen=True, kw_only=True):
    """The limits of what firstline does; each has its unit in its name.

    At most ``budget_percent`` of the serving or unknown hosts, and at least one, may be touched
    within ``budget_window_seconds``. ``healthy_floor_percent`` of the group must stay; with
    ``refresh_from_zero`` a group without a serving host may be replaced at once. A person takes
    over after ``failed_fixes_max`` failed fixes within ``attempts_window_seconds``, or after
    ``blocked_max_seconds`` in which guards allow no fix. No fix runs for ``freeze_seconds``
    after a watched parameter changed. A starting host or unit is left alone for
    ``boot_allowance_seconds``. A plan waits ``approval_seconds`` for an answer, and an approval
    is valid as long. An action with ``demote_after_failed`` failed fixes in a row needs
    approval until an operator reinstates it. The post-mortem of a P1 or P2 is due
    ``postmortem_within_days`` after its end (R43). After recovery without a fix, or the last
    signal of one without an alarm, new signals join the incident for ``quiet_seconds``. A group
    that cannot launch is a P2 after ``short_group_seconds``.
    """

    attempts_per_target_max: Count
    attempts_window_seconds: Seconds
    cooldown_seconds: Seconds
    failed_fixes_max: Count = 3
    demote_after_failed: Count = 3
    budget_percent: Percent = 20
    budget_window_seconds: Seconds = 1800
    healthy_floor_percent: Percent = 50
    refresh_from_zero: bool = False
    blocked_max_seconds: Seconds = 900
    quiet_seconds: Seconds = 900
    short_group_seconds: Seconds = 600
    freeze_seconds: Seconds = 3600
    approval_seconds: Seconds = 900
    postmortem_within_days: Annotated[int, msgspec.Meta(ge=1, le=60)] = 5
    boot_allowance_seconds: Seconds = 600
    evidence_age_max_seconds: Seconds
    look_timeout_seconds: Seconds
    poll_seconds: Seconds
    watch_seconds: Seconds
    settle_seconds: Seconds
    verify_readings: Count
    verify_interval_seconds: Seconds
    verify_timeout_seconds: Seconds
    silent_looks_max: Count
    alarm_lag_seconds: Seconds
    incident_age_max_seconds: Seconds
    wakes_max: Count
    signal_age_max_seconds: Seconds
    storm_scopes_max: Count
    storm_window_seconds: Seconds

    @property
    def cooldown_max_seconds(self) -> int:
        """The longest wait between attempts on a target, which doubles with each attempt."""
        doublings = min(self.attempts_per_target_max - 1, 20)  # longer than any window
        return self.cooldown_seconds << doublings

    @property
    def spending_seconds(self) -> int:
        """The retention of attempts: the longest window of any limit."""
        windows = (self.attempts_window_seconds, self.budget_window_seconds)
        return max(*windows, self.cooldown_max_seconds)


class Profile(Table, frozen=True, kw_only=True, dict=True):
    """The whole file. ``digest`` is of its bytes and not part of it."""

    name: str
    fleet: Fleet
    alarms: Alarms
    logs: tuple[LogMetric, ...] = ()
    probe: Probe = Probe()
    rules: Annotated[tuple[Rule, ...], msgspec.Meta(min_length=1)]
    responses: tuple[Response, ...] = ()
    routes: Routes = Routes()
    business_day: BusinessDay = BusinessDay()
    links: Links = Links()
    ladders: tuple[Ladder, ...] = ()
    actions: tuple[ActionPolicy, ...] = ()
    policy: Policy
    digest: Digest = Digest("")

    def rungs(self, condition: Condition) -> tuple[str, ...]:
        """Return the ladder of *condition*; empty if it has none."""
        return next((each.rungs for each in self.ladders if each.condition is condition), ())

    def autonomy(self, action: str, condition: Condition) -> Autonomy:
        """Return the autonomy of *action* in *condition*; default: record-only."""
        found = self._action(action)
        return found.autonomy_by_condition.get(condition, found.autonomy)

    def settle(self, action: str) -> timedelta:
        """Return the time that a host is left alone after *action* on it finished."""
        return seconds(self._action(action).settle_seconds or self.policy.settle_seconds)

    def verify_timeout(self, action: str) -> timedelta:
        """Return the limit after its end in which *action* must have helped."""
        own = self._action(action).verify_timeout_seconds
        return seconds(own or self.policy.verify_timeout_seconds)

    @property
    def criteria(self) -> Criteria:
        """The criteria for evidence of this fleet."""
        return Criteria(
            boot_allowance=seconds(self.policy.boot_allowance_seconds),
            health_page_needs_nats=self.fleet.health_page_needs_nats,
        )

    def response_target(self, severity: Severity) -> timedelta | None:
        """Return the response target of *severity*; None if the profile has none."""
        found = (each.target_seconds for each in self.responses if each.severity is severity)
        return next(map(seconds, found), None)

    def _action(self, action: str) -> ActionPolicy:
        unnamed = ActionPolicy(name=action, autonomy="record-only")
        return next((each for each in self.actions if each.name == action), unnamed)

    def severity_of(self, alarm: str) -> Severity:
        """Return the most severe classification of the alarm; default: P2."""
        rules = self.rules_of.get(("cloudwatch.alarm", alarm), ())
        return min((rule.severity for rule in rules), default=Severity.P2)

    def external(self, name: str) -> str | None:
        """Return the rules' name of the external alarm *name*."""
        return self._external.get(name)

    @cached_property
    def rules_of(self) -> dict[tuple[str, str], tuple[Rule, ...]]:
        """The rules by source and subject, in the file's order."""
        index: dict[tuple[str, str], tuple[Rule, ...]] = {}
        for rule in self.rules:
            key = (rule.source, rule.subject)
            index[key] = (*index.get(key, ()), rule)
        return index

    @cached_property
    def matchers(self) -> dict[str, tuple[Matcher, ...]]:
        """All matchers of each field of a signal."""
        found: dict[str, tuple[Matcher, ...]] = {}
        for rule in self.rules:
            for field, value in rule.when.items():
                found[field] = (*found.get(field, ()), value)
        return found

    @cached_property
    def scopes(self) -> frozenset[str]:
        """The dimensions that separate incidents of one condition."""
        return frozenset(rule.scope for rule in self.rules if rule.scope)

    @cached_property
    def _external(self) -> dict[str, str]:
        return {each.name: each.known_as for each in self.alarms.external}


def seconds(value: int) -> timedelta:
    """Return a profile's ``_seconds`` as a duration."""
    return timedelta(seconds=value)
