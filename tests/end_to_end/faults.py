"""What went wrong where no test was looking: kept, and told at the end of the test."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock


class Faults:
    """Faults of background threads, of functions, of moto; each is one line or more."""

    def __init__(self) -> None:
        self._told: list[str] = []
        self._lock = Lock()

    def add(self, what: str) -> None:
        """Keep *what*, from any thread."""
        with self._lock:
            self._told.append(what)

    def take(self) -> list[str]:
        """All that were kept, which are kept no longer."""
        with self._lock:
            result, self._told = self._told, []
        return result

    @contextmanager
    def of_moto(self) -> Iterator[None]:
        """While it is entered, what moto logs as a warning or worse is a fault."""
        handler = _ToFaults(self)
        logger = logging.getLogger("moto")
        logger.addHandler(handler)
        try:
            yield
        finally:
            logger.removeHandler(handler)

    @contextmanager
    def of_threads(self) -> Iterator[None]:
        """While it is entered, what a thread raises is a fault; nothing is printed."""
        before = threading.excepthook
        threading.excepthook = lambda raised: self.add(
            f"thread {raised.thread.name if raised.thread else '?'}: {raised.exc_value!r}"
        )
        try:
            yield
        finally:
            threading.excepthook = before


class _ToFaults(logging.Handler):
    def __init__(self, faults: Faults) -> None:
        super().__init__(logging.WARNING)
        self._faults = faults

    def emit(self, record: logging.LogRecord) -> None:
        self._faults.add(f"moto logged: {record.getMessage()}")
