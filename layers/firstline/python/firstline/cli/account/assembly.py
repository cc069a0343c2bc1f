"""The CDK's cloud assembly, compared with the account before it is deployed."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from firstline.cli import fleets
from firstline.cli.fleets import Place
from firstline.doctor.diff import limits
from firstline.doctor.diff.changes import Changes, compare
from firstline.doctor.diff.contents import contents
from firstline.errors import InvalidInput

if TYPE_CHECKING:
    from boto3.session import Session

STACK = "aws:cloudformation:stack"


class Stack(NamedTuple):
    """A stack of the assembly.

    ``deployed_template`` is None where the account has no such stack.
    """

    name: str
    new_template: object
    deployed_template: object
    session: "Session"


def read(folder: Path, credentials: str) -> tuple[Stack, ...]:
    """Return the stacks of the assembly in *folder*.

    Raises `InvalidInput` or `DependencyUnavailable`.
    """
    from firstline.doctor.readers import stacks

    result = []
    for name, region, template in _stacks(folder):
        session = fleets.session(Place(region=region, credentials=credentials))
        result.append(Stack(name, template, stacks.template(name, session), session))
    return tuple(result)


def changes(stacks: tuple[Stack, ...]) -> Changes:
    """Return the changes that deploying *stacks* makes; a stack that is new loses nothing."""
    deployed = [each for each in stacks if each.deployed_template is not None]
    contents_before = [item for each in deployed for item in contents(each.deployed_template)]
    return compare(
        contents_before, [item for each in deployed for item in contents(each.new_template)]
    )


def check_limits(stacks: tuple[Stack, ...]) -> tuple[str, ...]:
    """Return notes on the account's limits.

    Raises `InvalidInput` for what would stop CloudFormation half-way, and `DependencyUnavailable`.
    """
    from firstline.doctor.readers import limits as readers

    faults: list[str] = []
    notes: list[str] = []
    for each in stacks:
        needs, needs_before = (
            limits.template_needs(each.new_template),
            limits.template_needs(each.deployed_template or {}),
        )
        if needs != limits.TemplateNeeds():
            log_groups = readers.log_groups(each.session, needs.log_groups)
            limit = readers.concurrency_limit(each.session)
            faults += limits.refusals(needs, needs_before, log_groups, limit)
            notes += limits.notes(log_groups, limit)
    if faults:
        raise InvalidInput(*faults)
    return tuple(notes)


def _stacks(folder: Path) -> list[tuple[str, str, Any]]:
    """Return each stack's name, Region (empty for that of the credentials) and template."""
    try:
        manifest = msgspec.json.decode((folder / "manifest.json").read_bytes())
        return [
            (
                artifact["properties"].get("stackName", name),
                _region(artifact["environment"]),
                msgspec.json.decode((folder / artifact["properties"]["templateFile"]).read_bytes()),
            )
            for name, artifact in manifest["artifacts"].items()
            if artifact["type"] == STACK
        ]
    except (OSError, msgspec.DecodeError, LookupError, TypeError) as error:
        raise InvalidInput(f"{folder}: is not a CDK assembly ({error}): run synth") from error


def _region(environment: str) -> str:
    """Return the Region of ``aws://ACCOUNT/REGION``; empty where the assembly names none."""
    region = environment.rpartition("/")[2]
    return "" if region == "unknown-region" else region
