"""Links to the console: each name that CloudWatch allows, and each partition's own domain."""

import ast
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

import firstline
from firstline import console_links

ARN = "arn:aws:cloudwatch:us-east-1:111122223333:alarm:"
HOME = "https://us-east-1.console.aws.amazon.com/cloudwatch/home?region=us-east-1"
ROOT = Path(firstline.__file__).parents[4]

NAMES = {
    "vettid-prod-enclave-healthy-hosts": "vettid-prod-enclave-healthy-hosts",
    "prod/enclave/healthy-hosts": "prod$2Fenclave$2Fhealthy-hosts",
    "5xx > 1 % of calls": "5xx$20$3E$201$20$25$20of$20calls",
    "a:b": "a$3Ab",
    "its:alarm:name": "its$3Aalarm$3Aname",
    "$2F": "$242F",
    "%2F": "$252F",
    "who? what#where&why=x": "who$3F$20what$23where$26why$3Dx",
    "one+one": "one$2Bone",
    "é": "$C3$A9",
    "\N{ALARM CLOCK}": "$E2$8F$B0",
    '"quoted" \\ <b>': "$22quoted$22$20$5C$20$3Cb$3E",
    "/": "$2F",
    "a" * 255: "a" * 255,
}


@pytest.mark.parametrize(("name", "written"), NAMES.items())
def test_an_alarm_is_opened_by_any_name(name: str, written: str) -> None:
    """Percent-encoded, with a dollar sign for each percent sign: as the console writes it."""
    link = console_links.alarm_url(ARN + name)
    assert link == f"{HOME}#alarmsV2:alarm/{written}"
    assert console_links.alarm_name(ARN + name) == name


@given(st.text(st.characters(exclude_categories=("Cc", "Cs")), min_size=1, max_size=255))
def test_the_console_reads_the_very_name(name: str) -> None:
    """Its decoding returns the name, and no character of it has a meaning before."""
    link = console_links.alarm_url(ARN + name)
    written = urlsplit(link).fragment.removeprefix("alarmsV2:alarm/")
    assert unquote(written.replace("$", "%")) == name
    assert link.isascii()
    assert not set(written) & set("/%:?#&=+ ")


@pytest.mark.parametrize(
    ("region", "host"),
    [
        ("eu-west-1", "eu-west-1.console.aws.amazon.com"),
        ("cn-north-1", "cn-north-1.console.amazonaws.cn"),
        ("us-gov-west-1", "us-gov-west-1.console.amazonaws-us-gov.com"),
        ("eusc-de-east-1", "eusc-de-east-1.console.amazonaws-eusc.eu"),
    ],
)
def test_each_partition_has_its_own_console(region: str, host: str) -> None:
    """The Region says which."""
    home = f"https://{host}/cloudwatch/home?region={region}#"
    arn = f"arn:aws:cloudwatch:{region}:111122223333:alarm:x"
    assert console_links.alarm_url(arn) == f"{home}alarmsV2:alarm/x"
    board = console_links.dashboard_url("firstline-vettid", region)
    assert board == f"{home}dashboards/dashboard/firstline-vettid"
    folder = console_links.s3_prefix_url("bucket", "reports/a b/", region)
    assert folder == f"https://{host}/s3/buckets/bucket?region={region}&prefix=reports/a%20b/"


def test_no_other_place_makes_one() -> None:
    """So that each is tried here."""
    found = {
        path.name
        for folder in ("layers", "functions", "infra", "tools")
        for path in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and "console.a" in str(node.value)
    }
    assert found == {"console_links.py"}
