"""Costs: what a call of AWS costs, about, by the price lists of us-east-1 as of November 2025.

DynamoDB on demand, SQS, SNS, Secrets Manager, KMS, CloudWatch and S3: the services' pricing
pages. What is not named (Systems Manager's Run Command, Auto Scaling, Elastic Load Balancing,
EC2 and CloudFormation reads) is free. Lambda's own time is on its bill by function, and is not
here.
"""

from collections.abc import Mapping

_WRITE_UNIT = 625
"""Nanodollars for 1 KB written ($0.625 a million); in a transaction it is paid twice."""
_READ = 250
"""Nanodollars for 4 KB read consistently ($0.125 a million units), and once as much for more."""
_KILOBYTE = 1024

_FLAT: Mapping[str, int] = {
    "sqs": 400,
    "sns": 500,
    "secrets-manager": 5_000,
    "kms": 3_000,
    "cloudwatch": 10_000,
    "s3": 5_000,
}
"""Nanodollars for a call, whatever it asks; by botocore's hyphenated names of services."""


def nanodollars(service: str, operation: str, sent_bytes: int) -> int:
    """About what one call costs; a transaction pays for each kilobyte that it sends."""
    if service != "dynamodb":
        return _FLAT.get(service, 0)
    kilobytes = -(-sent_bytes // _KILOBYTE)
    match operation:
        case "TransactWriteItems":
            return 2 * _WRITE_UNIT * kilobytes
        case "PutItem" | "UpdateItem" | "DeleteItem":
            return _WRITE_UNIT * kilobytes
        case _:
            return _READ
