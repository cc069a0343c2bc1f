"""A pager to an address of the test, with its key in a scripted Secrets Manager."""

from firstline.adapters.aws import clients
from firstline.adapters.aws.routing_key import RoutingKey
from firstline.adapters.clock import SystemClock
from firstline.adapters.pagerduty.events_client import PagerDutyApi
from firstline.controller.ports.messaging import Clock
from tests.adapters.backends import Ends
from tests.lab.twin.pages import TRIGGER, without

BODY = without(TRIGGER, "routing_key")
NO_SECRET = Ends({})
CLOCK = SystemClock()


def pager_to(
    url: str, ends: Ends = NO_SECRET, clock: Clock = CLOCK, notes_from: str = ""
) -> PagerDutyApi:
    """Posts go to *url*; the secret is what *ends* says."""
    key = RoutingKey("firstline/routing-key", clients.secrets(ends.session), clock)
    return PagerDutyApi(url, key, notes_from=notes_from)
