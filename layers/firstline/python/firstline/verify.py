"""Verify: whether a target works, judged by readers that the fix did not produce, K of K."""

import copy
from datetime import datetime

from firstline.diagnose import Life, Verdict
from firstline.incident import Target


def read(target: Target, verdict: Verdict, *, readers: int, reported: bool) -> Target:
    """*target* after one more look: a good reading counts, any other begins anew.

    Good is: the host reported, and *readers* different readers say that it serves.
    """
    silent = 0 if reported else target.silent + 1
    good = verdict.life is Life.SERVING and reported and len(verdict.serving) >= readers
    return copy.replace(target, readings=target.readings + 1 if good else 0, silent=silent)


def settle(target: Target, verdict: Verdict, readings_needed: int, now: datetime) -> Target:
    """*target* verified at K of K, and not any more when a single reader says that it is dead.

    One reader is enough to doubt, and to look again; it takes two to fix.
    """
    if verdict.life is Life.DEAD or (target.verified and verdict.dead):
        return copy.replace(target, readings=0, verified_at=None)
    if not target.verified and target.readings >= readings_needed:
        return copy.replace(target, verified_at=now)
    return target
