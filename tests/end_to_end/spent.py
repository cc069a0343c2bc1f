"""Spent: how long something took, by the clock and by the work of this process and its children."""

import resource
import time
from typing import NamedTuple, Self


class Begun(NamedTuple):
    """An instant, in seconds; children count once they have ended."""

    wall: float
    cpu: float

    @classmethod
    def now(cls) -> Self:
        """This one."""
        ended = resource.getrusage(resource.RUSAGE_CHILDREN)
        return cls(time.monotonic(), time.process_time() + ended.ru_utime + ended.ru_stime)

    def spent(self) -> Self:
        """What passed since."""
        now = self.now()
        return type(self)(now.wall - self.wall, now.cpu - self.cpu)
