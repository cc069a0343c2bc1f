"""Checks of roles: each function's role allows its calls, by IAM's simulation.

Four causes are separate, since each has its own remedy and owner: an organisation policy, a
permissions boundary, a denying statement, and a removed statement.
"""

from collections.abc import Callable, Iterator
from itertools import groupby

from firstline.doctor import alarm_inventory
from firstline.doctor.facts import ReadFailure, RequiredPermission, SimulationResult, StackState
from firstline.doctor.impact import impact
from firstline.doctor.result import Check, DoctorContext, Grade, Problem

type PermissionResult = tuple[RequiredPermission, SimulationResult]
type Predicate = Callable[[RequiredPermission, SimulationResult], bool]
SHOWN_MAX = 3
"""The number of resources that a result names."""


def organization(case: DoctorContext) -> Iterator[Problem]:
    """The organisation's policies let each function do what it does."""
    message = "is denied by a policy of the organisation"
    return _problems(case, lambda _, it: it.organization is False, lambda *_: message)


def boundary(case: DoctorContext) -> Iterator[Problem]:
    """A role's permissions boundary, where it has one, lets its function do what it does."""
    message = "is denied by the role's permissions boundary"
    return _problems(case, lambda _, it: it.boundary is False, lambda *_: message)


def denied(case: DoctorContext) -> Iterator[Problem]:
    """No statement of a role denies what its function does."""
    return _problems(case, lambda _, it: _by_statement(it), lambda _, it: _denial(it))


def lacking(case: DoctorContext) -> Iterator[Problem]:
    """A statement of each role allows what its function does, as the stack's template has it."""
    return _problems(case, _lacks, lambda *_: "is not allowed by any statement of its role")


def unknown(case: DoctorContext) -> Iterator[Problem]:
    """IAM's simulation knows all that the policies of a role ask for."""
    unsure = [(need, it) for need, it in _simulations(case) if _missing(need, it)]
    for function, each in groupby(unsure, lambda it: it[0].function):
        results = list(each)
        # IAM names the missing keys of all statements, also of unrelated ones
        refused = [(need, it) for need, it in results if it.decision == "implicitDeny"]
        keys = sorted({key for need, it in results for key in _missing(need, it)})
        grade, what = _gravest(case, refused or results)
        actions = sorted({need.action for need, _ in refused}) or ["all its work"]
        message = (
            f"depends on {', '.join(keys)}, which doctor cannot evaluate: {', '.join(actions)}"
        )
        yield Problem(function, message, grade, {"impact": what, "role": results[0][1].role})


def _problems(
    case: DoctorContext, fits: Predicate, why: Callable[[RequiredPermission, SimulationResult], str]
) -> Iterator[Problem]:
    """Yield one problem for each function and action, with all its resources."""
    fitting = [(need, it) for need, it in _simulations(case) if fits(need, it)]
    fitting.sort(key=lambda each: (each[0].function, each[0].action))
    for (function, action), each in groupby(fitting, lambda it: (it[0].function, it[0].action)):
        results = list(each)
        grade, what = _gravest(case, results)
        fills = {
            "impact": what,
            "action": action,
            "role": results[0][1].role,
            "stack": alarm_inventory.stack_name(case.profile),
        }
        message = f"{why(*results[0])}, on {_resources(results)}"
        yield Problem(f"{function} {action}", message, grade, fills)


def _gravest(case: DoctorContext, results: list[PermissionResult]) -> tuple[Grade, str]:
    impacts = [impact(case, need.function, need.action, need.resource) for need, _ in results]
    critical = [each for each in impacts if each[0] == "critical"]
    return (critical or impacts)[0]


def _simulations(case: DoctorContext) -> Iterator[PermissionResult]:
    deployed = case.account.deployed
    if not isinstance(deployed, StackState) or isinstance(deployed.simulations, ReadFailure):
        return
    for need, simulation in deployed.simulations.items():
        if isinstance(simulation, SimulationResult):
            yield need, simulation


def _by_statement(simulation: SimulationResult) -> bool:
    """Return True for a denial that names a policy, or that nothing above explains."""
    explicit = simulation.decision == "explicitDeny"
    return explicit and (bool(simulation.statements) or _allowed_above(simulation))


def _allowed_above(simulation: SimulationResult) -> bool:
    """Return True if organisation and boundary allow it."""
    return simulation.organization is not False and simulation.boundary is not False


def _missing(need: RequiredPermission, simulation: SimulationResult) -> list[str]:
    """Return the condition keys that a policy needs and the request should have carried."""
    rightly = {each.lower() for each in need.absent}
    return sorted(each for each in simulation.missing if each.lower() not in rightly)


def _lacks(need: RequiredPermission, simulation: SimulationResult) -> bool:
    """Return True if no statement allows it and every condition could be evaluated."""
    implicit = simulation.decision == "implicitDeny"
    return implicit and _allowed_above(simulation) and not _missing(need, simulation)


def _denial(simulation: SimulationResult) -> str:
    named = ", ".join(simulation.statements) or "a policy that IAM does not name"
    return f"is denied by a statement of its role ({named})"


def _resources(results: list[PermissionResult]) -> str:
    names = [need.resource for need, _ in results]
    more = len(names) - SHOWN_MAX
    return ", ".join(names[:SHOWN_MAX]) + (f" and {more} more" if more > 0 else "")


SEVERITY = "by impact, see below"
CHECKS = (
    Check(
        name="role-organization",
        run=organization,
        severity=SEVERITY,
        consequence="{impact}",
        remedy="allow {action} for {role} in the organisation's policies (limits of the"
        " simulation: docs/DOCTOR.md)",
    ),
    Check(
        name="role-boundary",
        run=boundary,
        severity=SEVERITY,
        consequence="{impact}",
        remedy="aws iam get-role --role-name {role}; allow {action} in the boundary that it shows",
    ),
    Check(
        name="role-denied",
        run=denied,
        severity=SEVERITY,
        consequence="{impact}",
        remedy="remove the statement that denies {action} from the policies of {role}",
    ),
    Check(
        name="role-lacks",
        run=lacking,
        severity=SEVERITY,
        consequence="{impact}",
        remedy="aws cloudformation detect-stack-drift --stack-name {stack} {region}; then put back"
        " {action} in {role}",
    ),
    Check(
        name="role-unknown",
        run=unknown,
        severity=SEVERITY,
        consequence="the permission could not be determined; without it, {impact}",
        remedy="check the statement of {role} that requires it, or remove that statement",
    ),
)
