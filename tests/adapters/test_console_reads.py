"""The requests of the console's function to AWS: reads, and few of them."""

import copy
from dataclasses import dataclass

from firstline.adapters import wiring
from firstline.config.settings import Settings
from firstline.lab.twin.aws import TwinAws
from firstline.lab.twin.clock import WorldClock
from firstline.lab.twin.world import World
from functions import console
from tests.adapters.backends import Requests
from tests.adapters.records import ID, OPENING


@dataclass
class Called:
    """Lambda's context, as far as it is used."""

    invoked_function_arn: str = "arn:aws:lambda:us-east-1:111122223333:function:console"


def test_it_reads_and_does_nothing_else(
    aws: TwinAws, settings: Settings, world: World, requests: Requests
) -> None:
    """One request for each of the three lists, two for each incident in them, one for the pauses.

    Two for one incident.
    """
    system = wiring.system(copy.replace(settings, hash_key=""), aws.session, WorldClock(world))
    system.ports.store.commit(OPENING)
    requests.clear()
    overview = console.handler({}, Called(), system)
    assert isinstance(overview, str)
    assert ID in overview
    assert sorted(requests.calls) == ["dynamodb.GetItem", *5 * ["dynamodb.Query"]]
    requests.clear()
    detail = console.handler({"incident": ID}, Called(), system)
    assert isinstance(detail, str)
    assert "Timeline" in detail
    assert requests.calls == ["dynamodb.Query", "dynamodb.Query"]
