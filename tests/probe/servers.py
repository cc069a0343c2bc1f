"""A real nats-server on the loopback address, and lines to it that are slow."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

type Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

EXECUTABLE = Path(sys.executable).parent / "nats-server"


@contextmanager
def nats_server(folder: Path, configuration: str = "", *, jetstream: bool = True) -> Iterator[int]:
    """A server for as long as it is entered; gives its port, which it chose by itself."""
    folder.mkdir()
    store = f'jetstream {{ store_dir: "{folder}/store" }}\n' if jetstream else ""
    (folder / "nats.conf").write_text(
        f'listen: "127.0.0.1:-1"\n{store}ports_file_dir: "{folder}"\n{configuration}\n'
    )
    process = subprocess.Popen(
        [EXECUTABLE, "-c", folder / "nats.conf", "-l", folder / "log"], stderr=subprocess.DEVNULL
    )
    try:
        yield _port(folder / f"nats-server_{process.pid}.ports", process)
    finally:
        process.send_signal(signal.SIGCONT)
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:  # in lame duck mode it ends only when that is over
            process.kill()
            process.wait(5)


@contextmanager
def hanging(folder: Path) -> Iterator[None]:
    """The server of *folder* does nothing for as long as this is entered; its port stays open."""
    (ports,) = folder.glob("nats-server_*.ports")
    process = int(ports.stem.partition("_")[2])
    os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(process, signal.SIGCONT)


def _port(told: Path, process: subprocess.Popen[bytes]) -> int:
    until = time.monotonic() + 60
    while time.monotonic() < until and process.poll() is None:
        with suppress(FileNotFoundError, json.JSONDecodeError):
            return int(json.loads(told.read_text())["nats"][0].rpartition(":")[2])
        time.sleep(0.01)
    raise AssertionError(f"nats-server did not start: {(told.parent / 'log').read_text()}")


def free_port() -> int:
    """A port of the loopback address that nothing listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@asynccontextmanager
async def slow_line(port: int, delay_seconds: float) -> AsyncIterator[int]:
    """A port that passes everything on to *port* and back, each piece later by the delay."""
    lines: set[asyncio.StreamWriter] = set()

    async def pass_on(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while piece := await source.read(65536):
                await asyncio.sleep(delay_seconds)
                sink.write(piece)
                await sink.drain()
        sink.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner, outer = await asyncio.open_connection("127.0.0.1", port)
        lines.update((writer, outer))
        await asyncio.gather(pass_on(reader, outer), pass_on(inner, writer))

    async with serving(serve) as chosen:
        yield chosen
        for line in lines:
            line.close()
            with suppress(ConnectionError):
                await line.wait_closed()


@asynccontextmanager
async def serving(serve: Serve) -> AsyncIterator[int]:
    """A port that gives each connection to *serve*."""
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield int(server.sockets[0].getsockname()[1])
