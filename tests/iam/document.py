"""``python -m tests.iam.document``: docs/IAM.md, from the stacks and the recorded calls."""

import re
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from firstline.doctor import iam_actions
from infra.denials import DENIED_ACTIONS
from tests.iam.calls import kept
from tests.iam.names import FLEET
from tests.iam.proof import Part, parts, roles
from tests.iam.stacks import Stacks
from tests.infra.listing import PROFILES
from tests.infra.made import ACCOUNT, HASH, REGION, SUFFIX
from tests.infra.permissions import listed, statements

HEAD = """# Who may do what

Made by `./dev docs` from the stacks of both shipped profiles and from `docs/calls.jsonl`, which
holds what each function asks of AWS in every scenario and in its own tests
(`python -m tests.iam.record` writes it). What a call names is read off its parameters: `<fleet>`,
`<incidents>` stand for what the deployment or its profile calls so, and a name of anything else is
recorded as it is. A test proves each recorded call against the role of its function by IAM's
documented evaluation, another that each permission is used by a recorded call or has the reason
that stands here; any test that has a function ask for what is not recorded fails. On a deployment
by the real CDK (`tests/end_to_end`) each call of each function is held against the policies that
stand there. No role has a managed policy. What this does not prove: how AWS itself evaluates,
permissions boundaries, policies of the organisation, and what was changed by hand since: `firstline
doctor` asks IAM about each of these permissions where they are deployed.

Where a profile is named, only its deployment has the line. What else may touch what (the policies
of queues, topics, the key and the bucket) and the policy for operators are in
`tests/infra/stacks.*.txt`, statement by statement.

| role | action | resource | condition | used by, or why | profile |
|---|---|---|---|---|---|
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

| role | action | resource | condition | profile |
|---|---|---|---|---|
"""
DOCTORS = """
## What whoever runs `firstline doctor` needs

| action | on |
|---|---|
"""


def document(deployed: Mapping[str, Stacks]) -> str:
    """The whole page, of the stacks by their profiles' names."""
    allowed = {name: _allowed(stacks) for name, stacks in deployed.items()}
    denials = {name: set(_denials(stacks)) for name, stacks in deployed.items()}
    denied = [f"- {name}: {_code(DENIED_ACTIONS[name])}\n" for name in DENIED_ACTIONS]
    doctors = (f"{each}\n" for each in iam_actions.table())
    tables = (HEAD, *_merged(allowed), TAIL, *denied, OWN, *_merged(denials), DOCTORS, *doctors)
    return "".join(tables)


def _merged(rows: Mapping[str, set[str]]) -> Iterator[str]:
    """Each row once, with the profile that alone has it."""
    for row in sorted(set.union(*rows.values())):
        having = [name for name in rows if row in rows[name]]
        only = "" if len(having) == len(rows) else ", ".join(having)
        yield f"{row} {only} |\n"


def _allowed(stacks: Stacks) -> set[str]:
    return {_row(each, stacks) for each in parts(stacks, kept())}


def _row(part: Part, stacks: Stacks) -> str:
    used = sorted({each.resource for each in part.used_by})
    why = f"calls: {_code(used)}" if used else part.reason
    cells = (
        part.function or HASH.sub("", part.role),
        f"`{part.action}`",
        f"`{_short(part.resource, stacks)}`",
        _condition(part.statement, stacks),
        why,
    )
    return f"| {' | '.join(cells)} |"


def _denials(stacks: Stacks) -> Iterator[str]:
    """Denials that are not every function's."""
    common = {each for group in DENIED_ACTIONS.values() for each in group}
    for role, function in roles(stacks):
        for each in statements(role):
            actions = listed(each["Action"])
            if each["Effect"] == "Allow" or not function or common & set(actions):
                continue
            but = "" if "Resource" in each else "all but "
            named = listed(each.get("Resource") or each["NotResource"])
            where = but + _code(_short(it, stacks) for it in named)
            yield f"| {function} | {_code(actions)} | {where} | {_condition(each, stacks)} |"


def _condition(statement: Mapping[str, Any], stacks: Stacks) -> str:
    return "; ".join(
        f"{operator} `{key}` = {_code(_short(each, stacks) for each in listed(values))}"
        for operator, keys in statement.get("Condition", {}).items()
        for key, values in keys.items()
    )


def _short(arn: str, stacks: Stacks) -> str:
    """An ARN with what every deployment has of its own left out, and its group by what it is."""
    for each in stacks.made.resources.values():
        arn = arn.replace(each.name, HASH.sub("", each.logical_id))
    arn = arn.replace(f"/{stacks.profile.fleet.group}", f"/{FLEET}")
    arn = arn.replace(ACCOUNT, "ACCOUNT").replace(REGION, "REGION")
    return re.sub(rf"-{SUFFIX}", "", arn)


def _code(values: "Iterator[str] | tuple[str, ...] | list[str]") -> str:
    return ", ".join(f"`{each}`" for each in values)


def main() -> None:
    """Write it to standard output."""
    with tempfile.TemporaryDirectory() as folder:
        deployed = {name: Stacks(name, Path(folder) / name) for name in PROFILES}
        sys.stdout.write(document(deployed))


if __name__ == "__main__":
    main()
