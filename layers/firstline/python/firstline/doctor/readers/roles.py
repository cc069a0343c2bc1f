"""Roles: what IAM's simulation says of all that the deployed functions ask for.

Nothing is done: SimulatePrincipalPolicy judges the policies that a role has now, its permissions
boundary and the organisation's service control policies. It knows no policies of resources, and
of conditions only the keys that it is given (IAM API reference).
"""

from collections.abc import Iterator
from typing import Any

from boto3.session import Session

from firstline.adapters.aws.clients import SIMULATING
from firstline.doctor.facts import Given, Need, Read, Ruling, Unread
from firstline.doctor.needs import Function, batches, needs
from firstline.doctor.readers.reading import client, pages, read
from firstline.doctor.readers.templates import TEMPLATE, Made
from firstline.errors import InvalidInput

SIMULATE = "iam:SimulatePrincipalPolicy"
SILENT = "it gave no decision"

type Rulings = dict[Need, Read[Ruling]]


class RolesReader:
    """Reads what the roles of a stack's functions may do."""

    def __init__(self, session: Session) -> None:
        self._functions = client(session, "lambda")
        self._simulator = client(session, "iam", SIMULATING)

    def rulings(self, made: Read[Made]) -> Read[Rulings]:
        """Of each need of each function that the stack's template was *made* into."""
        if isinstance(made, Unread):
            return made
        try:
            wanted = needs(*made)
        except InvalidInput as error:
            return Unread(TEMPLATE, str(error))
        return {
            need: ruling
            for function, asked in wanted.items()
            for need, ruling in self._of(function, asked)
        }

    def role(self, function: str) -> Read[str]:
        """The ARN of the role that *function* has now, whatever the template says."""
        return read(
            "lambda:GetFunctionConfiguration",
            lambda: str(self._functions.get_function_configuration(FunctionName=function)["Role"]),
        )

    def ruled(self, role: str, batch: tuple[Need, ...]) -> Read[dict[str, Ruling]]:
        """What is said of a batch, by the action in lower case."""
        resource, given = batch[0].resource, batch[0].given
        return read(
            SIMULATE,
            lambda: {
                str(each["EvalActionName"]).lower(): _ruling(each, role)
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
        self, function: Function, asked: tuple[Need, ...]
    ) -> Iterator[tuple[Need, Read[Ruling]]]:
        role = self.role(function.name)
        for batch in batches(asked):
            found = role if isinstance(role, Unread) else self.ruled(role, batch)
            for need in batch:
                yield need, found if isinstance(found, Unread) else _of_action(need, found)


def _of_action(need: Need, found: dict[str, Ruling]) -> Read[Ruling]:
    """What is not answered is not known."""
    return found.get(need.action.lower(), Unread(SIMULATE, SILENT))


def _entries(given: tuple[Given, ...]) -> list[dict[str, object]]:
    return [
        {"ContextKeyName": key, "ContextKeyType": kind, "ContextKeyValues": list(values)}
        for key, kind, values in given
    ]


def _ruling(result: dict[str, Any], role: str) -> Ruling:
    """One resource was asked about: what is said of it stands beside the sum, or is the sum.

    All but the decision is left out where it does not apply (IAM API reference).
    """
    own: dict[str, Any] = next(iter(result.get("ResourceSpecificResults", ())), {})
    bounded = own.get("PermissionsBoundaryDecisionDetail") or result.get(
        "PermissionsBoundaryDecisionDetail", {}
    )
    matched = own.get("MatchedStatements") or result.get("MatchedStatements", [])
    missing = {*own.get("MissingContextValues", ()), *result.get("MissingContextValues", ())}
    return Ruling(
        role=role,
        decision=own.get("EvalResourceDecision", result["EvalDecision"]),
        organization=result.get("OrganizationsDecisionDetail", {}).get("AllowedByOrganizations"),
        boundary=bounded.get("AllowedByPermissionsBoundary"),
        statements=tuple(dict.fromkeys(each.get("SourcePolicyId", "") for each in matched)),
        missing=tuple(sorted(missing)),
    )
