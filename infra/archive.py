"""The archive: the function that copies the ledger into the bucket, and the auditor.

Bucket and key belong to the records stack, since they outlive the app. CloudWatch itself reports
faults of the record to the emergency topic.
"""

from collections.abc import Iterator

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from firstline.ledger import archive as archiving
from infra import roles, unscoped
from infra.alarms import MINUTE, alarm_above, alarm_on_silence, own_metric
from infra.nag import accept
from infra.records import Records
from infra.response import Resources
from infra.runtime import Handler, Runtime
from infra.schedule import every_hour

TIMEOUT = Duration.seconds(60)
_AUDIT_TIMEOUT = Duration.minutes(5)
_AUDITS_MISSED = 3
_BATCH_MAX = 100
_AGE_MAX = Duration.hours(23)
"""An older record goes to the dead letters; the stream drops it after a day."""
_LAG_MAX = Duration.minutes(5)


class Archive(Construct):
    """Copies the ledger to the bucket; ``alarms`` report failures and audit faults."""

    def __init__(
        self, scope: Construct, name: str, *, runtime: Runtime, resources: Resources
    ) -> None:
        super().__init__(scope, name)
        records, lost = resources.records, _dead_letters(self)
        function = runtime.function(self, _handler(records, lost))
        unscoped.accept_archive(self, records.archive)
        _feed(self, function, records.ledger.table_stream_arn or "", lost)
        auditing = runtime.function(self, _auditor(records))
        every_hour(
            self, "Audit", auditing, "a run that failed is one that the alarm Unaudited counts"
        )
        self.alarms = tuple(_alarms(self, function, lost, resources.fleet.name))


def _feed(scope: Construct, function: lambda_.Function, stream: str, lost: sqs.Queue) -> None:
    """Retry each batch, split on failure, until it is too old."""
    to = lambda_.CfnEventSourceMapping.OnFailureProperty(destination=lost.queue_arn)
    lambda_.CfnEventSourceMapping(
        scope,
        "Stream",
        function_name=function.function_name,
        event_source_arn=stream,
        starting_position="TRIM_HORIZON",
        batch_size=_BATCH_MAX,
        bisect_batch_on_function_error=True,
        maximum_record_age_in_seconds=int(_AGE_MAX.to_seconds()),
        maximum_retry_attempts=-1,
        destination_config=lambda_.CfnEventSourceMapping.DestinationConfigProperty(on_failure=to),
    )


def _handler(records: Records, lost: sqs.Queue) -> Handler:
    may = {
        "stream": roles.read_stream(records.ledger),
        "ledger": roles.read_ledger(records.ledger),
        "archive": roles.archive(records.archive),
        "sign": roles.sign(records.signing_key),
        "lost": roles.send(lost),
    }
    return Handler("archive", TIMEOUT, 512, may)


def _auditor(records: Records) -> Handler:
    may = {
        "ledger": roles.read_ledger(records.ledger),
        "archive": roles.read_archive(records.archive),
        "key": roles.read_public_key(records.signing_key),
    }
    return Handler("audit", _AUDIT_TIMEOUT, 512, may)


def _dead_letters(scope: Construct) -> sqs.Queue:
    """The queue of stream positions that were given up; the entries stay in the table."""
    queue = sqs.Queue(
        scope,
        "Lost",
        encryption=sqs.QueueEncryption.SQS_MANAGED,
        enforce_ssl=True,
        retention_period=Duration.days(14),
    )
    end = "it is the dead-letter queue, and an alarm reports the first message"
    accept(queue, "AwsSolutions-SQS3", end)
    accept(queue, "Serverless-SQSRedrivePolicy", end)
    return queue


def _alarms(
    scope: Construct, function: lambda_.Function, lost: sqs.Queue, fleet: str
) -> Iterator[cloudwatch.Alarm]:
    """Return the alarms on the metrics of `functions.archive`."""
    age = function.metric("IteratorAge", statistic="Maximum", period=MINUTE)
    yield alarm_above(scope, "Lag", age, _LAG_MAX.to_milliseconds(), "entries wait for the archive")
    dead = lost.metric_approximate_number_of_messages_visible(period=MINUTE)
    yield alarm_above(scope, "Dead", dead, 0, "a part of the ledger's stream was not archived")
    audits = own_metric(archiving.AUDITS_METRIC, "Sum", fleet).with_(period=Duration.hours(1))
    yield alarm_on_silence(
        scope, "Unaudited", audits, _AUDITS_MISSED, "the archive was not audited"
    )
    for name, means in _OWN.items():
        yield alarm_above(scope, name, own_metric(name, "Sum", fleet), 0, means)


_OWN = {
    "LedgerAltered": "an entry of the ledger was changed or removed; altered/ in the bucket has it",
    "LedgerLost": "an entry was neither in the ledger's stream nor in its table",
    "ArchiveFaults": "the archive is inconsistent",
    "ReportFaults": "the report of an incident could not be written; its ledger is complete",
}
