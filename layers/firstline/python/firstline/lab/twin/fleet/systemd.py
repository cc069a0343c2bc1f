"""The twin's systemd: the state of a host's units at an instant, as `systemctl show` prints it.

The enclave's unit is of Type=oneshot with RemainAfterExit, so it stays active when its enclave
dies. The parent Requires it and comes After it: systemd stops the parent first and starts it last.
``tests/infra/documents/systemd`` compares these words with a real systemd.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from firstline.diagnosis.evidence import UnitState

SUBS: dict[UnitState, str] = {
    "active": "exited",
    "activating": "start",
    "deactivating": "stop",
    "inactive": "dead",
    "failed": "failed",
}
"""The sub-state of a oneshot unit in each state of the twin's."""
LOOPED = 12
"""The restart count of a looping parent."""


@dataclass
class History[T]:
    """Values and when each began, in order; before the first turn it is *first*."""

    first: T
    turns: list[tuple[datetime, T]] = field(default_factory=list)

    def at(self, when: datetime) -> T:
        """Return the value at *when*."""
        return next((held for since, held in reversed(self.turns) if since <= when), self.first)

    def since(self, when: datetime) -> datetime:
        """Return when the value at *when* began; *when* itself if it always was so."""
        return next((since for since, _ in reversed(self.turns) if since <= when), when)

    def turn(self, when: datetime, *, holds: T) -> None:
        """Set the value from *when* on, until the next turn."""
        self.turns.append((when, holds))
        self.turns.sort(key=lambda each: each[0])


def enclave_unit(unit: History[UnitState], at: datetime, *, masked: bool) -> dict[str, object]:
    """Return an inspection's report of the enclave's unit."""
    state = unit.at(at)
    starts = state == "activating"
    seconds = int((at - unit.since(at)).total_seconds())
    return {
        "enclave_unit": state,
        "enclave_unit_restarts": 0,
        "enclave_unit_detail": {
            "load": "masked" if masked else "loaded",
            "sub": SUBS[state],
            "result": "exit-code" if state == "failed" else "success",
            "job": changes(unit, at),
            "starting_seconds": seconds if starts else None,
            "stopped": state == "inactive",
        },
    }


def changes(unit: History[UnitState], at: datetime) -> bool:
    """True if a job of the unit is in progress."""
    return unit.at(at) in {"activating", "deactivating"}


def parent_unit(
    enclave: UnitState, uptime: Callable[[], int], *, runs: bool, loops: bool
) -> dict[str, object]:
    """Return an inspection's report of the parent's unit, given its *enclave* unit's state.

    A looping parent has looped since the host started, *uptime* seconds ago.
    """
    if runs:
        return _parent("active", "running", "success")
    if enclave != "active":
        return _parent("inactive", "dead", "success", job=enclave == "activating")
    if loops:
        return _parent("activating", "auto-restart", "exit-code", LOOPED, seconds=uptime())
    return _parent("failed", "failed", "exit-code")


def _parent(  # noqa: PLR0913 - what systemd says of it
    state: UnitState,
    sub: str,
    result: str,
    restarts: int = 0,
    *,
    job: bool = False,
    seconds: int | None = None,
) -> dict[str, object]:
    detail = {
        "load": "loaded",
        "sub": sub,
        "result": result,
        "job": job,
        "starting_seconds": seconds,
        "stopped": False,
    }
    return {
        "parent_unit": state,
        "parent_unit_restarts": restarts,
        "parent_unit_detail": detail,
    }
