"""What doctor says of the functions' roles: as they were deployed, and after somebody's change."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from firstline.doctor import run as doctor
from firstline.doctor.facts import Fact, ReadFailure, RequiredPermission, Resource, SimulationResult
from firstline.doctor.impact import IMPACTS, matching_row
from firstline.doctor.readers.roles import RolesReader
from firstline.doctor.readers.templates import TemplateReader
from firstline.doctor.result import DoctorResult
from tests.adapters.account import Answer, Refusal
from tests.builders import HOME
from tests.doctor.accounts import DEPLOYED, found
from tests.iam.calls import kept
from tests.iam.proof import parts
from tests.iam.simulated import EVERYTHING, Deployment, Statement
from tests.iam.stacks import Stacks
from tests.infra.permissions import like, listed

PROFILES = ("runbook", "vettid")


@pytest.fixture(scope="module")
def stacks(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Stacks]:
    """Give what a deployment with each of the shipped profiles makes."""
    return {name: Stacks(name, tmp_path_factory.mktemp(name)) for name in PROFILES}


@pytest.fixture
def deployment(stacks: dict[str, Stacks]) -> Deployment:
    """Give the one that has the most around it, to be changed."""
    return Deployment(stacks["vettid"])


def rulings(
    it: Deployment,
    simulation: Any = None,  # noqa: ANN401
) -> Fact[dict[RequiredPermission, Fact[SimulationResult]]]:
    """What doctor reads of *it*."""
    made = it.stacks.made
    one = it.answering(simulation)
    templates = TemplateReader(one.session, it.stack, HOME, made.exports())
    standing = made.standing(it.stack).items()
    resources = tuple(Resource(kind, name, own) for name, (kind, own) in standing)
    return RolesReader(one.session).simulations(templates.deployed_template(resources))


def examined(it: Deployment, simulation: Any = None) -> list[DoctorResult]:  # noqa: ANN401
    """What the checks find in it, where all else is well."""
    results = copy.replace(DEPLOYED, simulations=rulings(it, simulation))
    return list(found(deployed=results))


def results(it: Deployment) -> list[tuple[str, str, str]]:
    """Check, severity and subject of each finding."""
    return [(each.check, each.severity, each.subject) for each in examined(it)]


def without(statements: list[Statement], action: str) -> None:
    """Take *action* out of them, by hand."""
    for each in statements:
        each["Action"] = [it for it in listed(each["Action"]) if it != action]


@pytest.mark.parametrize("profile", PROFILES)
def test_nothing_is_found_of_what_was_just_deployed(
    profile: str, stacks: dict[str, Stacks]
) -> None:
    """Every need of every function is ruled on, and allowed."""
    it = Deployment(stacks[profile])
    read = rulings(it)
    assert isinstance(read, dict)
    assert {each.decision for each in read.values() if isinstance(each, SimulationResult)} == {
        "allowed"
    }
    assert results(it) == []


@pytest.mark.parametrize("profile", PROFILES)
def test_it_asks_for_what_the_roles_grant_and_nothing_else(
    profile: str, stacks: dict[str, Stacks]
) -> None:
    """Each grant is a need, each need a grant; so is each call that was ever recorded."""
    read = rulings(Deployment(stacks[profile]))
    assert isinstance(read, dict)
    granted = {
        (each.function, each.action, each.resource)
        for each in parts(stacks[profile], ())
        if each.function
    }
    for function, action, resource in granted:
        fitting = [
            it
            for it in read
            if (it.function, it.action) == (function, action) and like(resource, it.resource)
        ]
        assert fitting, (function, action, resource)
    assert len(read) == len(granted)
    recorded = {(it.function, it.action) for it in kept() if it.profile == profile}
    assert recorded <= {(it.function, it.action) for it in read}


def test_a_batch_is_of_one_resource(deployment: Deployment) -> None:
    """IAM gives few simulations in a second: its actions are asked together."""
    one = deployment.answering()
    made = deployment.stacks.made
    standing = made.standing(deployment.stack).items()
    resources = tuple(Resource(kind, name, own) for name, (kind, own) in standing)
    templates = TemplateReader(one.session, deployment.stack, HOME, made.exports())
    read = RolesReader(one.session).simulations(templates.deployed_template(resources))
    assert isinstance(read, dict)
    functions = {each.function for each in read}
    simulations = one.calls.count("iam.SimulatePrincipalPolicy")
    assert len(one.calls) == 1 + len(functions) + simulations
    batches = {(each.function, each.resource, each.context) for each in read}
    assert simulations == len(batches) < 80


type Change = Callable[[Deployment], None]


def _remove(function: str, action: str) -> Change:
    def change(it: Deployment) -> None:
        for statements in it.of(function).values():
            without(statements, action)

    return change


def _deny(function: str, action: str) -> Change:
    def change(it: Deployment) -> None:
        by_hand = {"Effect": "Deny", "Action": action, "Resource": "*"}
        it.of(function)["by-hand"] = [by_hand]

    return change


def _retag(it: Deployment) -> None:
    """Commands go to instances with another tag alone."""
    for each in it.of("reconcile")["fleet"]:
        for keys in each.get("Condition", {}).values():
            keys.update({key: "another" for key in keys if key.startswith("aws:ResourceTag/")})


def _bound(action: str) -> Change:
    def change(it: Deployment) -> None:
        it.simulator.boundary = [EVERYTHING, {"Effect": "Deny", "Action": action, "Resource": "*"}]

    return change


def _forbid(action: str, **condition: Any) -> Change:  # noqa: ANN401
    def change(it: Deployment) -> None:
        denial = {"Effect": "Deny", "Action": action, "Resource": "*", **condition}
        it.simulator.organization = [EVERYTHING, denial]

    return change


def _elsewhere(*regions: str) -> dict[str, Any]:
    return {"Condition": {"StringNotEquals": {"aws:RequestedRegion": list(regions)}}}


def _swap(it: Deployment) -> None:
    """Ingest is given the console's role."""
    it.swapped["ingest"] = it.arns["console"]


