"""Console links: pages of AWS's console, by the addresses that it opens."""

from urllib.parse import quote

_DOMAINS = (
    ("cn-", "console.amazonaws.cn"),
    ("us-gov-", "console.amazonaws-us-gov.com"),
    ("eusc-", "console.amazonaws-eusc.eu"),
)
"""How Regions of another partition begin, and where its console is."""
_COMMERCIAL = "console.aws.amazon.com"


def alarm(arn: str) -> str:
    """The page of a CloudWatch alarm, whatever its name."""
    region, name = arn.split(":")[3], alarm_name(arn)
    return _cloudwatch(region, f"alarmsV2:alarm/{_in_fragment(name)}")


def alarm_name(arn: str) -> str:
    """The name at the end of an alarm's ARN: all of it, with the colons that it may hold."""
    return arn.split(":", 6)[-1]


def dashboard(name: str, region: str) -> str:
    """The page of a CloudWatch dashboard."""
    return _cloudwatch(region, f"dashboards/dashboard/{_in_fragment(name)}")


def folder(bucket: str, prefix: str, region: str) -> str:
    """What lies in a bucket under *prefix*, for whoever may read it."""
    return f"{_home(region)}/s3/buckets/{bucket}?region={region}&prefix={quote(prefix)}"


def _cloudwatch(region: str, fragment: str) -> str:
    return f"{_home(region)}/cloudwatch/home?region={region}#{fragment}"


def _home(region: str) -> str:
    others = (domain for begins, domain in _DOMAINS if region.startswith(begins))
    return f"https://{region}.{next(others, _COMMERCIAL)}"


def _in_fragment(name: str) -> str:
    """*name* as the console writes it after the ``#``: percent-encoded, with ``$`` for ``%``.

    A slash or a percent sign of the name ends it there in any other form.
    """
    return quote(name, safe="").replace("%", "$")
