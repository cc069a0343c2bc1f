"""Drift: whether what carries signals is still as the stack's own template has it.

CloudFormation detects drift as well, of all resources, in minutes, and for whoever may read them
all. Here only that is held on which hearing a P1 rests, and that no other check asks for.
"""

from collections.abc import Iterator

import msgspec

from firstline.doctor import parts, watched
from firstline.doctor.facts import Deployed, Meant, Unread
from firstline.doctor.finding import Case, Check, Found, Grade
from firstline.doctor.meant import QUEUE_POLICY, SCHEDULE, TOPIC_POLICY
from firstline.doctor.told import GONE, NONE, RESERVED, UNREADABLE, reserved

_CALLED = {
    parts.RULE: "event pattern",
    QUEUE_POLICY: "policy",
    TOPIC_POLICY: "policy",
    SCHEDULE: "schedule",
    parts.FUNCTION: "concurrency",
}


def drift(case: Case) -> Iterator[Found]:
    """Event patterns, policies, schedules and reserved concurrency are the template's."""
    deployed = case.account.deployed
    if not isinstance(deployed, Deployed) or isinstance(deployed.drift, Unread):
        return
    for each, now in deployed.drift.items():
        if not isinstance(now, Unread) and (what := _changed(each, now)):
            stack = watched.stack_name(case.profile)
            yield Found(each.name, what, _grade(case, each, now), {"stack": stack})


def _grade(case: Case, meant: Meant, now: str) -> Grade:
    """A function with another concurrency still runs, unless it has none."""
    runs = meant.kind == parts.FUNCTION and now != reserved({RESERVED: 0})
    return "warning" if runs else parts.grade(case, meant.part)


def _changed(meant: Meant, now: str) -> str:
    """In what it differs; empty where it does not, or where another check tells that it is gone."""
    if now == GONE:
        return "is not there" if meant.kind == SCHEDULE else ""
    called = _CALLED[meant.kind]
    if now == NONE:
        return f"has lost its {called}"
    if now == UNREADABLE:
        return f"has another {called} than the template: it cannot be read"
    if now == meant.text:
        return ""
    was, stands = msgspec.json.decode(meant.text), msgspec.json.decode(now)
    differ = [key for key in was if not isinstance(stands, dict) or was[key] != stands.get(key)]
    return f"has another {called} than the template: {', '.join(differ) or 'there is more in it'}"


CHECKS = (
    Check(
        name="drift",
        ask=drift,
        severity="critical where a P1 passes through it, else a warning",
        consequence="signals do not come in, are refused, or are not dealt with",
        remedy="aws cloudformation detect-stack-drift --stack-name {stack} {region}; it tells what"
        " was changed; {deploy} --revert-drift puts it back",
    ),
)
