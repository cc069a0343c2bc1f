"""Console links: URLs of pages of the AWS console."""

from urllib.parse import quote

_DOMAINS = (
    ("cn-", "console.amazonaws.cn"),
    ("us-gov-", "console.amazonaws-us-gov.com"),
    ("eusc-", "console.amazonaws-eusc.eu"),
)
"""Prefixes of Regions in other partitions, with their console's domain."""
_COMMERCIAL = "console.aws.amazon.com"


def alarm_url(arn: str) -> str:
    """URL of a CloudWatch alarm, whatever its name."""
    region, name = arn.split(":")[3], alarm_name(arn)
    return _cloudwatch(region, f"alarmsV2:alarm/{_in_fragment(name)}")


def alarm_name(arn: str) -> str:
    """The name at the end of an alarm's ARN, with the colons that it may contain."""
    return arn.split(":", 6)[-1]


def dashboard_url(name: str, region: str) -> str:
    """URL of a CloudWatch dashboard."""
    return _cloudwatch(region, f"dashboards/dashboard/{_in_fragment(name)}")


def s3_prefix_url(bucket: str, prefix: str, region: str) -> str:
    """URL of the objects of a bucket under *prefix*; the reader needs permission to list them."""
    return f"{_home(region)}/s3/buckets/{bucket}?region={region}&prefix={quote(prefix)}"


def _cloudwatch(region: str, fragment: str) -> str:
    return f"{_home(region)}/cloudwatch/home?region={region}#{fragment}"


def _home(region: str) -> str:
    others = (domain for begins, domain in _DOMAINS if region.startswith(begins))
    return f"https://{region}.{next(others, _COMMERCIAL)}"


def _in_fragment(name: str) -> str:
    """*name* as the console writes it after the ``#``: percent-encoded, with ``$`` for ``%``.

    In any other form a slash or a percent sign ends the name.
    """
    return quote(name, safe="").replace("%", "$")
