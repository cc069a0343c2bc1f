"""SimulatePrincipalPolicy as IAM answers it, of roles as they were deployed and then changed."""

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.adapters.account import Answer, Answering
from tests.iam.proof import roles
from tests.iam.stacks import Stacks
from tests.infra.permissions import Request, allowed, fitting

type Statement = dict[str, Any]
EVERYTHING: Statement = {"Effect": "Allow", "Action": "*", "Resource": "*"}


type Policies = Mapping[str, list[Statement]]
"""A role's own statements, by the policy's name."""


@dataclass
class Simulator:
    """Answers for the roles whose policies `of` finds by their ARNs.

    ``boundary`` is of every role, ``organization`` of the account; None where there is none.
    """

    of: Callable[[str], Policies]
    boundary: list[Statement] | None = None
    organization: list[Statement] | None = None

    def simulate(self, asked: Answer) -> Answer:
        """One result for each action; of one resource, which has a result of its own if named."""
        own = self.of(asked["PolicySourceArn"])
        context = {
            each["ContextKeyName"]: each["ContextKeyValues"] for each in asked["ContextEntries"]
        }
        (resource,) = asked["ResourceArns"]
        requests = [Request(each, resource, context) for each in asked["ActionNames"]]
        return {"EvaluationResults": [self._result(own, each) for each in requests]}

    def _result(self, own: Policies, request: Request) -> Answer:
        """As IAM API reference, EvaluationResult, with what only the resource's own has there."""
        deciding = _decision([each for part in own.values() for each in part], request)
        above = {
            "OrganizationsDecisionDetail": ("AllowedByOrganizations", self.organization),
            "PermissionsBoundaryDecisionDetail": ("AllowedByPermissionsBoundary", self.boundary),
        }
        result: Answer = {
            name: {member: allowed(policy, request)}
            for name, (member, policy) in above.items()
            if policy is not None
        }
        decisions = [deciding, *(_decision(it, request) for _, it in above.values() if it)]
        overall = next(
            (each for each in ("explicitDeny", "implicitDeny") if each in decisions), "allowed"
        )
        effect = {"explicitDeny": "Deny", "allowed": "Allow"}.get(overall, "")
        specific = {
            "MatchedStatements": [
                {"SourcePolicyId": name, "SourcePolicyType": "role"}
                for name, part in own.items()
                for each in fitting(part, request)
                if each["Effect"] == effect
            ],
            "MissingContextValues": sorted(_missing(own, request)),
        }
        sum_ = {"EvalActionName": request.action, "EvalDecision": overall, **result, **specific}
        if request.resource == "*":
            return {**sum_, "EvalResourceName": "*"}
        named = {"EvalResourceName": request.resource, "EvalResourceDecision": overall, **specific}
        return {**sum_, "EvalResourceName": "arn:template", "ResourceSpecificResults": [named]}


@dataclass
class Deployment:
    """A stack that stands, whose roles anybody may have changed since.

    ``policies`` are those of each role, by its ARN.
    """

    stacks: Stacks
    swapped: dict[str, str] = field(default_factory=dict)
    policies: dict[str, dict[str, list[Statement]]] = field(init=False)
    arns: dict[str, str] = field(init=False)
    simulator: Simulator = field(init=False)

    def __post_init__(self) -> None:
        made = self.stacks.made
        self.policies = {
            made.arn(role): {
                each["PolicyName"]: copy.deepcopy(each["PolicyDocument"]["Statement"])
                for each in role.properties["Policies"]
            }
            for role in made.of("AWS::IAM::Role")
        }
        self.simulator = Simulator(self.policies.__getitem__)
        self.arns = {function: made.arn(role) for role, function in roles(self.stacks) if function}

    def of(self, function: str) -> dict[str, list[Statement]]:
        """The policies of a function's role, to be changed."""
        return self.policies[self.arns[function]]

    def answering(self, simulation: Any = None) -> Answering:  # noqa: ANN401 - as `Answering` takes
        """The account, of which doctor asks this."""
        made, stack = self.stacks.made, self.stack
        (path,) = [each for each in made.paths if each.name.startswith(stack)]
        return Answering(
            {
                "cloudformation.GetTemplate": {"TemplateBody": path.read_text()},
                "lambda.GetFunctionConfiguration": self._function,
                "iam.SimulatePrincipalPolicy": simulation or self.simulator.simulate,
            }
        )

    @property
    def stack(self) -> str:
        """The app stack's name."""
        (name,) = [each for each in self.stacks.made.templates if each.endswith("-app")]
        return name

    def _function(self, asked: Answer) -> Answer:
        name = asked["FunctionName"]
        (found,) = [it for it in self.stacks.made.of("AWS::Lambda::Function") if it.name == name]
        known_as = found.properties["Handler"].split(".")[1]
        return {"Role": self.swapped.get(known_as, found.properties["Role"])}


def _decision(policy: Sequence[Statement], request: Request) -> str:
    effects = {each["Effect"] for each in fitting(policy, request)}
    if "Deny" in effects:
        return "explicitDeny"
    return "allowed" if "Allow" in effects else "implicitDeny"


def _missing(own: Policies, request: Request) -> set[str]:
    """Keys of any statement, whatever is asked, without those that the request carries.

    So IAM answers, in spite of its reference (boto3's issue 3111).
    """
    named = {
        key
        for part in own.values()
        for each in part
        for keys in each.get("Condition", {}).values()
        for key in keys
    }
    return named - set(request.context)
