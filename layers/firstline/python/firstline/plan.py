"""Plan: an action on explicit targets with the facts it rests on; its hash names it."""

import msgspec

from firstline.ids import Digest, IncidentId, InstanceId, Token, digest
from firstline.ledger import Data


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be done, to whom, and why it may be: one fix has one target."""

    action: str
    target: InstanceId
    facts: tuple[str, ...]

    @property
    def hash(self) -> Digest:
        """The same for the same action, target and facts."""
        return digest(msgspec.json.encode(self, order="deterministic"))

    def told(self) -> Data:
        """The plan as a ledger entry names it."""
        return {"action": self.action, "target": self.target, "hash": self.hash}


def token(incident: IncidentId, sequence: int, purpose: str) -> Token:
    """The token of the intent that entry *sequence* of *incident* records."""
    return Token(digest(f"{incident}|{sequence}|{purpose}".encode())[:32])
