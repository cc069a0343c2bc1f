"""Every name that CloudWatch gives an alarm: in a profile, in an event, and in the page of both."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstline import console_links
from firstline.config import fleet_file as profiles
from firstline.config.profile import Profile
from firstline.errors import InvalidInput
from firstline.signal import Condition, Severity
from firstline.signals import episodes
from firstline.signals.classify import classify, with_profile_name
from firstline.signals.sources.envelope import parse
from tests.builders import BY, HOME, NOW
from tests.controller.rig import ZERO

SMALL = (Path(__file__).parents[1] / "config" / "small.toml").read_text()
NAMES = st.text(st.characters(exclude_categories=("Cc", "Cs")), min_size=1, max_size=255)
ODD = (
    "prod/enclave/healthy-hosts",
    "5xx > 1 % of calls (prod)",
    "its:alarm:name",
    "$2F $ # ? & = +",
    "caf\N{LATIN SMALL LETTER E WITH ACUTE} \N{ALARM CLOCK}",
    '"quoted" \\ it\'s <b>',
    " ",
    "a" * 255,
)


def listing(name: str) -> Profile:
    """A small profile in which *name* is known as the alarm of a complete outage."""
    written = json.dumps(name, ensure_ascii=False).replace("\x7f", "\\u007f")
    text = SMALL.replace('"vettid-prod-enclave-healthy-hosts"', written)
    return profiles.parse(text.encode(), "fleet.toml")


def ringing(name: str) -> bytes:
    """The event of the alarm *name*."""
    event: Any = json.loads(ZERO)
    event["detail"]["alarmName"] = name
    place = event["resources"][0].split(":alarm:")[0]
    event["resources"] = [f"{place}:alarm:{name}"]
    return json.dumps(event).encode()


def opened(name: str) -> episodes.Opening:
    """The incident of its alarm under a profile that lists it."""
    profile = listing(name)
    signal = with_profile_name(parse(ringing(name), HOME, NOW), profile, {})
    return episodes.open_incident(signal, classify(signal, profile, HOME), profile, NOW, BY)


@pytest.mark.parametrize("name", ODD)
def test_an_alarm_of_any_name_is_listed_received_and_linked(name: str) -> None:
    """As a P1 of its own condition, and never as one that no rule knows."""
    held = opened(name).incident
    assert (held.condition, held.severity) == (Condition.COMPLETE_OUTAGE, Severity.P1)
    assert held.alarm_arn.endswith(f":alarm:{name}")
    (page,) = held.pages
    assert page.details["alarm_link"] == console_links.alarm_url(held.alarm_arn)


@given(NAMES)
def test_a_profile_accepts_names_that_cloudwatch_accepts(name: str) -> None:
    """1 to 255 characters, none of them a control (PutMetricAlarm)."""
    assert listing(name).external(name) == "healthy-hosts"


@pytest.mark.parametrize("name", ["", "a" * 256, "a\nb", "a\x1bb", "\x7f"])
def test_a_profile_refuses_names_that_cloudwatch_refuses(name: str) -> None:
    """It would name no alarm."""
    with pytest.raises(InvalidInput, match="name"):
        listing(name)


@pytest.mark.parametrize(
    ("url", "taken"),
    [
        ("https://wiki.example.com/enclaves#top", True),
        ("", True),
        ("http://wiki.example.com", False),
        ("https://", False),
        ("https://wiki example", False),
        ("javascript:alert(1)", False),
    ],
)
def test_the_runbook_is_an_address_that_pagerduty_takes(url: str, *, taken: bool) -> None:
    """PagerDuty links to https alone."""
    text = f"{SMALL}\n[links]\nrunbook = {json.dumps(url)}\n"
    assert tomllib.loads(text)["links"]["runbook"] == url
    if taken:
        assert profiles.parse(text.encode(), "fleet.toml").links.runbook == url
        return
    with pytest.raises(InvalidInput, match="runbook"):
        profiles.parse(text.encode(), "fleet.toml")
