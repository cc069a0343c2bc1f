"""A name's addresses, looked up for no longer than a caller waits."""

import socket
from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread


def resolve(host: str, port: int) -> Future[tuple[str, ...]]:
    """The IPv4 addresses of *host*, to come; the future raises ``OSError`` when it has none.

    The system's lookup takes no limit and cannot be ended, so that a slow one is left behind.
    """

    def ask() -> tuple[str, ...]:
        found = socket.getaddrinfo(host, port, socket.AF_INET, socket.SOCK_STREAM)
        return tuple(dict.fromkeys(str(address[0]) for *_, address in found))

    return run_detached(ask)


def run_detached[T](ask: Callable[[], T]) -> Future[T]:
    """What *ask* returns or raises, to come, from a thread that nobody has to wait for."""
    answer: Future[T] = Future()
    answer.set_running_or_notify_cancel()  # a caller who goes away does not cancel it

    def run() -> None:
        try:
            answer.set_result(ask())
        except Exception as error:  # noqa: BLE001 - raised again where the answer is awaited
            answer.set_exception(error)

    Thread(target=run, daemon=True).start()
    return answer
