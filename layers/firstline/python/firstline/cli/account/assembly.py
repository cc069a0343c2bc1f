"""Assembly: the CDK's folder of templates, held against the account before it is deployed."""

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
    """A stack of the assembly, and the template that stands; None where there is no such stack."""

    name: str
    made: object
    standing: object
    session: "Session"


def read(folder: Path, credentials: str) -> tuple[Stack, ...]:
    """The stacks of the assembly in *folder*; raises `InvalidInput` or `DependencyUnavailable`."""
    from firstline.doctor.readers import stacks

    found = []
    for name, region, made in _stacks(folder):
        session = fleets.session(Place(region=region, credentials=credentials))
        found.append(Stack(name, made, stacks.template(name, session), session))
    return tuple(found)


def changes(stacks: tuple[Stack, ...]) -> Changes:
    """What deploying *stacks* would change; one that is not there loses nothing."""
    there = [each for each in stacks if each.standing is not None]
    before = [item for each in there for item in contents(each.standing)]
    return compare(before, [item for each in there for item in contents(each.made)])


def limited(stacks: tuple[Stack, ...]) -> tuple[str, ...]:
    """What a person should know of the account's limits.

    Raises `InvalidInput` or `DependencyUnavailable`.

    `InvalidInput` is for what CloudFormation would stop at, half-way.
    """
    from firstline.doctor.readers import limits as readers

    wrong: list[str] = []
    notes: list[str] = []
    for each in stacks:
        wanted, standing = (
            limits.template_needs(each.made),
            limits.template_needs(each.standing or {}),
        )
        if wanted != limits.TemplateNeeds():
            there = readers.log_groups(each.session, wanted.log_groups)
            limit = readers.concurrency_limit(each.session)
            wrong += limits.refusals(wanted, standing, there, limit)
            notes += limits.notes(there, limit)
    if wrong:
        raise InvalidInput(*wrong)
    return tuple(notes)


def _stacks(folder: Path) -> list[tuple[str, str, Any]]:
    """The stacks' names, Regions (empty for that of the credentials) and templates."""
    try:
        manifest = msgspec.json.decode((folder / "manifest.json").read_bytes())
        return [
            (
                it["properties"].get("stackName", name),
                _region(it["environment"]),
                msgspec.json.decode((folder / it["properties"]["templateFile"]).read_bytes()),
            )
            for name, it in manifest["artifacts"].items()
            if it["type"] == STACK
        ]
    except (OSError, msgspec.DecodeError, LookupError, TypeError) as error:
        raise InvalidInput(f"{folder}: is no assembly of the CDK ({error}): run synth") from error


def _region(environment: str) -> str:
    """Of ``aws://ACCOUNT/REGION``; empty where the assembly is for any."""
    region = environment.rpartition("/")[2]
    return "" if region == "unknown-region" else region
