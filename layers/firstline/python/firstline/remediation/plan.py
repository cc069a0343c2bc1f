"""Plan: an action on explicit targets with its facts; its hash identifies it."""

import msgspec

from firstline.actions.action import Action
from firstline.actions.catalogue import traits
from firstline.ids import Digest, FixTarget, IncidentId, InstanceId, Token, digest
from firstline.ledger.entries import PlannedFix


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """An action, its target, and the facts that justify it: one fix has one target.

    ``hosts`` are all instances that it touches: the target itself, or for a fix of the whole
    fleet each one that it would replace. ``parameters`` are the tool's, computed from the
    situation.
    """

    action: str
    target: FixTarget
    hosts: tuple[InstanceId, ...] = ()
    parameters: dict[str, str] = {}
    facts: tuple[str, ...]

    @property
    def traits(self) -> Action:
        """The traits of its action."""
        return traits(self.action)

    @property
    def hash(self) -> Digest:
        """The same for the same action, target, hosts and parameters.

        The facts are not part of it: they are read again each time, and an approval covers
        the action and its targets. The guards check whether the facts still hold.
        """
        what = (self.action, self.target, self.hosts, self.parameters)
        return digest(msgspec.json.encode(what, order="deterministic"))

    def to_ledger(self) -> PlannedFix:
        """The plan as its entry stores it."""
        return PlannedFix(
            action=self.action,
            targets=(self.target,),
            hash=self.hash,
            hosts=self.hosts,
            parameters=self.parameters,
        )


def intent_token(incident: IncidentId, sequence: int, purpose: str) -> Token:
    """The token of the intent that entry *sequence* of *incident* records."""
    return Token(digest(f"{incident}|{sequence}|{purpose}".encode())[:32])
