"""The operator's file: a fleet's names and facts, and its policy.

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
"""Any that CloudWatch takes: UTF-8 without ASCII's control characters (PutMetricAlarm)."""


TAG_PATTERN = r"^([\w:/-]{1,128}=[\w:/.-]{1,256})?$"
DEPLOYMENT_GROUP_PATTERN = r"^([A-Za-z0-9+=,.@_-]{1,100}/[A-Za-z0-9+=,.@_-]{1,100})?$"


class Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the file: an unknown key is an error, not a surprise."""


class Units(Table, frozen=True, kw_only=True):
    """systemd units on a host."""

    enclave: Unit
    parent: Unit


class Nats(Table, frozen=True, kw_only=True):
    """Where a host must reach NATS; an empty host means that it is not looked at.

    Of ``credentials_file``, on the host, only the instant at which they end is read.
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
"""As many hosts an incident about hosts holds the evidence of: 1.4 KB each, beside its attempts."""


class Fleet(Table, frozen=True, kw_only=True):
    """The fleet's names: exact ones, for a part of a name matches other groups too.

    What is empty the fleet does not have. ``http_api`` is an API's id, ``rest_api`` a name; each
    may be a list in a file that extends a policy, which then has an alarm for each API.
    ``parent_log_group`` must exist; ``agent_namespace`` is where its CloudWatch agent publishes.
    ``hosts_max`` is the largest size that the group may have, as its own MaxSize says it; 0 where
    it is not stated.
    ``health_page_needs_nats`` says whether the page that the load balancer asks fails without NATS.
    Where it is not ``concurrent_instances_safe`` no host that serves is ever replaced; where
    ``restarts_can_lose_vaults`` an enclave that runs is kept while something that it holds in
    memory was not stored. ``kms_key``
    is the enclaves' key by its ``alias/NAME``; while ``stack`` is being deployed, or one of
    ``watched_parameters`` has just changed, nothing is fixed; nor while a host with
    ``build_host_tag`` (``KEY=VALUE``) runs, nor where the running enclave, ``pcr0_parameter`` and
    the key's policy disagree on PCR0. What ``launch_template`` and
    CodeDeploy's ``deployment_group`` (``APPLICATION/GROUP``) changed lately is told to people.
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
    """Pages that people go on to from the console and from reports; an empty one is not shown.

    ``runbook`` is the fleet's own runbook; ``pagerduty`` the page of the service in PagerDuty,
    whose address no answer of its Events API has.
    """

    runbook: Url = ""
    pagerduty: Url = ""


class MadeAlarm(Table, frozen=True, kw_only=True):
    """An alarm that the stack makes; ``$fact`` in a name or dimension is a fact of the fleet.

    ``unit`` is the threshold's. With ``percent_of`` the value is the metric as a percentage of
    that metric, at least ``percent_of_min`` of which must have been counted, or of the account's
    ``quota`` for it. ``breaching_periods`` of the ``evaluation_periods`` must breach, by default
    all. Once made or changed, it judges nothing before ``warm_up_minutes`` have passed or its
    window is full of data. ``steps`` are the runbook's that it detects.
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
    """An alarm that somebody else made: ``name`` in CloudWatch, ``known_as`` in the rules."""

    name: AlarmName
    known_as: str


class Alarms(Table, frozen=True, kw_only=True):
    """Every alarm that firstline listens to."""

    made: tuple[MadeAlarm, ...] = ()
    external: tuple[ExternalAlarm, ...] = ()


class LogMetric(Table, frozen=True, kw_only=True):
    """How often lines of a log group fit ``pattern``, as a metric of ``firstline/logs``.

    A pattern between ``%`` is a regular expression in CloudWatch's small dialect, which fits
    anywhere in a line, whether that is JSON or coloured text for a console.
    """

    metric: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z][A-Za-z0-9]{0,62}$")]
    log_group: Annotated[str, msgspec.Meta(pattern=r"^\$?[A-Za-z0-9_./#-]{1,512}$")]
    pattern: Annotated[str, msgspec.Meta(min_length=1, max_length=1024)]


class Prefix(Table, frozen=True, kw_only=True):
    """How a value begins."""

    prefix: Annotated[str, msgspec.Meta(min_length=1)]


type Wanted = str | Annotated[tuple[str, ...], msgspec.Meta(min_length=1)] | Prefix


def fits(held: str, wanted: Wanted) -> bool:
    """Whether *held* is the text, one of the texts, or begins as *wanted*."""
    if isinstance(wanted, str):
        return held == wanted
    return held in wanted if isinstance(wanted, tuple) else held.startswith(wanted.prefix)


class Rule(Table, frozen=True, kw_only=True):
    """From a signal to what it means. All of ``when`` must hold; the first rule that fits wins.

    Of ``when``, ``metric`` is the alarm's metric, ``state`` the signal's, and any other field one
    of its dimensions. An expression over one metric has that metric: an anomaly band, a query of
    Metrics Insights with the dimensions that it asks to equal, a share of a quota.
    ``scope`` is the dimension whose value tells incidents apart, ``InstanceId`` for one; without
    it the whole fleet is one.
    """

    name: str
    source: str
    subject: str
    when: Mapping[str, Wanted] = {}
    condition: Condition
    severity: Severity
    component: Component
    scope: str = ""


class Response(Table, frozen=True, kw_only=True):
    """How soon somebody or something must respond to a severity (R01 to R04)."""

    severity: Severity
    target_seconds: Seconds


