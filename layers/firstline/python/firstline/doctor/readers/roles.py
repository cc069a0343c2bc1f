"""Reads IAM's simulated decisions on the permissions of the deployed functions.

SimulatePrincipalPolicy evaluates a role's policies, its permissions boundary and the organisation's
service control policies. It ignores resource policies, and of conditions it knows only the given
keys (IAM API reference).
"""

from collections.abc import Iterator
from typing import Any

from boto3.session import Session

from firstline.adapters.aws.clients import SIMULATING
from firstline.doctor.facts import (
    ContextKey,
    Fact,
    ReadFailure,
    RequiredPermission,
    SimulationResult,
)
from firstline.doctor.readers.requests import client, pages, read
from firstline.doctor.readers.templates import TEMPLATE, DeployedTemplate
from firstline.doctor.required_permissions import DeployedFunction, batches, required_permissions
from firstline.errors import InvalidInput

SIMULATE = "iam:SimulatePrincipalPolicy"
NO_DECISION = "it gave no decision"

type SimulationResults = dict[RequiredPermission, Fact[SimulationResult]]


class RolesReader:
    """Reads the permissions of the roles of a stack's functions."""

    def __init__(self, session: Session) -> None:
        self._functions = client(session, "lambda")
        self._simulator = client(session, "iam", SIMULATING)

    def simulations(self, deployed: Fact[DeployedTemplate]) -> Fact[SimulationResults]:
        """Return the decision on each permission that the deployed template needs."""
        if isinstance(deployed, ReadFailure):
            return deployed
        try:
            wanted = required_permissions(*deployed)
        except InvalidInput as error:
            return ReadFailure(TEMPLATE, str(error))
        return {
            need: result
            for function, asked in wanted.items()
            for need, result in self._of(function, asked)
        }

    def role(self, function: str) -> Fact[str]:
        """Return the ARN of the present role of *function*."""
        return read(
            "lambda:GetFunctionConfiguration",
            lambda: str(self._functions.get_function_configuration(FunctionName=function)["Role"]),
        )

    def simulate(
        self, role: str, batch: tuple[RequiredPermission, ...]
    ) -> Fact[dict[str, SimulationResult]]:
        """Return the decisions on a batch, by the action in lower case."""
        resource, given = batch[0].resource, batch[0].context
        return read(
            SIMULATE,
            lambda: {
                str(each["EvalActionName"]).lower(): _simulation_result(each, role)
                for each in pages(
                    self._simulator,
                    "simulate_principal_policy",
                    "EvaluationResults",
                    PolicySourceArn=role,
                    ActionNames=[need.action for need in batch],
                    ResourceArns=[resource],
                    ContextEntries=_entries((*given, ("aws:PrincipalArn", "string", (role,)))),
                )
            },
        )

    def _of(
        self, function: DeployedFunction, asked: tuple[RequiredPermission, ...]
    ) -> Iterator[tuple[RequiredPermission, Fact[SimulationResult]]]:
        role = self.role(function.name)
        for batch in batches(asked):
            found = role if isinstance(role, ReadFailure) else self.simulate(role, batch)
            for need in batch:
                yield need, found if isinstance(found, ReadFailure) else _of_action(need, found)


def _of_action(
    need: RequiredPermission, found: dict[str, SimulationResult]
) -> Fact[SimulationResult]:
    """Return the decision on one action; a `ReadFailure` if the response lacks it."""
    return found.get(need.action.lower(), ReadFailure(SIMULATE, NO_DECISION))


def _entries(given: tuple[ContextKey, ...]) -> list[dict[str, object]]:
    return [
        {"ContextKeyName": key, "ContextKeyType": kind, "ContextKeyValues": list(values)}
        for key, kind, values in given
    ]


def _simulation_result(result: dict[str, Any], role: str) -> SimulationResult:
    """Parse the result for one resource, which is in its specific part or in the sum.

    Every field but the decision is absent where it does not apply (IAM API reference).
    """
    own: dict[str, Any] = next(iter(result.get("ResourceSpecificResults", ())), {})
    bounded = own.get("PermissionsBoundaryDecisionDetail") or result.get(
        "PermissionsBoundaryDecisionDetail", {}
    )
    matched = own.get("MatchedStatements") or result.get("MatchedStatements", [])
    missing = {*own.get("MissingContextValues", ()), *result.get("MissingContextValues", ())}
    return SimulationResult(
        role=role,
        decision=own.get("EvalResourceDecision", result["EvalDecision"]),
        organization=result.get("OrganizationsDecisionDetail", {}).get("AllowedByOrganizations"),
        boundary=bounded.get("AllowedByPermissionsBoundary"),
        statements=tuple(dict.fromkeys(each.get("SourcePolicyId", "") for each in matched)),
        missing=tuple(sorted(missing)),
    )
