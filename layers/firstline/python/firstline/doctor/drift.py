"""Check of drift: the resources that carry signals still match the stack's template.

CloudFormation's own drift detection reads all resources, takes minutes, and needs permission to
read each of them. This check covers only what a P1 depends on and no other check reads.
"""

from collections.abc import Iterator

import msgspec

from firstline.doctor import alarm_inventory, stack_parts
from firstline.doctor.actual_config import (
    MISSING,
    REMOVED,
    RESERVED_CONCURRENCY,
    UNREADABLE,
    concurrency_config,
)
from firstline.doctor.expected_config import QUEUE_POLICY, SCHEDULE, TOPIC_POLICY
from firstline.doctor.facts import ExpectedConfig, ReadFailure, StackState
from firstline.doctor.result import Check, DoctorContext, Grade, Problem

_CONFIG_NAMES = {
    stack_parts.RULE: "event pattern",
    QUEUE_POLICY: "policy",
    TOPIC_POLICY: "policy",
    SCHEDULE: "schedule",
    stack_parts.FUNCTION: "concurrency",
}


def drift(case: DoctorContext) -> Iterator[Problem]:
    """Event patterns, policies, schedules and reserved concurrency are the template's."""
    deployed = case.account.deployed
    if not isinstance(deployed, StackState) or isinstance(deployed.drift, ReadFailure):
        return
    for each, actual in deployed.drift.items():
        if not isinstance(actual, ReadFailure) and (what := _difference(each, actual)):
            stack = alarm_inventory.stack_name(case.profile)
            yield Problem(each.name, what, _grade(case, each, actual), {"stack": stack})


def _grade(case: DoctorContext, expected: ExpectedConfig, actual: str) -> Grade:
    """Return a warning for a function whose concurrency changed to another value than 0."""
    runs = expected.kind == stack_parts.FUNCTION and actual != concurrency_config(
        {RESERVED_CONCURRENCY: 0}
    )
    return "warning" if runs else stack_parts.grade(case, expected.part)


def _difference(expected: ExpectedConfig, actual: str) -> str:
    """Return the difference; empty if there is none, or if another check reports the deletion."""
    if actual == MISSING:
        return "does not exist" if expected.kind == SCHEDULE else ""
    config = _CONFIG_NAMES[expected.kind]
    if actual == REMOVED:
        return f"has lost its {config}"
    if actual == UNREADABLE:
        return f"has another {config} than the template: it cannot be read"
    if actual == expected.text:
        return ""
    wanted, current = msgspec.json.decode(expected.text), msgspec.json.decode(actual)
    changed = not isinstance(current, dict)
    differ = [key for key in wanted if changed or wanted[key] != current.get(key)]
    return f"has another {config} than the template: {', '.join(differ) or 'there is more in it'}"


CHECKS = (
    Check(
        name="drift",
        run=drift,
        severity="critical where a P1 passes through it, else a warning",
        consequence="signals do not arrive, are rejected, or are not processed",
        remedy="aws cloudformation detect-stack-drift --stack-name {stack} {region}; it shows"
        " the changes; {deploy} --revert-drift restores it",
    ),
)
