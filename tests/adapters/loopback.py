"""A server on the loopback address that does to each connection what a test says."""

import socket
from collections.abc import Callable
from socketserver import BaseRequestHandler, ThreadingTCPServer
from threading import Event, Thread
from typing import Self

type Behaviour = Callable[[socket.socket, Event], None]
"""The behaviour of a line; one that waits does so on the event, which is set at the end."""


class Loopback:
    """Serves while it is entered: gives its *answer* to a request, or follows its behaviour."""

    def __init__(self, answer: bytes | Behaviour) -> None:
        loopback = self

        class Handler(BaseRequestHandler):
            def handle(self) -> None:
                loopback.connections += 1
                if isinstance(answer, bytes):
                    loopback.requests.append(request_of(self.request))
                    self.request.sendall(answer)
                else:
                    answer(self.request, loopback._over)

        self.connections = 0
        self.requests: list[bytes] = []
        self._over = Event()
        self._server = ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._thread = Thread(target=self._server.serve_forever, args=(0.01,))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v2/enqueue"


def request_of(line: socket.socket) -> bytes:
    """The request on *line*, head and body; cut short where the other end closes."""
    with line.makefile("rb") as stream:
        head = b""
        while (row := stream.readline()) not in {b"\r\n", b""}:
            head += row
        size = head.partition(b"Content-Length: ")[2].partition(b"\r\n")[0]
        return head + b"\r\n" + stream.read(int(size or 0))


def http(status: str, body: bytes = b"", *headers: str) -> bytes:
    """An HTTP answer."""
    head = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(head).encode() + body
