"""Action: a named look or fix, and all that must be known of it before it may run."""

from datetime import timedelta
from typing import Literal

import msgspec

type Autonomy = Literal["observe", "recommend", "approve", "auto"]


class Parameter(msgspec.Struct, frozen=True):
    """One parameter of an SSM document; ``pattern`` is matched in full, here and by SSM."""

    name: str
    pattern: str


class Action(msgspec.Struct, frozen=True, kw_only=True):
    """What an action is. The roles in ``infra`` are derived from ``permissions``.

    ``delivery_limit`` and ``execution_limit`` bound a command in SSM; after the first the
    script refuses to begin.
    """

    name: str
    kind: Literal["look", "fix"]
    runbook_steps: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    permissions: tuple[str, ...]
    blast_radius: str
    reversibility: str
    autonomy: Autonomy
    delivery_limit: timedelta
    execution_limit: timedelta
    verification: str
