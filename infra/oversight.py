"""Oversight: the alarms on firstline itself, and the emergency topic that they speak to.

Metrics in, SNS out: nothing here shares code with firstline. On the very first deployment the
heartbeat's alarm may sound once, before the first sweep has run; by then nobody has confirmed a
subscription.
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
from infra.alarms import MINUTE, above, own_metric, silent
from infra.context import Deployment
from infra.queues import INGEST_TIMEOUT, RECONCILE_TIMEOUT, Queues, hidden
from infra.topics import subscribe

_HEARTBEAT_MINUTES = 3
_PROBE_MINUTES = 5
_PAGES_OWED_SECONDS_MAX = 120
_SIGNAL_AGE_SECONDS_MAX = 120
_WAKES_LATE_SECONDS_MAX = 300
_WAKE_AGE_SECONDS_MAX = 900 + 300
"""Five minutes more than SQS delays a message: its age counts from when it was sent."""
_RETURNED_MINUTES = 3
_UNASKED_MINUTES = 5
_SELDOM = frozenset({"Audit", "Console", "Operator"})
"""Run by the hour, or when a person asks: one failure may be all that there is for long."""
_RETURNED = {
    name: ceil(hidden(timeout).to_seconds() / 60)
    for name, timeout in {"Ingest": INGEST_TIMEOUT, "Reconcile": RECONCILE_TIMEOUT}.items()
}
"""After so many minutes a queue gives back what its function failed on, for one more failure."""
_WINDOW_MINUTES = 5


class Oversight(Construct):
    """``deaf``: any of these alarms means that firstline cannot be relied on to page.

    Each of them tells the emergency ``topic`` by itself, whether there is an incident or not; so
    do the alarms on what keeps it from mending (late wakes, incidents that cannot be read,
    functions that fail, silent probes).
    SQS may tell of a dead letter up to 15 minutes late, for nobody reads those queues.
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
        late = above(
            self,
            "WakesLate",
            own_metric(measures.WAKES_LATE, "Maximum", fleet),
            _WAKES_LATE_SECONDS_MAX,
            "incidents are not looked at: reconcile does not keep up, or fails",
        )
        unreadable = above(
            self,
            "IncidentsUnreadable",
            own_metric(measures.UNREADABLE, "Maximum", fleet),
            0,
            "open incidents cannot be read by the deployed code: each is a person's",
        )
        unasked = above(
            self,
            "AlarmsUnasked",
            own_metric(measures.ALARMS_UNASKED, "Sum", fleet),
            0,
            "a sweep cannot ask for the P1s' alarms: a P1 without an event is not paged",
            minutes=_UNASKED_MINUTES,
            of=_UNASKED_MINUTES,
        )
        self.alarms: list[cloudwatch.Alarm] = []
        own = (late, unreadable, unasked, _waiting(self, queues.wakes))
        self.tell(*self.deaf, *own, *_of_probes(self, profile))

    def watch(self, function: lambda_.Function) -> None:
        """Tell when *function* crashes, runs out of time or is not let run.

        Of one that runs all the time a single failure is not told: what it did not do comes back.
        """
        name = function.node.id
        errors, throttles = (1, 1) if name in _SELDOM else (2, 3)
        self.tell(
            above(
                self,
                f"{name}Errors",
                function.metric_errors(period=MINUTE, statistic="Sum"),
                0,
                f"the function {name} crashes, or runs out of time",
                minutes=errors,
                of=_window(name, errors),
            ),
            above(
                self,
                f"{name}Throttles",
                function.metric_throttles(period=MINUTE, statistic="Sum"),
                0,
                f"the function {name} is not let run: the account's concurrency is used up",
                minutes=throttles,
                of=_window(name, throttles),
            ),
        )

    def tell(self, *alarms: cloudwatch.Alarm) -> None:
        """Let the emergency topic hear of *alarms*, and of their end."""
        for alarm in alarms:
            alarm.add_alarm_action(actions.SnsAction(self.topic))
            alarm.add_ok_action(actions.SnsAction(self.topic))
            self.alarms.append(alarm)


