"""Action: a named look or fix, with every trait that must be known before it may run."""

from datetime import timedelta
from typing import Literal

import msgspec

from firstline.diagnosis.health_checks import FailureMode

type Autonomy = Literal["record-only", "recommend", "approve", "auto"]
type Verifier = Literal["host", "group", "refresh", "none"]


class Parameter(msgspec.Struct, frozen=True):
    """One parameter of an SSM document; ``pattern`` is matched in full, here and by SSM."""

    name: str
    pattern: str


REPLACING_PROCESSES = frozenset({"Launch", "Terminate", "AddToLoadBalancer", "ReplaceUnhealthy"})
"""Auto Scaling processes that put a new instance in the place of another."""


class Action(msgspec.Struct, frozen=True, kw_only=True):
    """The traits of an action: guards, ladder, update and act read them, never its name.

    ``executor`` names the port that carries it out (`controller/ports/executors.py`); ``none``
    only prepares something for a person. With ``reports_result`` the executor later reports the
    result on the host; without, only its acceptance. ``scope`` is one host or the whole group.
    ``repairs`` are the failure modes that it fits: a ladder skips a rung that does not fit.
    ``replaces_instances`` terminates hosts for new ones, ``adds_capacity`` launches one more.
    ``keeps_enclave`` leaves each running enclave and its unlocked vaults as they are;
    ``destroys_state`` ends what is only in a host's memory. ``reversible`` means that another
    request undoes it whole, as ``reversibility`` describes. ``undoes_own_fix`` is the result of
    an action that only takes back a fix of firstline: it repairs nothing, so it never counts as
    a fix that helped. It is empty for any other. ``verifier`` judges it: the host serves, or
    the group is whole and its new hosts serve, or the refresh has ended. ``unit`` is the key of
    ``[fleet.units]`` that it restarts. ``processes`` are those of Auto Scaling that it depends
    on: suspended, it would not end, or would undo the intent of the person who suspended them
    (Auto Scaling user guide, "How suspended processes affect other processes"). The roles in
    ``infra`` are derived from ``permissions``. ``delivery_limit`` and ``execution_limit`` bound
    a command in SSM; after the first the script refuses to begin.
    """

    name: str
    kind: Literal["look", "fix"]
    executor: str
    reports_result: bool = False
    scope: Literal["host", "fleet"] = "host"
    repairs: frozenset[FailureMode] = frozenset()
    replaces_instances: bool = False
    adds_capacity: bool = False
    keeps_enclave: bool = False
    destroys_state: bool = False
    reversible: bool = False
    undoes_own_fix: str = ""
    verifier: Verifier = "none"
    unit: Literal["enclave", "parent", ""] = ""
    runbook_steps: tuple[str, ...]
    parameters: tuple[Parameter, ...] = ()
    processes: frozenset[str] = frozenset()
    permissions: tuple[str, ...]
    blast_radius: str
    reversibility: str
    autonomy: Autonomy
    delivery_limit: timedelta = timedelta(seconds=60)
    execution_limit: timedelta = timedelta(0)
    verification: str

    @property
    def launches_instances(self) -> bool:
        """True if it launches a new instance, which has the published image."""
        return self.replaces_instances or self.adds_capacity

    @property
    def replaces_fleet(self) -> bool:
        """True if it replaces each instance of the group, one after the other."""
        return self.replaces_instances and self.scope == "fleet"
