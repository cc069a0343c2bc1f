"""The greeting of a NATS server to a connection that only listens.

A client loses the refusal of a server that closes the connection during a write, and a refusal in
clear text after TLS began. A connection that only listens reads it.
"""

import asyncio
from typing import NamedTuple

_BYTES_MAX = 65536


class Greeting(NamedTuple):
    """The result: whether a connection opened, its INFO came, and the text of a refusal."""

    opened: bool = False
    info: bool = False
    refusal: str = ""


async def read_greeting(addresses: tuple[str, ...], port: int, seconds: float) -> Greeting:
    """The greeting of the server on *port* of *addresses*, within *seconds*.

    Of several addresses, the most informative one.
    """
    return max(
        await asyncio.gather(*(_listen(each, port, seconds) for each in addresses)),
        key=lambda each: (bool(each.refusal), each.info, each.opened),
        default=Greeting(),
    )


async def _listen(address: str, port: int, seconds: float) -> Greeting:
    read, opened = bytearray(), False
    try:
        async with asyncio.timeout(seconds):
            reader, writer = await asyncio.open_connection(address, port)
            opened = True
            try:
                while len(read) < _BYTES_MAX and (piece := await reader.read(_BYTES_MAX)):
                    read += piece
            finally:
                writer.close()
    except (OSError, TimeoutError):
        pass
    _, _, refusal = read.partition(b"-ERR ")
    return Greeting(opened, read.startswith(b"INFO "), refusal.decode(errors="replace").strip())
