"""A server on the loopback that says one thing to each connection."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def serving(says: bytes, *, hangs_up: bool = False) -> Iterator[int]:
    """Say *says* to whatever connects, and hang up or wait for the other end; gives the port."""

    class Answer(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.sendall(says)
            with suppress(ConnectionResetError):
                if not hangs_up:
                    self.request.recv(1)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()
