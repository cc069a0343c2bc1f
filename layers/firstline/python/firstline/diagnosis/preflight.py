"""Preflight facts: read only before a fix, because they are expensive.

An unknown fact blocks the fix. A fact that the profile's fleet does not have (no key, no stack) is
not read, and blocks nothing.

They are read when every other guard lets the fix pass, and the same pure function decides again
with them. A quiet reconcile therefore makes eight calls, and ``act`` refuses a plan without
preflight facts.
"""

from datetime import datetime

import msgspec

from firstline.diagnosis.evidence import Refreshes, Unknown


class KeyState(msgspec.Struct, frozen=True, tag="key"):
    """The state of the enclaves' KMS key: ``Enabled``, ``Disabled``, ``PendingDeletion``..."""

    state: str
    id: str = ""

    @property
    def usable(self) -> bool:
        """True if an enclave can decrypt with it."""
        return self.state == "Enabled"


class Deployment(msgspec.Struct, frozen=True):
    """Something that was deployed (R21), its last change, and true while it still changes."""

    what: str
    at: datetime
    in_progress: bool = False


class Deployments(msgspec.Struct, frozen=True, tag="deployments"):
    """Deployments of the fleet's stack, or of its watched parameters."""

    known: tuple[Deployment, ...] = ()


class Image(msgspec.Struct, frozen=True, tag="image"):
    """PCR0 of the enclaves' image: the published one, and those that the key's policy allows.

    A policy that names none allows any.
    """

    published: str
    allowed: tuple[str, ...] = ()


class PreflightFacts(msgspec.Struct, frozen=True, kw_only=True):
    """All facts, read at one time; an optional one is None where the fleet has none.

    ``muted`` are the redacted ARNs of muted alarms: every alarm that the fix depends on, or
    those up to the first that no rule mutes.
    """

    refreshes: Refreshes | Unknown
    muted: tuple[str, ...] | Unknown = ()
    key: KeyState | Unknown | None = None
    stack: Deployments | Unknown | None = None
    parameters: Deployments | Unknown | None = None
    builds: Deployments | Unknown | None = None
    image: Image | Unknown | None = None
