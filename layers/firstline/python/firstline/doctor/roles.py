"""Roles: whether each function's role may do what the function does, and what forbids it.

A policy of the organisation, a permissions boundary, a statement that denies and one that is
gone are told apart, as IAM's simulation does: each is mended by somebody else, somewhere else.
"""

from collections.abc import Callable, Iterator
from itertools import groupby

from firstline.doctor import watched
from firstline.doctor.facts import Deployed, Need, Ruling, Unread
from firstline.doctor.finding import Case, Check, Found, Grade
from firstline.doctor.harm import harm

type Ruled = tuple[Need, Ruling]
type Fits = Callable[[Need, Ruling], bool]
SHOWN_MAX = 3
"""As many resources of one action are named."""


def organization(case: Case) -> Iterator[Found]:
    """The organisation's policies let each function do what it does."""
    told = "is refused by a policy of the organisation"
    return _found(case, lambda _, it: it.organization is False, lambda *_: told)


def boundary(case: Case) -> Iterator[Found]:
    """A role's permissions boundary, where it has one, lets its function do what it does."""
    told = "is refused by the role's permissions boundary"
    return _found(case, lambda _, it: it.boundary is False, lambda *_: told)


def denied(case: Case) -> Iterator[Found]:
    """No statement of a role denies what its function does."""
    return _found(case, lambda _, it: _by_statement(it), lambda _, it: _denial(it))


def lacking(case: Case) -> Iterator[Found]:
    """A statement of each role allows what its function does, as the stack's template has it."""
    return _found(case, _lacks, lambda *_: "is allowed by no statement of its role")


def unknown(case: Case) -> Iterator[Found]:
    """IAM's simulation knows all that the policies of a role ask for."""
    unsure = [(need, it) for need, it in _rulings(case) if _missing(need, it)]
    for function, each in groupby(unsure, lambda it: it[0].function):
        ruled = list(each)
        # IAM names the keys of all statements of a role, whatever was asked
        refused = [(need, it) for need, it in ruled if it.decision == "implicitDeny"]
        keys = sorted({key for need, it in ruled for key in _missing(need, it)})
        grade, what = _gravest(case, refused or ruled)
        actions = sorted({need.action for need, _ in refused}) or ["all that it does"]
        told = f"depends on {', '.join(keys)}, which nobody can tell here: {', '.join(actions)}"
        yield Found(function, told, grade, {"harm": what, "role": ruled[0][1].role})


def _found(case: Case, fits: Fits, why: Callable[[Need, Ruling], str]) -> Iterator[Found]:
    """One finding for each action of each function, whatever resources it is about."""
    fitting = [(need, it) for need, it in _rulings(case) if fits(need, it)]
    fitting.sort(key=lambda each: (each[0].function, each[0].action))
    for (function, action), each in groupby(fitting, lambda it: (it[0].function, it[0].action)):
        ruled = list(each)
        grade, what = _gravest(case, ruled)
        fills = {
            "harm": what,
            "action": action,
            "role": ruled[0][1].role,
            "stack": watched.stack_name(case.profile),
        }
        told = f"{why(*ruled[0])}, on {_resources(ruled)}"
        yield Found(f"{function} {action}", told, grade, fills)


def _gravest(case: Case, ruled: list[Ruled]) -> tuple[Grade, str]:
    harms = [harm(case, need.function, need.action, need.resource) for need, _ in ruled]
    critical = [each for each in harms if each[0] == "critical"]
    return (critical or harms)[0]


def _rulings(case: Case) -> Iterator[Ruled]:
    deployed = case.account.deployed
    if not isinstance(deployed, Deployed) or isinstance(deployed.rulings, Unread):
        return
    for need, ruling in deployed.rulings.items():
        if isinstance(ruling, Ruling):
            yield need, ruling


def _by_statement(ruling: Ruling) -> bool:
    """A denial of which a policy of the role is named, or that nothing above it explains."""
    explicit = ruling.decision == "explicitDeny"
    return explicit and (bool(ruling.statements) or _allowed_above(ruling))


def _allowed_above(ruling: Ruling) -> bool:
    """By what stands above the role's own policies."""
    return ruling.organization is not False and ruling.boundary is not False


def _missing(need: Need, ruling: Ruling) -> list[str]:
    """Keys that a policy asks for and that nobody gave, but for those that are absent rightly."""
    rightly = {each.lower() for each in need.absent}
    return sorted(each for each in ruling.missing if each.lower() not in rightly)


def _lacks(need: Need, ruling: Ruling) -> bool:
    """Nothing allows it; where a condition could not be judged, that is not known."""
    implicit = ruling.decision == "implicitDeny"
    return implicit and _allowed_above(ruling) and not _missing(need, ruling)


def _denial(ruling: Ruling) -> str:
    named = ", ".join(ruling.statements) or "a policy that IAM does not name"
    return f"is denied by a statement of its role ({named})"


def _resources(ruled: list[Ruled]) -> str:
    names = [need.resource for need, _ in ruled]
    more = len(names) - SHOWN_MAX
    return ", ".join(names[:SHOWN_MAX]) + (f" and {more} more" if more > 0 else "")


SEVERITY = "by what is harmed, see below"
CHECKS = (
    Check(
        name="role-organization",
        ask=organization,
        severity=SEVERITY,
        consequence="{harm}",
        remedy="let {role} do {action} in the organisation's policies (what a simulation does not"
        " know of them: docs/DOCTOR.md)",
    ),
    Check(
        name="role-boundary",
        ask=boundary,
        severity=SEVERITY,
        consequence="{harm}",
        remedy="aws iam get-role --role-name {role}; allow {action} in the boundary that it shows",
    ),
    Check(
        name="role-denied",
        ask=denied,
        severity=SEVERITY,
        consequence="{harm}",
        remedy="remove the statement that denies {action} from the policies of {role}",
    ),
    Check(
        name="role-lacks",
        ask=lacking,
        severity=SEVERITY,
        consequence="{harm}",
        remedy="aws cloudformation detect-stack-drift --stack-name {stack} {region}; then put back"
        " {action} in {role}",
    ),
    Check(
        name="role-unknown",
        ask=unknown,
        severity=SEVERITY,
        consequence="it is not known whether it is allowed; where it is not, {harm}",
        remedy="read which statement of {role} asks for it, or take that statement out",
    ),
)
