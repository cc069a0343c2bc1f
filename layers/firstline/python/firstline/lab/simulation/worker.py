"""Worker: one Lambda invocation as a greenlet, which may die at any remote request."""

from collections.abc import Callable
from datetime import datetime, timedelta

from greenlet import greenlet

from firstline.errors import FirstlineError


class Crash(BaseException):
    """The worker dies at this point."""


class Worker:
    """One invocation: its work, when it started, its deadline, and when it resumes.

    ``skew`` is how far its clock is ahead of the world's.
    """

    def __init__(
        self,
        name: str,
        act: Callable[[], object],
        now: datetime,
        timeout: timedelta,
        skew: timedelta = timedelta(0),
    ) -> None:
        self.name = name
        self.started_at = now
        self.dies_at = now + timeout
        self.resumes_at = now
        self.skew = skew
        self.error: str | None = None
        self.finished = False
        self._act = act
        self.greenlet = greenlet(self._run)

    def _run(self) -> None:
        try:
            self._act()
        except (FirstlineError, Crash) as error:
            self.error = type(error).__name__
        self.finished = True
