"""A fix and its verdict, shared by an incident's summary and its report."""

import msgspec

from firstline.actions.catalogue import UNDO_RESULTS


class JudgedFix(msgspec.Struct, frozen=True, kw_only=True):
    """A fix from its intent to its verdict; ``helped`` is None without a verdict."""

    action: str
    target: str
    outcome: str | None = None
    helped: bool | None = None

    @property
    def undoing(self) -> str:
        """The result of an action that takes back a fix of firstline; empty for any other."""
        return UNDO_RESULTS.get(self.action, "")

    @property
    def repaired(self) -> bool:
        """True for a fix that helped."""
        return self.helped is True and not self.undoing
