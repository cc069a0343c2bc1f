"""Judging: what both sides take a signal for, once for all that differ only in their instants."""

from firstline.lab.redecide.policy_run import Side
from firstline.signal import Signal
from firstline.signals.classify import Classification

KNOWN_MAX = 10_000
"""As many judgements as are kept: a fleet has few alarms, and says the same of them all day."""

type Heard = tuple[Signal, Signal]
"""One signal, as the old side knows it and as the new one does."""
type Found = tuple[Classification, Classification]


class Judging:
    """Both sides' judgements of all that was heard."""

    def __init__(self, old: Side, new: Side) -> None:
        self._sides = (old, new)
        self._known: dict[object, Found] = {}

    def __len__(self) -> int:
        return len(self._known)

    def of(self, heard: Heard) -> Found:
        """What either side takes it for."""
        key = tuple(map(_alike, heard))
        found = self._known.get(key)
        if found is None:
            if len(self._known) >= KNOWN_MAX:
                self._known.clear()
            (old, new), (before, after) = self._sides, heard
            found = self._known[key] = (old.judge(before), new.judge(after))
        return found


def _alike(signal: Signal) -> object:
    """All that a judgement may rest on."""
    return (
        (signal.kind, signal.source, signal.subject, signal.arn, signal.state, signal.metric),
        (signal.marks, signal.account, signal.region, *signal.dimensions.items()),
    )
