"""Detection: the profile's alarms, the rule that delivers them, and their backstop."""

from collections.abc import Mapping, Sequence

from aws_cdk import ArnFormat, Duration, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_events as events
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sns as sns
from constructs import Construct

from firstline.config.consistency import LOG_NAMESPACE
from firstline.config.profile import AlarmDefinition, LogMetric, Profile
from firstline.controller import metrics as measures
from firstline.monitoring import alarms as detection
from firstline.signal import DRILL_ALARM, Severity
from firstline.signals.sources.cloudwatch import (
    CONFIGURATION_CHANGE,
    CONTRIBUTOR,
    SOURCE,
    STATE_CHANGE,
)
from infra.alarms import own_metric
from infra.queues import Queues

_COMPARISONS = {
    "<": cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
    "<=": cloudwatch.ComparisonOperator.LESS_THAN_OR_EQUAL_TO_THRESHOLD,
    ">": cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
    ">=": cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
}
_MISSING = {
    "breaching": cloudwatch.TreatMissingData.BREACHING,
    "notBreaching": cloudwatch.TreatMissingData.NOT_BREACHING,
    "ignore": cloudwatch.TreatMissingData.IGNORE,
    "missing": cloudwatch.TreatMissingData.MISSING,
}


class Detection(Construct):
    """The profile's alarms by name, and their rule on the default bus.

    The rule matches the stack's alarms by an ARN prefix: CloudFormation names an alarm after
    its stack and its logical id, which begins with this construct's name. A new alarm needs no
    change of the rule, and firstline's own alarms, in other constructs, are never signals.
    Every state passes: a composite alarm whose suppression ends goes from ALARM to ALARM.
    Contributor changes pass, since the alarm's own state does not repeat, and so do
    configuration changes.
    """

    def __init__(self, scope: Construct, name: str, *, profile: Profile, queues: Queues) -> None:
        super().__init__(scope, name)
        for number, log in enumerate(profile.logs):
            _count_in_log(self, f"Log{number}", log, profile)
        self.alarms = {
            made.name: _alarm(self, made) for made in detection.deployable_alarms(profile)
        }
        self.drill = _drill(self, profile.fleet.name)
        self._profile = profile
        stack = Stack.of(self)
        resources = [
            events.Match.prefix(_alarm_arn(stack, f"{stack.stack_name}-{name}")),
            *(
                events.Match.exact_string(_alarm_arn(stack, it.name))
                for it in profile.alarms.external
            ),
        ]
        self.rule = events.Rule(
            self,
            "AlarmStates",
            description="Every state change of an alarm that firstline receives",
            event_pattern=events.EventPattern(
                source=[SOURCE],
                account=[stack.account],
                detail_type=[STATE_CHANGE, CONTRIBUTOR, CONFIGURATION_CHANGE],
                resources=events.Match.any_of(*resources),
            ),
        )
        queues.deliver(self.rule)

    def guarded(self) -> dict[str, cloudwatch.IAlarm]:
        """Every alarm that a rule calls a P1: the stack's own and foreign ones."""
        own = {name: it for name, it in self.alarms.items() if self._is_p1(name)}
        others = {
            it.name: cloudwatch.Alarm.from_alarm_arn(
                self, f"External{number}", _alarm_arn(Stack.of(self), it.name)
            )
            for number, it in enumerate(self._profile.alarms.external)
            if self._is_p1(it.known_as)
        }
        return {**own, **others}

    def _is_p1(self, name: str) -> bool:
        return self._profile.severity_of(name) is Severity.P1


class Backstop(Construct):
    """For each alarm, a composite that notifies *topic* if it is in ALARM while firstline is deaf.

    The path contains no function and no rule of firstline.
    """

    def __init__(
        self,
        scope: Construct,
        name: str,
        *,
        alarms: Mapping[str, cloudwatch.IAlarm],
        deaf: Sequence[cloudwatch.Alarm],
        topic: sns.Topic,
    ) -> None:
        super().__init__(scope, name)
        for known_as, alarm in alarms.items():
            _composite(self, known_as, _all_of(alarm, deaf), topic)


