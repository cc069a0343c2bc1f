"""Oversight: the alarms on firstline itself, and the emergency topic that they notify.

Metrics in, SNS out: nothing here shares code with firstline. On the first deployment the
heartbeat's alarm may fire once, before the first sweep has run; no subscription is confirmed by
then.

The composites (``deaf``) contain only what prevents a page; what prevents a fix has an alarm of its
own. A wake may wait on purpose, so the sweep reports its lateness. SQS leaves a message that was
received three times out of the age of the oldest: a stop of ingest shows in the age, a failure in
more messages received than deleted.
"""

from collections.abc import Iterator
from math import ceil

from aws_cdk import ArnFormat, CfnOutput, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from firstline.config.profile import Profile
from firstline.controller import metrics as measures
from infra.alarms import MINUTE, alarm_above, alarm_on_silence, own_metric
from infra.context import Deployment
from infra.queues import INGEST_TIMEOUT, RECONCILE_TIMEOUT, Queues, visibility_timeout
from infra.topics import subscribe

_HEARTBEAT_MINUTES = 3
_PROBE_MINUTES = 5
_PAGES_PENDING_SECONDS_MAX = 120
_SIGNAL_AGE_SECONDS_MAX = 120
_WAKES_OVERDUE_SECONDS_MAX = 300
_WAKE_AGE_SECONDS_MAX = 900 + 300
"""SQS's maximum delay plus five minutes, since a message's age counts from its sending."""
_RETURNED_MINUTES = 3
_UNASKED_MINUTES = 5
_SELDOM = frozenset({"Audit", "Console", "Operator"})
"""Functions that run hourly or on request, where one failure may be the only sign."""
_RETURNED = {
    name: ceil(visibility_timeout(timeout).to_seconds() / 60)
    for name, timeout in {"Ingest": INGEST_TIMEOUT, "Reconcile": RECONCILE_TIMEOUT}.items()
}
"""The minutes until a queue returns a message whose processing failed."""
_WINDOW_MINUTES = 5


class Oversight(Construct):
    """``deaf``: with any of these alarms firstline cannot be relied on to page.

    Each notifies the emergency ``topic``, with or without an incident; so do the alarms on what
    prevents a fix (late wakes, unreadable incidents, failing functions, silent probes). SQS may
    report a dead letter up to 15 minutes late, since no consumer reads those queues.
    """

    def __init__(
        self,
        scope: Construct,
        name: str,
        *,
        queues: Queues,
        rule: events.Rule,
        deployment: Deployment,
    ) -> None:
        super().__init__(scope, name)
        profile = deployment.profile
        fleet = profile.fleet.name
        self.topic = _topic(self, deployment.settings.emergency_email)
        self.deaf = (
            *_of_pages(self, fleet),
            *_of_signals(self, queues, rule),
            _dead_letters(self, "DeadWakes", queues.wakes_dead),
        )
        late = alarm_above(
            self,
            "WakesOverdue",
            own_metric(measures.WAKES_OVERDUE, "Maximum", fleet),
            _WAKES_OVERDUE_SECONDS_MAX,
            "incidents are not reconciled: reconcile does not keep up, or fails",
        )
        unreadable = alarm_above(
            self,
            "IncidentsUnreadable",
            own_metric(measures.UNREADABLE, "Maximum", fleet),
            0,
            "the deployed code cannot read open incidents: handle each manually",
        )
        unasked = alarm_above(
            self,
            "AlarmPollsFailed",
            own_metric(measures.ALARM_POLLS_FAILED, "Sum", fleet),
            0,
            "a sweep cannot read the P1s' alarms: a P1 without an event is not paged",
            minutes=_UNASKED_MINUTES,
            of=_UNASKED_MINUTES,
        )
        self.alarms: list[cloudwatch.Alarm] = []
        own = (late, unreadable, unasked, _waiting(self, queues.wakes))
        self.notify(*self.deaf, *own, *_of_probes(self, profile))

    def watch(self, function: lambda_.Function) -> None:
        """Alarm when *function* crashes, times out or is throttled.

        A single failure of a function that runs continuously is ignored: its message
        returns.
        """
        name = function.node.id
        errors, throttles = (1, 1) if name in _SELDOM else (2, 3)
        self.notify(
            alarm_above(
                self,
                f"{name}Errors",
                function.metric_errors(period=MINUTE, statistic="Sum"),
                0,
                f"the function {name} crashes, or runs out of time",
                minutes=errors,
                of=_window(name, errors),
            ),
            alarm_above(
                self,
                f"{name}Throttles",
                function.metric_throttles(period=MINUTE, statistic="Sum"),
                0,
                f"the function {name} is throttled: the account's concurrency is used up",
                minutes=throttles,
                of=_window(name, throttles),
            ),
        )

    def notify(self, *alarms: cloudwatch.Alarm) -> None:
        """Notify the emergency topic of *alarms*, and of their end."""
        for alarm in alarms:
            alarm.add_alarm_action(actions.SnsAction(self.topic))
            alarm.add_ok_action(actions.SnsAction(self.topic))
            self.alarms.append(alarm)


def _window(function: str, failures: int) -> int:
    """Return the minutes in which so many *failures* of *function* can occur."""
    if function in _SELDOM:
        return 1
    return max(_WINDOW_MINUTES, failures * _RETURNED.get(function, 1) + 1)


