"""Costs: what AWS asks for, and what one call of it costs, about.

List prices of us-east-1 in US dollars, as the services' pricing pages (aws.amazon.com, the service,
``pricing``) had them in the first half of 2026: no free tier, no discount, no tax, the first step
of each scale.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple


class Price(NamedTuple):
    """So many dollars for one of what ``unit`` says, by the pricing page of ``service``."""

    dollars: Decimal
    unit: str
    service: str


def _price(dollars: str, unit: str, service: str) -> Price:
    return Price(Decimal(dollars), unit, service)


ALARM = _price("0.10", "metric of an alarm, a month", "CloudWatch")
COMPOSITE = _price("0.50", "composite alarm, a month", "CloudWatch")
METRIC = _price("0.30", "custom metric, a month by the hour", "CloudWatch")
DASHBOARD = _price("3.00", "dashboard, a month", "CloudWatch")
LOGS = _price("0.50", "GB of logs taken in", "CloudWatch")
ALARMS_READ = _price("0.00001", "call", "CloudWatch")
SECRET = _price("0.40", "secret, a month", "Secrets Manager")
SECRET_READ = _price("0.000005", "call", "Secrets Manager")
KEY = _price("1.00", "key, a month", "KMS")
KEY_READ = _price("0.000003", "call", "KMS")
SIGNATURE = _price("0.000015", "call with an RSA key of 3072 bits", "KMS")
INVOCATION = _price("0.0000002", "invocation", "Lambda")
GIGABYTE_SECOND = _price("0.0000133334", "GB-second, arm64", "Lambda")
SCHEDULED = _price("0.000001", "invocation", "EventBridge Scheduler")
QUEUED = _price("0.0000004", "request", "SQS")
PUBLISHED = _price("0.0000005", "request", "SNS")
WRITE = _price("0.000000625", "KB written", "DynamoDB")
READ = _price("0.000000125", "4 KB read", "DynamoDB")
TABLED = _price("0.45", "GB-month of a table and its backup", "DynamoDB")
PUT = _price("0.000005", "PUT or LIST", "S3")
GET = _price("0.0000004", "GET", "S3")
STORED = _price("0.023", "GB-month", "S3")
ENDPOINT = _price("0.01", "endpoint in a subnet, an hour", "PrivateLink")

_KILOBYTE = 1024
_CALLS: Mapping[str, Price] = {
    "sqs": QUEUED,
    "sns": PUBLISHED,
    "secrets-manager": SECRET_READ,
    "kms": KEY_READ,
    "kms Sign": SIGNATURE,
    "kms GetPublicKey": SIGNATURE,
    "cloudwatch": ALARMS_READ,
    "s3": PUT,
    "s3 GetObject": GET,
}
"""A call of a service, by botocore's hyphenated names of services; some operations differ.

What is not named (Systems Manager's Run Command, Auto Scaling, Elastic Load Balancing, EC2 and
CloudFormation reads) is free. Lambda's own time is on its bill by function.
"""
_WRITES = {"PutItem": 1, "UpdateItem": 1, "DeleteItem": 1, "TransactWriteItems": 2}
"""How often DynamoDB writes what an operation sends; every other operation reads."""


def nanodollars(service: str, operation: str, sent_bytes: int) -> int:
    """About what one call costs.

    A write pays for each kilobyte that is sent, in a transaction twice; a read for one of 4 KB and
    as much again.
    """
    if service == "dynamodb":
        writes = _WRITES.get(operation)
        kilobytes = -(-sent_bytes // _KILOBYTE)
        return writes * _nano(WRITE) * kilobytes if writes else 2 * _nano(READ)
    price = _CALLS.get(f"{service} {operation}") or _CALLS.get(service)
    return _nano(price) if price else 0


def _nano(price: Price) -> int:
    return int(price.dollars * 10**9)
