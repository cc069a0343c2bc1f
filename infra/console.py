"""The console: a function that a custom widget of the dashboard calls, and that can only read.

CloudWatch calls it with the rights of who looks at the dashboard (``lambda:InvokeFunction``), and
does not tell it who that is.
"""

import copy

from aws_cdk import Duration
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from firstline.config.settings import Settings
from infra import roles, unscoped
from infra.records import OPEN_INDEX
from infra.response import Reach
from infra.runtime import Handler, Runtime

TIMEOUT = Duration.seconds(30)


def console(
    scope: Construct, name: str, *, runtime: Runtime, reach: Reach, settings: Settings
) -> lambda_.Function:
    """The function; of the settings it has no key that makes pseudonyms."""
    tables = reach.records
    may = {
        "incidents": roles.keep_incidents(tables.incidents, "GetItem", "Query"),
        "indexes": roles.find(tables.incidents, OPEN_INDEX),
        "ledger": roles.read_ledger(tables.ledger),
        "alarms": roles.read(unscoped.ALARMS),
    }
    handler = Handler("console", TIMEOUT, 512, may)
    place = Construct(scope, name)
    reading = runtime.reading(copy.replace(settings, hash_key=""))
    function = runtime.function(place, handler, reading)
    unscoped.accept_reads(place.node.find_child("ConsoleRole"), unscoped.ALARMS)
    return function
