"""Action: a named look or fix, and all that must be known of it before it may run."""

from datetime import timedelta
from typing import Literal

import msgspec

from firstline.diagnosis.health_checks import Failure

type Autonomy = Literal["observe", "recommend", "approve", "auto"]
type Tool = Literal["ssm", "autoscaling", "none"]


class Parameter(msgspec.Struct, frozen=True):
    """One parameter of an SSM document; ``pattern`` is matched in full, here and by SSM."""

    name: str
    pattern: str


REPLACES = frozenset({"Launch", "Terminate", "AddToLoadBalancer", "ReplaceUnhealthy"})
"""What puts a new instance in the place of another."""


class Action(msgspec.Struct, frozen=True, kw_only=True):
    """What an action is. The roles in ``infra`` are derived from ``permissions``.

    ``tool`` carries it out; ``none`` only prepares something for a person. ``reach`` says whether
    its one target is a host or the whole group. ``mends`` are the failures of a host that it fits:
    a ladder passes over a rung that does not. ``processes`` are those of Auto Scaling that it
    depends on: suspended, it would not end, or undo what the person wanted who suspended them
    (Auto Scaling user guide, "How suspended processes affect other processes").
    ``undoes_own_fix`` says what an action comes to that only takes back a fix of ours: it mends
    nothing, so whatever its verdict it is no fix that helped. It is empty for any other.
    ``delivery_limit`` and ``execution_limit`` bound a command in SSM; after the first the script
    refuses to begin, and without a command there is nothing to carry out.
    """

    name: str
    kind: Literal["look", "fix"]
    tool: Tool
    reach: Literal["host", "fleet"] = "host"
    mends: frozenset[Failure] = frozenset()
    runbook_steps: tuple[str, ...]
    parameters: tuple[Parameter, ...] = ()
    processes: frozenset[str] = frozenset()
    undoes_own_fix: str = ""
    permissions: tuple[str, ...]
    blast_radius: str
    reversibility: str
    autonomy: Autonomy
    delivery_limit: timedelta = timedelta(seconds=60)
    execution_limit: timedelta = timedelta(0)
    verification: str
