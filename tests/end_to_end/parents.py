"""The parents on NATS: one that answers while a host of the world serves."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

from nats.aio.msg import Msg

from firstline.lab.twin.world import World
from tests.end_to_end import pace
from tests.end_to_end.fleet import Fleet
from tests.probe.fleet import healthy, hung, parents


@contextmanager
def answering(port: int, fleet: Fleet) -> Iterator[None]:
    """While it is entered, the server on *port* has the fleet behind it."""
    ready, over = Event(), Event()

    async def answer(message: Msg) -> None:
        await (healthy() if fleet.ask(_serves) else hung)(message)

    async def serve() -> None:
        async with parents(port, answer):
            ready.set()
            await asyncio.to_thread(over.wait)

    thread = Thread(target=lambda: asyncio.run(serve()), name="parents")
    thread.start()
    assert ready.wait(60)
    try:
        yield
    finally:
        over.set()
        thread.join()


def _serves(world: World) -> bool:
    return any(host.serves(pace.now()) for host in world.hosts.values())
