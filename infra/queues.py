"""The queues of signals and wakes, and their dead-letter queues."""

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from firstline.controller.act import FUNCTION_TIMEOUT
from infra.nag import accept

INGEST_TIMEOUT = Duration.seconds(30)
RECONCILE_TIMEOUT = Duration.seconds(FUNCTION_TIMEOUT.seconds)

# A message stays hidden for six times as long as its function may run, as AWS advises ("Creating
# and configuring an Amazon SQS event source mapping"): meanwhile Lambda tries a throttled one
# again, and it counts as one receive. Half an hour of throttling leaves no dead letter.
_HIDDEN_TIMEOUTS = 6
_RECEIVES_MAX = 10
_UNRESOLVED = "Annotation::@aws-cdk/aws-events:ruleUnresolvedEnvironment"


def visibility_timeout(timeout: Duration) -> Duration:
    """Return the visibility timeout for a function with this *timeout*."""
    return Duration.seconds(_HIDDEN_TIMEOUTS * timeout.to_seconds())


class Queues(Construct):
    """Standard queues over TLS only, encrypted by SQS itself.

    With a key in this account a KMS incident would stop the signals that report it.
    ``undelivered`` receives what EventBridge could not put into ``signals``.
    """

    def __init__(self, scope: Construct, name: str) -> None:
        super().__init__(scope, name)
        self.undelivered = _dead_letters(self, "Undelivered")
        self.signals_dead = _dead_letters(self, "SignalsDead")
        self.wakes_dead = _dead_letters(self, "WakesDead")
        self.signals = _queue(self, "Signals", INGEST_TIMEOUT, self.signals_dead)
        self.wakes = _queue(self, "Wakes", RECONCILE_TIMEOUT, self.wakes_dead)
        # to a queue that it made the CDK lets a rule's target read the attributes as well
        self._heard = sqs.Queue.from_queue_arn(self, "Heard", self.signals.queue_arn)

    def deliver(self, rule: events.Rule) -> None:
        """Send what *rule* matches to ``signals``, with no other permission on it."""
        rule.add_target(targets.SqsQueue(self._heard, dead_letter_queue=self.undelivered))
        accept(rule, _UNRESOLVED, "the queue, named by its ARN, is of the rule's own stack")
        self.signals.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[iam.ServicePrincipal("events.amazonaws.com")],
                actions=["sqs:SendMessage"],
                resources=[self.signals.queue_arn],
                conditions={"ArnEquals": {"aws:SourceArn": rule.rule_arn}},
            )
        )


def _queue(scope: Construct, name: str, timeout: Duration, dead: sqs.Queue) -> sqs.Queue:
    return sqs.Queue(
        scope,
        name,
        encryption=sqs.QueueEncryption.SQS_MANAGED,
        enforce_ssl=True,
        visibility_timeout=visibility_timeout(timeout),
        retention_period=Duration.days(4),
        dead_letter_queue=sqs.DeadLetterQueue(queue=dead, max_receive_count=_RECEIVES_MAX),
    )


def _dead_letters(scope: Construct, name: str) -> sqs.Queue:
    queue = sqs.Queue(
        scope,
        name,
        encryption=sqs.QueueEncryption.SQS_MANAGED,
        enforce_ssl=True,
        retention_period=Duration.days(14),
    )
    end = "it is the dead-letter queue, and an alarm reports the first message"
    accept(queue, "AwsSolutions-SQS3", end)
    accept(queue, "Serverless-SQSRedrivePolicy", end)
    return queue
