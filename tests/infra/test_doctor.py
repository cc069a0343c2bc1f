"""Doctor's parts of a deployment are those of the stack."""

import copy

import pytest

from firstline.config.profile import Profile
from firstline.doctor import stack_parts, transport
from firstline.doctor.facts import Alarm, EventSourceMapping, Resource, StackState
from firstline.doctor.result import DoctorContext, Problem
from firstline.event_sources import DELIVERIES
from tests.doctor.accounts import ACCOUNT, DEPLOYED, WEEK_AGO
from tests.infra.made import HASH, HERE, Made
from tests.infra.made import Resource as Template

APP = "firstline-vettid-app"
PROBES = ("ProbesProbeNats", "ProbesProbeHealth")
"""Functions that only a profile with a probe has."""


def of_app(made: Made) -> list[Template]:
    """The resources of the app stack."""
    return [made.resources[each] for each in made.templates[APP]["Resources"]]


def physical(made: Made, resource: Template) -> str:
    """Return CloudFormation's physical name."""
    if resource.kind == stack_parts.QUEUE:
        return "https://sqs.{}.amazonaws.com/{}/".format(*HERE.split(":")) + resource.name
    return made.arn(resource) if resource.kind == "AWS::SNS::Topic" else resource.name


def deployed(made: Made) -> StackState:
    """The stack as it would stand in an account, all of it well."""
    of = {kind: [it for it in of_app(made) if it.kind == kind] for kind in stack_parts.PARTS}
    return copy.replace(
        DEPLOYED,
        outputs=dict(made.outputs(APP)),
        resources=tuple(
            Resource(it.kind, it.logical_id, physical(made, it)) for it in of_app(made)
        ),
        queues={physical(made, it): 0 for it in of[stack_parts.QUEUE]},
        rules={it.name: it.properties["State"] == "ENABLED" for it in of[stack_parts.RULE]},
        targets={
            it.name: tuple(target["Arn"] for target in it.properties["Targets"])
            for it in of[stack_parts.RULE]
        },
        sources={
            it.name: EventSourceMapping("Enabled", it.properties["FunctionName"])
            for it in of[stack_parts.SOURCE]
        },
        functions={it.name: "Active" for it in of[stack_parts.FUNCTION]},
    )


def alarms(made: Made) -> tuple[Alarm, ...]:
    """Its alarms, with the actions that the template gives them."""
    return tuple(
        Alarm(
            name=it.name,
            state="OK",
            since=WEEK_AGO,
            actions=tuple(it.properties.get("AlarmActions", ())),
        )
        for it in of_app(made)
        if it.kind in stack_parts.ALARMS
    )


def found(made: Made, profile: Profile, shown: tuple[Alarm, ...]) -> list[Problem]:
    """Return the results of the transport checks with these alarms."""
    case = DoctorContext(profile, copy.replace(ACCOUNT, deployed=deployed(made), alarms=shown))
    return [each for check in transport.CHECKS for each in check.run(case)]


def test_a_deployment_as_the_template_makes_it_is_well(made: Made, profile: Profile) -> None:
    """Every rule leads where doctor looks, every source feeds its function, every alarm speaks."""
    assert found(made, profile, alarms(made)) == []


def test_every_alarm_beside_the_profiles_own_is_looked_for(made: Made, profile: Profile) -> None:
    """Those that the profile makes are of another check."""
    subjects = {each.subject for each in found(made, profile, ())}
    assert subjects == {
        it.name
        for it in of_app(made)
        if it.kind in stack_parts.ALARMS and not it.logical_id.startswith("Detection")
    }


@pytest.mark.parametrize("kind", stack_parts.PARTS)
def test_every_part_is_one_of_the_stack_and_none_is_left_out(made: Made, kind: str) -> None:
    """Without its hash, as doctor reads it."""
    there = {HASH.sub("", it.logical_id) for it in of_app(made) if it.kind == kind}
    assert there - set(PROBES) == set(stack_parts.PARTS[kind])


def test_every_source_of_the_list_is_delivered_as_it_says(made: Made) -> None:
    """By the rule that doctor asks for; the security team's copies are no source of their own."""
    rules = {
        HASH.sub("", it.logical_id): it.properties["EventPattern"]
        for it in made.of(stack_parts.RULE)
    }
    for each in DELIVERIES:
        pattern = rules.pop(each.part)
        assert (pattern["source"], pattern["detail-type"]) == ([each.source], [*each.detail_types])
    assert {stack_parts.RULES[name].source for name in rules} == {stack_parts.COPIES}
