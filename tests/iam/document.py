"""``python -m tests.iam.document``: docs/IAM.md, from the stacks and the recorded calls."""

import re
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from firstline.checkup import reads
from infra.denials import NEVER
from tests.iam.calls import kept
from tests.iam.proof import Part, parts, roles
from tests.iam.stacks import Stacks
from tests.infra.made import ACCOUNT, HASH, REGION, SUFFIX, Made
from tests.infra.permissions import listed, statements

PROFILE = "vettid"
"""It names what a fleet can have around it: a key, a stack, parameters."""
HEAD = """# Who may do what

Made by `./dev docs` from the stacks of the `vettid` profile and from `docs/calls.jsonl`, which
holds what each function asks of AWS in every scenario and in its own tests
(`python -m tests.iam.record` writes it). A test proves each recorded call against the role of its
function by IAM's documented evaluation, another that each permission is used by a recorded call or
has the reason that stands here. No role has a managed policy. What this does not prove: how AWS
itself evaluates, permissions boundaries, policies of the organisation, and what was changed by
hand since: `firstline doctor` asks IAM about each of these permissions where they are deployed.

| role | action | resource | condition | used by, or why |
|---|---|---|---|---|
"""
TAIL = """
## What is denied to every function

Above whatever its role is given, on everything:

"""
OWN = """
Beside these: `ssm:SendCommand` with AWS's documents that take any command; `secretsmanager:*` and
`s3:*` on all but the function's own secret and bucket; where the profile names the enclaves' key,
its use. Each has its tests in `tests/infra/test_denials.py`.

## What else a role is denied

| role | action | resource | condition |
|---|---|---|---|
"""
DOCTORS = """
## What whoever runs `firstline doctor` needs

| action | on |
|---|---|
"""


def document(stacks: Stacks) -> str:
    """The whole page."""
    allowed = [_row(each, stacks.made) for each in parts(stacks, kept())]
    denied = [f"- {name}: {_code(NEVER[name])}\n" for name in NEVER]
    own = sorted(set(_denials(stacks)))
    doctors = (f"{each}\n" for each in reads.table())
    return "".join((HEAD, *sorted(allowed), TAIL, *denied, OWN, *own, DOCTORS, *doctors))


def _row(part: Part, made: Made) -> str:
    used = sorted({each.resource for each in part.used_by})
    why = f"calls: {', '.join(used)}" if used else part.reason
    cells = (
        part.function or HASH.sub("", part.role),
        f"`{part.action}`",
        f"`{_short(part.resource, made)}`",
        _condition(part.statement),
        why.replace("*", "\\*"),
    )
    return f"| {' | '.join(cells)} |\n"


def _denials(stacks: Stacks) -> Iterator[str]:
    """Denials that are not every function's."""
    common = {each for group in NEVER.values() for each in group}
    for role, function in roles(stacks):
        for each in statements(role):
            actions = listed(each["Action"])
            if each["Effect"] == "Allow" or not function or common & set(actions):
                continue
            but = "" if "Resource" in each else "all but "
            named = listed(each.get("Resource") or each["NotResource"])
            where = but + _code(_short(it, stacks.made) for it in named)
            yield f"| {function} | {_code(actions)} | {where} | {_condition(each)} |\n"


def _condition(statement: Mapping[str, Any]) -> str:
    return "; ".join(
        f"{operator} `{key}` = {_code(listed(values))}"
        for operator, keys in statement.get("Condition", {}).items()
        for key, values in keys.items()
    )


def _short(arn: str, made: Made) -> str:
    """An ARN with what every deployment has of its own left out."""
    for each in made.resources.values():
        arn = arn.replace(each.name, HASH.sub("", each.logical_id))
    arn = arn.replace(ACCOUNT, "ACCOUNT").replace(REGION, "REGION")
    return re.sub(rf"-{SUFFIX}", "", arn)


def _code(values: "Iterator[str] | tuple[str, ...] | list[str]") -> str:
    return ", ".join(f"`{each}`" for each in values)


def main() -> None:
    """Write it to standard output."""
    with tempfile.TemporaryDirectory() as folder:
        sys.stdout.write(document(Stacks(PROFILE, Path(folder))))


if __name__ == "__main__":
    main()