def _count_in_log(scope: Construct, name: str, log: LogMetric, profile: Profile) -> None:
    """Count matching log lines; nothing if the fleet lacks the log group."""
    group = detection.resolve_fact(log.log_group, profile)
    if group:
        logs.CfnMetricFilter(
            scope,
            name,
            log_group_name=group,
            filter_pattern=log.pattern,
            metric_transformations=[
                logs.CfnMetricFilter.MetricTransformationProperty(
                    metric_namespace=f"{LOG_NAMESPACE}/{profile.fleet.name}",
                    metric_name=log.metric,
                    metric_value="1",
                    default_value=0,
                )
            ],
        )


def _alarm(scope: Construct, made: AlarmDefinition) -> cloudwatch.Alarm:
    alarm = cloudwatch.Alarm(
        scope,
        made.name,
        alarm_description=f"{made.name}: received by firstline, which pages and fixes",
        metric=_watched(made),
        comparison_operator=_COMPARISONS[made.comparison],
        threshold=made.threshold,
        evaluation_periods=made.evaluation_periods,
        datapoints_to_alarm=made.breaching_periods,
        treat_missing_data=_MISSING[made.missing_data],
    )
    plain = alarm.node.default_child
    if made.warm_up_minutes and isinstance(plain, cloudwatch.CfnAlarm):
        plain.warm_up_configuration = cloudwatch.CfnAlarm.WarmUpConfigurationProperty(
            warm_up_period_duration_in_minutes=made.warm_up_minutes
        )
    return alarm


def _drill(scope: Construct, fleet: str) -> cloudwatch.Alarm:
    """Return the drill's alarm, which never changes state itself and resets at once.

    It is in this construct so that the profile's own rule delivers it.
    """
    return cloudwatch.Alarm(
        scope,
        DRILL_ALARM,
        alarm_description="firstline's drill: set to ALARM on purpose, no failure",
        metric=own_metric(measures.DRILLS_PASSED, "Sum", fleet),
        comparison_operator=cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
        threshold=0,  # of what is counted there is never less than none
        evaluation_periods=1,
        treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
    )


def _watched(made: AlarmDefinition) -> cloudwatch.IMetric:
    """Return the metric, or its percentage of another metric or of its quota."""
    if not made.percent_of:
        return _metric(made, made.metric)
    part = {"part": _metric(made, made.metric)}
    if made.percent_of != detection.QUOTA:
        part["whole"] = _metric(made, made.percent_of)
    return cloudwatch.MathExpression(
        expression=detection.percent_expression(made),
        using_metrics=part,
        label=made.name,
        period=Duration.seconds(made.period_seconds),
    )


def _metric(made: AlarmDefinition, name: str) -> cloudwatch.Metric:
    return cloudwatch.Metric(
        namespace=made.namespace,
        metric_name=name,
        dimensions_map=made.dimensions,
        statistic=made.statistic,
        period=Duration.seconds(made.period_seconds),
    )


def _all_of(alarm: cloudwatch.IAlarm, deaf: Sequence[cloudwatch.Alarm]) -> cloudwatch.IAlarmRule:
    deafness = [cloudwatch.AlarmRule.from_alarm(it, cloudwatch.AlarmState.ALARM) for it in deaf]
    return cloudwatch.AlarmRule.all_of(
        cloudwatch.AlarmRule.from_alarm(alarm, cloudwatch.AlarmState.ALARM),
        cloudwatch.AlarmRule.any_of(*deafness),
    )


def _composite(
    scope: Construct, name: str, rule: cloudwatch.IAlarmRule, topic: sns.Topic
) -> cloudwatch.CfnCompositeAlarm:
    """Return the plain resource: the CDK's construct would give it a fixed name."""
    return cloudwatch.CfnCompositeAlarm(
        scope,
        name,
        alarm_description=(
            f"{name} is in ALARM and firstline receives no signals: follow the runbook manually"
        ),
        alarm_rule=rule.render_alarm_rule(),
        alarm_actions=[topic.topic_arn],
        ok_actions=[topic.topic_arn],
    )


def _alarm_arn(stack: Stack, name: str) -> str:
    return stack.format_arn(
        service="cloudwatch",
        resource="alarm",
        resource_name=name,
        arn_format=ArnFormat.COLON_RESOURCE_NAME,
    )
