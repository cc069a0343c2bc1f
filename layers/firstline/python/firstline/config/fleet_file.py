"""Fleet file: what a fleet has and what differs from a shipped policy, made into one whole.

``extends = "runbook"`` names the policy. The whole is a profile like any other: it is what is
deployed, and what the ledger keeps under its digest. A file that extends nothing is whole but for
its ``[deployment]``, which is no part of a profile.
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
    """A shipped policy; its ``table`` lacks its name and its version."""

    name: str
    version: int
    table: Table


class FleetFile(NamedTuple):
    """A file that builds on ``policy``, and what both make; ``text`` is that whole."""

    document: Document
    policy: Policy
    merged: Merged
    text: bytes

    def refusal(self, faults: list[Fault]) -> InvalidInput:
        """The *faults* of the whole, where the fleet file can mend them."""
        return self.document.refusal(map(self._own, faults))

    def _own(self, fault: Fault) -> Fault:
        key = self.merged.own_key(fault.key)
        if key is not None:
            return Fault(key, fault.why)
        label = toml_document.label(self.merged.table, fault.key)
        return Fault((EXTENDS,), f"{label}, of the policy {self.policy.name}: {fault.why}")


def load(path: Path) -> Profile:
    """The profile in *path*; raises `InvalidInput` with file, line and key."""
    return parse(profile_file.read(path), str(path))


def parse(raw: bytes, name: str) -> Profile:
    """The profile that *raw* makes; *name* is where it came from. Raises `InvalidInput`."""
    return profile_file.parse(whole(raw, name), name)


def read(path: Path) -> bytes:
    """The whole text of the profile in *path*; raises `InvalidInput`."""
    return whole(profile_file.read(path), str(path))


def whole(raw: bytes, name: str) -> bytes:
    """The whole text of *raw*, a file called *name*; raises `InvalidInput`."""
    document = toml_document.read(raw, name)
    found = extending(raw, name)
    if found is not None:
        return found.text
    return _without_deployment(document) if SECTION in document.table else raw


def deployment(path: Path) -> Deployment:
    """How the stacks of the fleet in *path* are deployed; raises `InvalidInput`."""
    return _deployment(toml_document.read(profile_file.read(path), str(path)))


def _deployment(document: Document) -> Deployment:
    found = deployment_section.read(document.table)
    if isinstance(found, list):
        raise document.refusal(found)
    return found


def _section_faults(document: Document) -> list[Fault]:
    found = deployment_section.read(document.table)
    return found if isinstance(found, list) else []


def _without_deployment(document: Document) -> bytes:
    """The text of a whole profile; its faults are located in the file."""
    table = {key: value for key, value in document.table.items() if key != SECTION}
    text = tomli_w.dumps(table).encode()
    if faults := [*_section_faults(document), *profile_file.faults(table, text)]:
        raise document.refusal(faults)
    return text


def extending(raw: bytes, name: str) -> FleetFile | None:
    """*raw* with the policy that it extends, if it does; raises `InvalidInput`."""
    document = toml_document.read(raw, name)
    if EXTENDS not in document.table:
        return None
    policy = _policy(document)
    apart = (EXTENDS, SECTION)
    own = {key: value for key, value in document.table.items() if key not in apart}
    own.setdefault("name", policy.name)
    merged = inheritance.merge(apis.each_listed(policy.table, own.get("fleet")), own)
    text = f"# extends {policy.name}, version {policy.version}\n{tomli_w.dumps(merged.table)}"
    found = FleetFile(document, policy, merged, text.encode())
    if faults := [*_section_faults(document), *profile_file.faults(merged.table, found.text)]:
        raise found.refusal(faults)
    return found


@cache
def policies() -> tuple[Policy, ...]:
    """The shipped policies, by name. They are read once in a process, and nothing changes them."""
    return tuple(map(_read_policy, sorted(POLICIES.glob("*.toml"))))


def _read_policy(path: Path) -> Policy:
    table = dict(toml_document.read(path.read_bytes(), path.name).table)
    return Policy(table.pop("name"), table.pop("version"), table)


def _policy(document: Document) -> Policy:
    name = document.table[EXTENDS]
    known = {each.name: each for each in policies()}
    if not isinstance(name, str) or name not in known:
        why = f"is {toml_document.shown(name)}: use one of {', '.join(known)}"
        raise document.refusal([Fault((EXTENDS,), why)])
    return known[name]
