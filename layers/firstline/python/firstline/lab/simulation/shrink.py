"""Shrink the choices of a run that violates an invariant to the few that the violation needs."""

from collections import Counter

from firstline.lab.simulation.seed_run import Outcome, simulate


def shrink(seed: int, outcome: Outcome, tries: int = 400) -> Outcome:
    """Return a run with the same violation and as few choices as *tries* runs can find."""
    broken = _invariants(outcome)
    best, tries_left = outcome, tries
    size = max(len(best.choices) // 2, 1)
    while size and tries_left > 0:
        at = 0
        while at < len(best.choices) and tries_left > 0:
            for shorter in _without(best.choices, at, size):
                tries_left -= 1
                candidate = simulate(seed, shorter)
                if _invariants(candidate) & broken and _weight(candidate) < _weight(best):
                    best = candidate
                    break
            else:
                at += size
        size //= 2
    return best


def _without(choices: tuple[int, ...], at: int, size: int) -> tuple[tuple[int, ...], ...]:
    """Return the list without a piece, and with that piece zeroed."""
    head, piece, tail = choices[:at], choices[at : at + size], choices[at + size :]
    if not any(piece):
        return ()
    return (head + tail, head + (0,) * len(piece) + tail)


def _weight(outcome: Outcome) -> int:
    """Return the number of choices that are not 0."""
    return sum(1 for each in outcome.choices if each)


def _invariants(outcome: Outcome) -> Counter[str]:
    return Counter({each.partition(" ")[0].strip(":") for each in outcome.violations})
