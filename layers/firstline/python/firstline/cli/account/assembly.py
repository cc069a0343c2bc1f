"""Assembly: the CDK's folder of templates, held against the stacks that stand."""

from pathlib import Path
from typing import Any

import msgspec

from firstline.cli import fleets
from firstline.cli.fleets import Place
from firstline.doctor.diff.changes import Changes, compare
from firstline.doctor.diff.contents import contents
from firstline.errors import Malformed

STACK = "aws:cloudformation:stack"


def changes(folder: Path, credentials: str) -> Changes:
    """What deploying the assembly in *folder* would change.

    A stack that is not there loses nothing. Raises `Malformed` or `Unavailable`.
    """
    from firstline.doctor.readers import stacks

    before: list[str] = []
    after: list[str] = []
    for name, region, made in _stacks(folder):
        session = fleets.session(Place(region=region, credentials=credentials))
        standing = stacks.template(session, name)
        if standing is not None:
            before += contents(standing)
            after += contents(made)
    return compare(before, after)


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
        raise Malformed(f"{folder}: is no assembly of the CDK ({error}): run synth") from error


def _region(environment: str) -> str:
    """Of ``aws://ACCOUNT/REGION``; empty where the assembly is for any."""
    region = environment.rpartition("/")[2]
    return "" if region == "unknown-region" else region
