"""Worker: one Lambda invocation as a greenlet, which may die anywhere."""

from collections.abc import Callable
from datetime import datetime, timedelta

from greenlet import greenlet

from firstline.errors import FirstlineError


class Crash(BaseException):
    """The worker dies here."""


class Worker:
    """One invocation: what it does, since when, until when it may, and when it goes on.

    ``skew`` is by how much its clock goes before the world's.
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
        self.began = now
        self.dies_at = now + timeout
        self.resumes_at = now
        self.skew = skew
        self.failed: str | None = None
        self.over = False
        self._act = act
        self.greenlet = greenlet(self._run)

    def _run(self) -> None:
        try:
            self._act()
        except (FirstlineError, Crash) as error:
            self.failed = type(error).__name__
        self.over = True