class Ladder(Table, frozen=True, kw_only=True):
    """The fixes of a condition, gentlest first."""

    condition: Condition
    rungs: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]


class ActionPolicy(Table, frozen=True, kw_only=True):
    """How far an action may go by itself, and how long it takes where the policy's is too short.

    ``autonomy_by_condition`` stands above ``autonomy`` for the conditions that it names.
    For what launches instances ``verify_timeout_seconds`` is the time that one of them may take.
    """

    name: str
    autonomy: Autonomy
    autonomy_by_condition: dict[Condition, Autonomy] = {}
    settle_seconds: Seconds | None = None
    verify_timeout_seconds: Seconds | None = None


class Policy(Table, frozen=True, kw_only=True):
    """The numbers that bound what firstline does; each carries its unit in its name.

    Of the hosts that serve, or of which nothing is known, ``budget_percent`` may be touched
    within ``budget_window_seconds``, and at least one. ``healthy_floor_percent`` of the group
    must stay; with ``refresh_from_zero`` a group of which nothing serves may be replaced at once.
    After ``failed_fixes_max`` failed fixes within ``attempts_window_seconds`` a person takes over,
    and after ``blocked_max_seconds`` in which guards allowed no fix. For ``freeze_seconds`` after
    a watched parameter changed nothing is fixed. A host or a unit that starts is left alone for
    ``boot_allowance_seconds``. A plan waits ``approval_seconds`` for a person's word, and a yes
    holds as long. An action of which ``demote_after_failed`` fixes in a row did not
    help asks a person in later incidents, until somebody promotes it. The post-mortem of a P1 or P2
    is proposed within ``postmortem_within_days`` of its end (R43). What recovered by itself is
    watched for ``quiet_seconds``, and what comes back joins its incident; so is one without an
    alarm since its last signal. A group that cannot launch is a P2 once it was short for
    ``short_group_seconds``.
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
        """The wait after the last attempt that a target is allowed, twice as long each time."""
        doublings = min(self.attempts_per_target_max - 1, 20)  # longer than any window
        return self.cooldown_seconds << doublings

    @property
    def spending_seconds(self) -> int:
        """How long a fix is remembered: as long as any bound looks back."""
        windows = (self.attempts_window_seconds, self.budget_window_seconds)
        return max(*windows, self.cooldown_max_seconds)


class Profile(Table, frozen=True, kw_only=True, dict=True):
    """The whole file. ``digest`` is of its bytes and is not part of it."""

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
        """The ladder of *condition*, empty where it has none."""
        return next((each.rungs for each in self.ladders if each.condition is condition), ())

    def autonomy(self, action: str, condition: Condition) -> Autonomy:
        """How far *action* may go in *condition*; one that nobody names may only be observed."""
        found = self._action(action)
        return found.autonomy_by_condition.get(condition, found.autonomy)

    def settle(self, action: str) -> timedelta:
        """How long a host is left alone once *action* on it was answered."""
        return seconds(self._action(action).settle_seconds or self.policy.settle_seconds)

    def verify_timeout(self, action: str) -> timedelta:
        """How long after its answer *action* must have helped."""
        own = self._action(action).verify_timeout_seconds
        return seconds(own or self.policy.verify_timeout_seconds)

    @property
    def criteria(self) -> Criteria:
        """How evidence of this fleet is judged."""
        return Criteria(
            boot_allowance=seconds(self.policy.boot_allowance_seconds),
            health_page_needs_nats=self.fleet.health_page_needs_nats,
        )

    def response_target(self, severity: Severity) -> timedelta | None:
        """How soon *severity* must be responded to; None where the profile sets no target."""
        found = (each.target_seconds for each in self.responses if each.severity is severity)
        return next(map(seconds, found), None)

    def _action(self, action: str) -> ActionPolicy:
        unnamed = ActionPolicy(name=action, autonomy="observe")
        return next((each for each in self.actions if each.name == action), unnamed)

    def severity_of(self, alarm: str) -> Severity:
        """The worst that a rule makes of the alarm *alarm*; P2 where none is for it."""
        rules = self.rules_of.get(("cloudwatch.alarm", alarm), ())
        return min((rule.severity for rule in rules), default=Severity.P2)

    def external(self, name: str) -> str | None:
        """What the rules call the external alarm *name*."""
        return self._external.get(name)

    @cached_property
    def rules_of(self) -> dict[tuple[str, str], tuple[Rule, ...]]:
        """The rules of a source and subject, in the file's order."""
        index: dict[tuple[str, str], tuple[Rule, ...]] = {}
        for rule in self.rules:
            key = (rule.source, rule.subject)
            index[key] = (*index.get(key, ()), rule)
        return index

    @cached_property
    def wanted(self) -> dict[str, tuple[Wanted, ...]]:
        """What rules ask of each field of a signal, whichever rule."""
        found: dict[str, tuple[Wanted, ...]] = {}
        for rule in self.rules:
            for field, value in rule.when.items():
                found[field] = (*found.get(field, ()), value)
        return found

    @cached_property
    def scopes(self) -> frozenset[str]:
        """The dimensions that tell incidents of one condition apart."""
        return frozenset(rule.scope for rule in self.rules if rule.scope)

    @cached_property
    def _external(self) -> dict[str, str]:
        return {each.name: each.known_as for each in self.alarms.external}


def seconds(value: int) -> timedelta:
    """A profile's ``_seconds`` as a duration."""
    return timedelta(seconds=value)
