"""The classifications by both policies, cached for signals that differ only in their instants."""

from firstline.lab.redecide.policy_run import PolicyRun
from firstline.signal import Signal
from firstline.signals.classify import Classification

ENTRIES_MAX = 10_000
"""The cache is cleared at this size: a fleet has few alarms, which repeat all day."""

type SignalPair = tuple[Signal, Signal]
"""One signal under the old policy's name and under the new one's."""
type ClassificationPair = tuple[Classification, Classification]


class ClassificationCache:
    """The classifications of all signals by both policies."""

    def __init__(self, old: PolicyRun, new: PolicyRun) -> None:
        self._sides = (old, new)
        self._entries: dict[object, ClassificationPair] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def classify(self, signals: SignalPair) -> ClassificationPair:
        """Return the classification by either policy."""
        key = tuple(map(_cache_key, signals))
        pair = self._entries.get(key)
        if pair is None:
            if len(self._entries) >= ENTRIES_MAX:
                self._entries.clear()
            (old, new), (before, after) = self._sides, signals
            pair = self._entries[key] = (old.judge(before), new.judge(after))
        return pair


def _cache_key(signal: Signal) -> object:
    """Return everything that a classification may depend on."""
    return (
        (signal.kind, signal.source, signal.subject, signal.arn, signal.state, signal.metric),
        (signal.marks, signal.account, signal.region, *signal.dimensions.items()),
    )
