"""Expands a policy's alarms and rules of an API for each API that a fleet file lists.

``http_api = ["a1b2c3d4e5", "f6g7h8i9j0"]`` turns the alarm ``http-api-errors`` into
``http-api-errors-a1b2c3d4e5`` and ``http-api-errors-f6g7h8i9j0``. A name depends on its API alone,
so that adding or removing an API changes no other alarm.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

type Table = dict[str, Any]

API_KEYS = ("http_api", "rest_api")
"""The keys of ``[fleet]`` that may be lists."""


def expand_apis(policy: Table, fleet: object) -> Table:
    """Return *policy* with one alarm and its rules for each API listed in *fleet*."""
    facts = fleet if isinstance(fleet, dict) else {}
    alarms: list[Table] = policy["alarms"]["made"]
    rules: list[Table] = policy["rules"]
    for key in API_KEYS:
        listed = facts.get(key)
        if isinstance(listed, list) and all(isinstance(name, str) for name in listed):
            named = {each["name"] for each in alarms if f"${key}" in each["dimensions"].values()}
            alarms = [one for each in alarms for one in _alarms(each, key, listed, named)]
            rules = [one for each in rules for one in _rules(each, listed, named)]
    made = policy["alarms"] | {"made": alarms}
    return policy | {"alarms": made, "rules": rules}


def alarm_name(alarm: str, api: str) -> str:
    """Return the name of *alarm* for *api*, in lower case with hyphens for other characters."""
    return f"{alarm}-{re.sub(r'[^a-z0-9]+', '-', api.lower()).strip('-')}"


def _alarms(alarm: Table, key: str, listed: list[str], named: set[str]) -> Iterator[Table]:
    if alarm["name"] not in named:
        yield alarm
        return
    for api in listed:
        dimensions: Mapping[str, str] = alarm["dimensions"]
        own = {name: api if value == f"${key}" else value for name, value in dimensions.items()}
        yield alarm | {"name": alarm_name(alarm["name"], api), "dimensions": own}


def _rules(rule: Table, listed: list[str], named: set[str]) -> Iterator[Table]:
    if rule["source"] != "cloudwatch.alarm" or rule["subject"] not in named:
        yield rule
        return
    for api in listed:
        own = {"name": f"{rule['name']}: {api}", "subject": alarm_name(rule["subject"], api)}
        yield rule | own