CHANGES: dict[str, tuple[Change, list[tuple[str, str, str]]]] = {
    "the key cannot be read": (
        _remove("ingest", "secretsmanager:GetSecretValue"),
        [("role-lacks", "critical", "ingest secretsmanager:GetSecretValue")],
    ),
    "no metric is written": (
        _remove("ingest", "logs:PutLogEvents"),
        [("role-lacks", "warning", "ingest logs:PutLogEvents")],
    ),
    "a denial by hand": (
        _deny("reconcile", "ssm:SendCommand"),
        [("role-denied", "warning", "reconcile ssm:SendCommand")],
    ),
    "another tag": (_retag, [("role-lacks", "warning", "reconcile ssm:SendCommand")]),
    "a boundary": (
        _bound("sqs:ReceiveMessage"),
        [
            ("role-boundary", "critical", "ingest sqs:ReceiveMessage"),
            ("role-boundary", "critical", "reconcile sqs:ReceiveMessage"),
        ],
    ),
    "an organisation's policy": (
        _forbid("health:*"),
        [("role-organization", "warning", "reconcile health:DescribeEvents")],
    ),
    "a Region that is allowed": (_forbid("*", **_elsewhere("us-east-1", "eu-west-1")), []),
    "a Region that is not": (
        _forbid("kms:Sign", **_elsewhere("eu-west-1")),
        [("role-organization", "warning", "archive kms:Sign")],
    ),
    "both above": (
        lambda it: (_forbid("kms:Sign")(it), _bound("kms:Sign")(it), None)[2],
        [
            ("role-organization", "warning", "archive kms:Sign"),
            ("role-boundary", "warning", "archive kms:Sign"),
        ],
    ),
}


@pytest.mark.parametrize(("change", "findings"), CHANGES.values(), ids=CHANGES)
def test_what_was_taken_away_is_found(
    change: Change, findings: list[tuple[str, str, str]], deployment: Deployment
) -> None:
    """By whom, as grave as what no longer works, and nothing beside it."""
    change(deployment)
    assert results(deployment) == findings
    assert doctor.has_critical(tuple(examined(deployment))) is any(
        it[1] == "critical" for it in findings
    )


def test_what_a_finding_says(deployment: Deployment) -> None:
    """What follows, whose policy it is, on what, and how to mend it."""
    _deny("ingest", "sqs:Receive*")(deployment)
    (one,) = examined(deployment)
    assert one.what.startswith("is denied by a statement of its role (by-hand), on arn:aws:sqs:")
    assert one.consequence == "no signal is read from its queue: no P1 is received"
    role = deployment.arns["ingest"]
    assert one.remedy == (
        f"remove the statement that denies sqs:ReceiveMessage from the policies of {role}"
    )


