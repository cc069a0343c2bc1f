"""Judged fix: what an incident's summary and its report both say of a fix that was tried."""

import msgspec

from firstline.actions.catalogue import UNDO_RESULTS


class JudgedFix(msgspec.Struct, frozen=True, kw_only=True):
    """A fix from its intent to its verdict; ``helped`` is None where no verdict is known (yet)."""

    action: str
    target: str
    outcome: str | None = None
    helped: bool | None = None

    @property
    def undoing(self) -> str:
        """What it comes to where it takes back a fix of ours; empty for any other."""
        return UNDO_RESULTS.get(self.action, "")

    @property
    def repaired(self) -> bool:
        """Whether it is a fix that helped."""
        return self.helped is True and not self.undoing
