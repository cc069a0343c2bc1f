"""Surroundings: what is read of the fleet's surroundings when a fix is about to be done.

Each fact may be unknown, which is a reason not to act. A fact that the profile's fleet does not
have (no key, no stack) is not asked for, and stops nothing.
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
        """Whether an enclave can decrypt with it."""
        return self.state == "Enabled"


class Deployment(msgspec.Struct, frozen=True):
    """Something that was deployed (R21): what, when it last changed, and whether it still does."""

    what: str
    at: datetime
    in_progress: bool = False


class Deployments(msgspec.Struct, frozen=True, tag="deployments"):
    """The fleet's stack, or its watched parameters."""

    known: tuple[Deployment, ...] = ()


class Image(msgspec.Struct, frozen=True, tag="image"):
    """PCR0 of the enclaves' image: the published one, and those that the key's policy allows.

    A policy that names none allows any.
    """

    published: str
    allowed: tuple[str, ...] = ()


class PreflightFacts(msgspec.Struct, frozen=True, kw_only=True):
    """All of it, read at one time; the others are None where the fleet has none.

    ``muted`` are the redacted ARNs of alarms that a mute rule keeps quiet: every alarm that the fix
    rests on, or those up to the first that no rule mutes.
    """

    refreshes: Refreshes | Unknown
    muted: tuple[str, ...] | Unknown = ()
    key: KeyState | Unknown | None = None
    stack: Deployments | Unknown | None = None
    parameters: Deployments | Unknown | None = None
    builds: Deployments | Unknown | None = None
    image: Image | Unknown | None = None
