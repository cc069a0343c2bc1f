"""Plan: an action on explicit targets with the facts it rests on; its hash names it."""

import msgspec

from firstline.actions.action import Action
from firstline.actions.catalogue import traits
from firstline.ids import Digest, FixTarget, IncidentId, InstanceId, Token, digest
from firstline.ledger.entries import PlannedFix


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be done, to whom, and why it may be: one fix has one target.

    ``hosts`` are all the instances that it touches: the target itself, or for a fix of the whole
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
        """What its action is."""
        return traits(self.action)

    @property
    def hash(self) -> Digest:
        """The same for the same action, target, hosts and parameters.

        The facts are not part of it: they are read anew each time, and a person who approved the
        plan approved what is done to whom. The guards ask whether the facts still hold.
        """
        what = (self.action, self.target, self.hosts, self.parameters)
        return digest(msgspec.json.encode(what, order="deterministic"))

    def to_ledger(self) -> PlannedFix:
        """The plan as an entry records it."""
        return msgspec.convert(self, PlannedFix, from_attributes=True)


def token(incident: IncidentId, sequence: int, purpose: str) -> Token:
    """The token of the intent that entry *sequence* of *incident* records."""
    return Token(digest(f"{incident}|{sequence}|{purpose}".encode())[:32])
