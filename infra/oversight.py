"""Oversight: the alarms on firstline itself, and the emergency topic that they speak to.

Metrics in, SNS out: nothing here shares code with firstline. On the very first deployment the
heartbeat's alarm may sound once, before the first sweep has run; by then nobody has confirmed a
subscription.
"""

from aws_cdk import Annotations, ArnFormat, CfnOutput, Duration, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.context import Deployment
from infra.nag import accept
from infra.queues import Queues

NAMESPACE = "firstline"
"""What the functions emit their metrics under; ``service``, the one dimension, is the fleet."""
HEARTBEAT = "Heartbeat"
PAGES_OWED = "PagesOwedSeconds"

_HEARTBEAT_MINUTES = 3
_PAGES_OWED_SECONDS_MAX = 180
_SIGNAL_AGE_SECONDS_MAX = 120
_MINUTE = Duration.minutes(1)


class Oversight(Construct):
    """``deaf``: any of these alarms means that firstline cannot be relied on to page.

    Each of them tells the emergency ``topic`` by itself, whether there is an incident or not.
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
        fleet = deployment.profile.fleet.name
        self.topic = _topic(self, deployment.context.emergency_email)
        self.deaf = (
            _heartbeat(self, fleet),
            _above(
                self,
                "PagesOwed",
                _own_metric(PAGES_OWED, "Maximum", fleet),
                _PAGES_OWED_SECONDS_MAX,
                "a page has been owed for minutes: PagerDuty does not take it",
            ),
            _above(
                self,
                "SignalsWaiting",
                queues.signals.metric_approximate_age_of_oldest_message(period=_MINUTE),
                _SIGNAL_AGE_SECONDS_MAX,
                "signals wait for minutes: ingest does not keep up, or fails",
            ),
            _dead_letters(self, "UndeliveredSignals", queues.undelivered),
            _dead_letters(self, "DeadSignals", queues.signals_dead),
            _dead_letters(self, "DeadWakes", queues.wakes_dead),
            _lost(self, rule),
        )
        for alarm in self.deaf:
            alarm.add_alarm_action(actions.SnsAction(self.topic))
            alarm.add_ok_action(actions.SnsAction(self.topic))


def _topic(scope: Construct, email: str | None) -> sns.Topic:
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
    if email is None:
        warning = "nobody hears the emergency topic: set the context emergency_email, or subscribe"
        Annotations.of(topic).add_warning_v2("firstline:emergency-email", warning)
    else:
        subscription = topic.add_subscription(subscriptions.EmailSubscription(email))
        unread = "a queue for mail that was not delivered is one more place where nobody looks"
        accept(subscription, "Serverless-SNSRedrivePolicy", unread)
    CfnOutput(stack, "EmergencyTopic", value=topic.topic_arn)
    return topic


def _heartbeat(scope: Construct, fleet: str) -> cloudwatch.Alarm:
    """The sweep beats once a minute; silence is the very thing to be told of."""
    return cloudwatch.Alarm(
        scope,
        "HeartbeatMissing",
        alarm_description="firstline is dead: no sweep has run for minutes",
        metric=_own_metric(HEARTBEAT, "Sum", fleet),
        comparison_operator=cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
        threshold=1,
        evaluation_periods=_HEARTBEAT_MINUTES,
        treat_missing_data=cloudwatch.TreatMissingData.BREACHING,
    )


def _dead_letters(scope: Construct, name: str, queue: sqs.Queue) -> cloudwatch.Alarm:
    metric = queue.metric_approximate_number_of_messages_visible(period=_MINUTE)
    return _above(scope, name, metric, 0, "dead letters: nobody has looked at these messages")


def _lost(scope: Construct, rule: events.Rule) -> cloudwatch.Alarm:
    metric = cloudwatch.Metric(
        namespace="AWS/Events",
        metric_name="InvocationsFailedToBeSentToDlq",
        dimensions_map={"RuleName": rule.rule_name},
        statistic="Sum",
        period=_MINUTE,
    )
    return _above(scope, "LostSignals", metric, 0, "EventBridge dropped a signal for good")


def _above(
    scope: Construct, name: str, metric: cloudwatch.IMetric, bound: int, means: str
) -> cloudwatch.Alarm:
    return cloudwatch.Alarm(
        scope,
        name,
        alarm_description=f"firstline is deaf: {means}",
        metric=metric,
        comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
        threshold=bound,
        evaluation_periods=1,
        treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
    )


def _own_metric(name: str, statistic: str, fleet: str) -> cloudwatch.Metric:
    return cloudwatch.Metric(
        namespace=NAMESPACE,
        metric_name=name,
        dimensions_map={"service": fleet},
        statistic=statistic,
        period=_MINUTE,
    )
