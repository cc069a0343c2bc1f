"""DNS lookups with a time limit, and calls in detached threads."""

import socket
from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread


def resolve(host: str, port: int) -> Future[tuple[str, ...]]:
    """A future of the IPv4 addresses of *host*; it raises ``OSError`` if there are none.

    The system's lookup has no timeout and cannot be cancelled, so a slow one is abandoned.
    """

    def ask() -> tuple[str, ...]:
        addresses = socket.getaddrinfo(host, port, socket.AF_INET, socket.SOCK_STREAM)
        return tuple(dict.fromkeys(str(address[0]) for *_, address in addresses))

    return run_detached(ask)


def run_detached[T](ask: Callable[[], T]) -> Future[T]:
    """A future of the result of *ask*, which runs in a daemon thread."""
    answer: Future[T] = Future()
    answer.set_running_or_notify_cancel()  # a caller who goes away does not cancel it

    def run() -> None:
        try:
            answer.set_result(ask())
        except Exception as error:  # noqa: BLE001 - raised again where the answer is awaited
            answer.set_exception(error)

    Thread(target=run, daemon=True).start()
    return answer