def test_the_role_that_a_function_has_is_judged(deployment: Deployment) -> None:
    """Not the one that its template made for it."""
    _swap(deployment)
    lost = {each.subject for each in examined(deployment) if each.severity == "critical"}
    assert "ingest secretsmanager:GetSecretValue" in lost
    assert all(each.startswith("ingest ") for each in lost)


def test_a_condition_that_nobody_can_judge_is_not_known(deployment: Deployment) -> None:
    """Neither allowed nor refused: it is told, and is as grave as a refusal."""
    for each in deployment.of("ingest")["routing-key"]:
        each["Condition"] = {"StringEquals": {"aws:SourceVpc": "vpc-1"}}
    (one,) = examined(deployment)
    assert (one.check, one.severity, one.subject) == ("role-unknown", "critical", "ingest")
    assert one.what == (
        "depends on aws:SourceVpc, which doctor cannot evaluate: secretsmanager:GetSecretValue"
    )
    assert one.consequence == "the permission could not be determined; without it, no page is sent"


def test_a_denial_under_a_condition_that_nobody_can_judge(deployment: Deployment) -> None:
    """IAM does not say of which action it is: it may be of any that the function does."""
    condition = {"StringEquals": {"aws:SourceVpc": "vpc-1"}}
    by_hand = {"Effect": "Deny", "Action": "sqs:*", "Resource": "*", "Condition": condition}
    deployment.of("ingest")["by-hand"] = [by_hand]
    (one,) = examined(deployment)
    assert (one.check, one.severity, one.subject) == ("role-unknown", "critical", "ingest")
    assert one.what.endswith("which doctor cannot evaluate: all its work")


@pytest.mark.parametrize(
    ("simulation", "check"),
    [
        (Refusal("AccessDenied"), "permission"),
        (Refusal("InvalidInput"), "answer"),
        ({"EvaluationResults": []}, "answer"),
    ],
)
def test_a_simulation_that_is_not_to_be_had_is_a_finding(
    simulation: Answer | Refusal, check: str, deployment: Deployment
) -> None:
    """Never silence: nobody knows whether a P1 would be heard."""
    (one,) = examined(deployment, simulation)
    assert (one.check, one.severity) == (check, "critical")
    assert one.subject == "iam:SimulatePrincipalPolicy"


def test_pages_of_an_answer_are_all_read(deployment: Deployment) -> None:
    """IAM may cut its answer anywhere."""

    def paged(asked: Answer) -> Answer:
        results = deployment.simulator.simulate(asked)["EvaluationResults"]
        at = int(asked.get("Marker", 0))
        more = at + 1 < len(results)
        return {
            "EvaluationResults": results[at : at + 1],
            "IsTruncated": more,
            **({"Marker": str(at + 1)} if more else {}),
        }

    assert examined(deployment, paged) == []


def test_each_row_of_what_is_harmed_is_of_something_that_is_granted(
    stacks: dict[str, Stacks],
) -> None:
    """A row for what no function does any more is removed; what none is for are reads of fixes."""
    needed: set[RequiredPermission] = set()
    for each in stacks.values():
        read = rulings(Deployment(each))
        assert isinstance(read, dict)
        needed |= read.keys()
    rows = {each: matching_row(each.function, each.action, each.resource) for each in needed}
    of_no_shipped_profile = {"codedeploy:"}  # fleet.deployment_group
    assert {each.action for each in set(IMPACTS) - set(rows.values())} == of_no_shipped_profile
    assert {each.function for each, it in rows.items() if it is IMPACTS[-1]} == {"reconcile"}


def test_a_template_that_cannot_be_told_is_not_known(deployment: Deployment) -> None:
    """A resource that the stack does not have by now, an export that is gone."""
    one = deployment.answering()
    templates = TemplateReader(one.session, deployment.stack, HOME, {})
    found_ = RolesReader(one.session).simulations(templates.deployed_template(()))
    assert isinstance(found_, ReadFailure)
    assert found_.action == "cloudformation:GetTemplate"
    assert "iam.SimulatePrincipalPolicy" not in one.calls
