"""Prices of AWS, and the approximate cost of one call.

List prices of us-east-1 in US dollars, from the services' pricing pages in the first half of 2026:
without free tier, discounts and tax, at the first tier.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple


class Price(NamedTuple):
    """The price in dollars of one ``unit``, from the pricing page of ``service``."""

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
SCHEDULER_INVOCATION = _price("0.000001", "invocation", "EventBridge Scheduler")
SQS_REQUEST = _price("0.0000004", "request", "SQS")
SNS_REQUEST = _price("0.0000005", "request", "SNS")
WRITE = _price("0.000000625", "KB written", "DynamoDB")
READ = _price("0.000000125", "4 KB read", "DynamoDB")
TABLE_STORAGE = _price("0.45", "GB-month of a table and its backup", "DynamoDB")
PUT = _price("0.000005", "PUT or LIST", "S3")
GET = _price("0.0000004", "GET", "S3")
OBJECT_STORAGE = _price("0.023", "GB-month", "S3")
ENDPOINT = _price("0.01", "endpoint in a subnet, an hour", "PrivateLink")

_KILOBYTE = 1024
_CALLS: Mapping[str, Price] = {
    "sqs": SQS_REQUEST,
    "sns": SNS_REQUEST,
    "secrets-manager": SECRET_READ,
    "kms": KEY_READ,
    "kms Sign": SIGNATURE,
    "kms GetPublicKey": SIGNATURE,
    "cloudwatch": ALARMS_READ,
    "s3": PUT,
    "s3 GetObject": GET,
}
"""Prices by botocore's hyphenated service name; some operations differ.

Calls without an entry (Systems Manager's Run Command, Auto Scaling, Elastic Load Balancing, EC2 and
CloudFormation reads) are free. Lambda bills its duration separately.
"""
_WRITES = {"PutItem": 1, "UpdateItem": 1, "DeleteItem": 1, "TransactWriteItems": 2}
"""The number of writes of a DynamoDB operation; every other operation reads."""


def nanodollars(service: str, operation: str, sent_bytes: int) -> int:
    """Return the approximate cost of one call.

    A write costs its size in kilobytes, twice in a transaction; a read costs two reads of 4 KB.
    """
    if service == "dynamodb":
        writes = _WRITES.get(operation)
        kilobytes = -(-sent_bytes // _KILOBYTE)
        return writes * _nano(WRITE) * kilobytes if writes else 2 * _nano(READ)
    price = _CALLS.get(f"{service} {operation}") or _CALLS.get(service)
    return _nano(price) if price else 0


def _nano(price: Price) -> int:
    return int(price.dollars * 10**9)