def _window(function: str, failures: int) -> int:
    """Minutes that the alarm on *function* looks back: as long as so many *failures* may take."""
    if function in _SELDOM:
        return 1
    return max(_WINDOW_MINUTES, failures * _RETURNED.get(function, 1) + 1)


def _topic(scope: Construct, email: str) -> sns.Topic:
    """The emergency topic: not encrypted by a key, so that no key can silence it.

    CloudWatch cannot use the key that SNS has by default, and a customer's key that is throttled,
    disabled or lacks a statement drops notifications without a word. A notification holds an
    alarm's name, state and reason: nothing secret.

    A topic with a policy of its own loses the default one, so CloudWatch must be named.
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
    """The sweep beats once a minute; a page that PagerDuty did not take is told at once."""
    yield silent(
        scope,
        "HeartbeatMissing",
        own_metric(measures.HEARTBEAT, "Sum", fleet),
        _HEARTBEAT_MINUTES,
        "it is dead, no sweep has run for minutes",
    )
    yield above(
        scope,
        "PagesOwed",
        own_metric(measures.PAGES_OWED, "Maximum", fleet),
        _PAGES_OWED_SECONDS_MAX,
        "a page has been owed for minutes: PagerDuty does not take it",
    )
    yield above(
        scope,
        "PagesFailed",
        own_metric(measures.PAGES_FAILED, "Sum", fleet),
        0,
        "PagerDuty did not take a page; it is tried again",
    )


def _of_signals(scope: Construct, queues: Queues, rule: events.Rule) -> Iterator[cloudwatch.Alarm]:
    """Signals on their way in: waiting, returned, dead, or lost before they came."""
    yield above(
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
    """Wakes that nobody takes, as SQS itself tells it: the sweep's word is a function's."""
    return above(
        scope,
        "WakesWaiting",
        wakes.metric_approximate_age_of_oldest_message(period=MINUTE),
        _WAKE_AGE_SECONDS_MAX,
        "wakes wait for minutes longer than any is sent ahead: reconcile does not take them",
    )


def _returned(scope: Construct, signals: sqs.Queue) -> cloudwatch.Alarm:
    """More received than deleted, minute after minute: what ingest cannot do comes back.

    SQS leaves a message that was received three times out of the age of the oldest (SQS guide,
    available CloudWatch metrics), so that one tells of a stop, and this one of failure.
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
    means = "signals come back undone: ingest fails"
    minutes = _RETURNED_MINUTES
    return above(scope, "SignalsReturned", returned, 0, means, minutes=minutes, of=minutes)


def _of_probes(scope: Construct, profile: Profile) -> Iterator[cloudwatch.Alarm]:
    """A probe that sends nothing: the profile's alarms on what it reads say nothing of it."""
    fleet = profile.fleet.name
    probes = {
        "NatsProbeSilent": ("NatsConnected", profile.probe.nats),
        "HealthProbeSilent": ("HealthAnswering", profile.probe.health),
    }
    for name, (metric, asked) in probes.items():
        if asked is not None:
            sent = own_metric(metric, "SampleCount", fleet)
            yield silent(scope, name, sent, _PROBE_MINUTES, "a probe sends nothing: it fails")


def _dead_letters(scope: Construct, name: str, queue: sqs.Queue) -> cloudwatch.Alarm:
    metric = queue.metric_approximate_number_of_messages_visible(period=MINUTE)
    return above(scope, name, metric, 0, "dead letters: nobody has looked at these messages")


def _lost(scope: Construct, rule: events.Rule) -> cloudwatch.Alarm:
    metric = cloudwatch.Metric(
        namespace="AWS/Events",
        metric_name="InvocationsFailedToBeSentToDlq",
        dimensions_map={"RuleName": rule.rule_name},
        statistic="Sum",
        period=MINUTE,
    )
    return above(scope, "LostSignals", metric, 0, "EventBridge dropped a signal for good")