def _topic(scope: Construct, email: str) -> sns.Topic:
    """Return the emergency topic, without a key, so that no key can silence it.

    CloudWatch cannot use SNS's default key, and a customer's key that is throttled, disabled or
    lacks a statement drops notifications silently. A notification holds an alarm's name, state
    and reason: nothing secret.

    A topic policy replaces the default policy, so that CloudWatch must be named.
    """
    topic = sns.Topic(scope, "Emergency", enforce_ssl=True)
    stack = Stack.of(scope)
    alarms = stack.format_arn(
        service="cloudwatch",
        resource="alarm",
        resource_name="*",
        arn_format=ArnFormat.COLON_RESOURCE_NAME,
    )
    topic.add_to_resource_policy(
        iam.PolicyStatement(
            sid="AlarmsOfThisAccount",
            principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
            actions=["sns:Publish"],
            resources=[topic.topic_arn],
            conditions={
                "StringEquals": {"aws:SourceAccount": stack.account},
                "ArnLike": {"aws:SourceArn": alarms},
            },
        )
    )
    subscribe(topic, email)
    CfnOutput(stack, "EmergencyTopic", value=topic.topic_arn)
    return topic


def _of_pages(scope: Construct, fleet: str) -> Iterator[cloudwatch.Alarm]:
    """Yield alarms on the sweep's heartbeat, and on pages that PagerDuty refused."""
    yield alarm_on_silence(
        scope,
        "HeartbeatMissing",
        own_metric(measures.HEARTBEAT, "Sum", fleet),
        _HEARTBEAT_MINUTES,
        "it does not run: no sweep for minutes",
    )
    yield alarm_above(
        scope,
        "PagesPending",
        own_metric(measures.PAGES_PENDING, "Maximum", fleet),
        _PAGES_PENDING_SECONDS_MAX,
        "a page is pending for minutes: PagerDuty does not accept it",
    )
    yield alarm_above(
        scope,
        "PagesFailed",
        own_metric(measures.PAGES_FAILED, "Sum", fleet),
        0,
        "PagerDuty did not accept a page; it is retried",
    )


def _of_signals(scope: Construct, queues: Queues, rule: events.Rule) -> Iterator[cloudwatch.Alarm]:
    """Yield alarms on incoming signals: waiting, returned, dead, or lost on the way."""
    yield alarm_above(
        scope,
        "SignalsWaiting",
        queues.signals.metric_approximate_age_of_oldest_message(period=MINUTE),
        _SIGNAL_AGE_SECONDS_MAX,
        "signals wait for minutes: ingest does not keep up, or fails",
    )
    yield _returned(scope, queues.signals)
    yield _dead_letters(scope, "UndeliveredSignals", queues.undelivered)
    yield _dead_letters(scope, "DeadSignals", queues.signals_dead)
    yield _lost(scope, rule)


def _waiting(scope: Construct, wakes: sqs.Queue) -> cloudwatch.Alarm:
    """Return an alarm on unread wakes by SQS's own metric, independent of the sweep."""
    return alarm_above(
        scope,
        "WakesWaiting",
        wakes.metric_approximate_age_of_oldest_message(period=MINUTE),
        _WAKE_AGE_SECONDS_MAX,
        "wakes are overdue for minutes: reconcile does not receive them",
    )


def _returned(scope: Construct, signals: sqs.Queue) -> cloudwatch.Alarm:
    """Return an alarm on more received than deleted messages: failures of ingest.

    SQS excludes a message that was received three times from the age of the oldest (SQS guide,
    available CloudWatch metrics): the age shows a stop, this alarm shows failures.
    """
    returned = cloudwatch.MathExpression(
        expression="received - deleted",
        using_metrics={
            "received": signals.metric_number_of_messages_received(period=MINUTE),
            "deleted": signals.metric_number_of_messages_deleted(period=MINUTE),
        },
        label="signals returned",
        period=MINUTE,
    )
    means = "signals return unprocessed: ingest fails"
    minutes = _RETURNED_MINUTES
    return alarm_above(scope, "SignalsReturned", returned, 0, means, minutes=minutes, of=minutes)


def _of_probes(scope: Construct, profile: Profile) -> Iterator[cloudwatch.Alarm]:
    """Yield alarms on a silent probe, for which the profile's alarms have no data."""
    fleet = profile.fleet.name
    probes = {
        "NatsProbeSilent": ("NatsConnected", profile.probe.nats),
        "HealthProbeSilent": ("HealthAnswering", profile.probe.health),
    }
    for name, (metric, asked) in probes.items():
        if asked is not None:
            sent = own_metric(metric, "SampleCount", fleet)
            yield alarm_on_silence(
                scope, name, sent, _PROBE_MINUTES, "a probe sends nothing: it fails"
            )


def _dead_letters(scope: Construct, name: str, queue: sqs.Queue) -> cloudwatch.Alarm:
    metric = queue.metric_approximate_number_of_messages_visible(period=MINUTE)
    return alarm_above(scope, name, metric, 0, "dead letters: these messages were not processed")


def _lost(scope: Construct, rule: events.Rule) -> cloudwatch.Alarm:
    metric = cloudwatch.Metric(
        namespace="AWS/Events",
        metric_name="InvocationsFailedToBeSentToDlq",
        dimensions_map={"RuleName": rule.rule_name},
        statistic="Sum",
        period=MINUTE,
    )
    return alarm_above(scope, "LostSignals", metric, 0, "EventBridge dropped a signal permanently")
