"""The fleet file: a fleet's facts and its changes to a shipped policy, expanded to a profile.

``extends = "runbook"`` names the policy. The expanded text is a complete profile: it is deployed,
and the ledger keeps it under its digest. A file without ``extends`` is complete except for its
``[deployment]``, which is not part of a profile.
"""

from functools import cache
from pathlib import Path
from typing import NamedTuple

import tomli_w

from firstline.config import apis, deployment_section, inheritance, profile_file, toml_document
from firstline.config.deployment_section import SECTION, Deployment
from firstline.config.inheritance import Merged, Table
from firstline.config.profile import Profile
from firstline.config.toml_document import Document, Fault
from firstline.errors import InvalidInput

POLICIES = Path(__file__).parents[1] / "policies"
EXTENDS = "extends"


class Policy(NamedTuple):
    """A shipped policy; its ``table`` lacks name and version."""

    name: str
    version: int
    table: Table


class FleetFile(NamedTuple):
    """A fleet file that extends ``policy``; ``text`` is the expanded profile."""

    document: Document
    policy: Policy
    merged: Merged
    text: bytes

    def to_error(self, faults: list[Fault]) -> InvalidInput:
        """Return the *faults* of the expanded profile at their places in the fleet file."""
        return self.document.to_error(map(self._own, faults))

    def _own(self, fault: Fault) -> Fault:
        key = self.merged.own_key(fault.key)
        if key is not None:
            return Fault(key, fault.why)
        label = toml_document.label(self.merged.table, fault.key)
        return Fault((EXTENDS,), f"{label}, of the policy {self.policy.name}: {fault.why}")


def load(path: Path) -> Profile:
    """Return the profile in *path*; raises `InvalidInput` with file, line and key."""
    return parse(profile_file.read(path), str(path))


def parse(raw: bytes, name: str) -> Profile:
    """Return the profile in *raw*; *name* is its source. Raises `InvalidInput`."""
    return profile_file.parse(expand(raw, name), name)


def read(path: Path) -> bytes:
    """Return the expanded text of the profile in *path*; raises `InvalidInput`."""
    return expand(profile_file.read(path), str(path))


def expand(raw: bytes, name: str) -> bytes:
    """Return the expanded text of *raw*, a file called *name*; raises `InvalidInput`."""
    document = toml_document.parse_toml(raw, name)
    fleet_file = parse_extension(raw, name)
    if fleet_file is not None:
        return fleet_file.text
    return _without_deployment(document) if SECTION in document.table else raw


def deployment(path: Path) -> Deployment:
    """Return the deployment settings of the fleet file in *path*; raises `InvalidInput`."""
    return _deployment(toml_document.parse_toml(profile_file.read(path), str(path)))


def _deployment(document: Document) -> Deployment:
    section = deployment_section.parse_section(document.table)
    if isinstance(section, list):
        raise document.to_error(section)
    return section


def _section_faults(document: Document) -> list[Fault]:
    section = deployment_section.parse_section(document.table)
    return section if isinstance(section, list) else []


def _without_deployment(document: Document) -> bytes:
    """Return a complete profile's text; faults are reported at lines of the file."""
    table = {key: value for key, value in document.table.items() if key != SECTION}
    text = tomli_w.dumps(table).encode()
    if faults := [*_section_faults(document), *profile_file.faults(table, text)]:
        raise document.to_error(faults)
    return text


def parse_extension(raw: bytes, name: str) -> FleetFile | None:
    """Return *raw* with its policy; None without ``extends``. Raises `InvalidInput`."""
    document = toml_document.parse_toml(raw, name)
    if EXTENDS not in document.table:
        return None
    policy = _policy(document)
    apart = (EXTENDS, SECTION)
    own = {key: value for key, value in document.table.items() if key not in apart}
    own.setdefault("name", policy.name)
    merged = inheritance.merge(apis.expand_apis(policy.table, own.get("fleet")), own)
    text = f"# extends {policy.name}, version {policy.version}\n{tomli_w.dumps(merged.table)}"
    fleet_file = FleetFile(document, policy, merged, text.encode())
    if faults := [*_section_faults(document), *profile_file.faults(merged.table, fleet_file.text)]:
        raise fleet_file.to_error(faults)
    return fleet_file


@cache
def policies() -> tuple[Policy, ...]:
    """Return the shipped policies by name; they are read once in a process."""
    return tuple(map(_read_policy, sorted(POLICIES.glob("*.toml"))))


def _read_policy(path: Path) -> Policy:
    table = dict(toml_document.parse_toml(path.read_bytes(), path.name).table)
    return Policy(table.pop("name"), table.pop("version"), table)


def _policy(document: Document) -> Policy:
    name = document.table[EXTENDS]
    known = {each.name: each for each in policies()}
    if not isinstance(name, str) or name not in known:
        why = f"is {toml_document.display(name)}: use one of {', '.join(known)}"
        raise document.to_error([Fault((EXTENDS,), why)])
    return known[name]
