"""The console: a read-only function behind a custom widget of the dashboard.

CloudWatch calls it with the viewer's permissions (``lambda:InvokeFunction``), and does not pass the
viewer's identity.
"""

import copy

from aws_cdk import Duration
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from firstline.config.settings import Settings
from infra import roles, unscoped
from infra.records import OPEN_INDEX
from infra.response import Resources
from infra.runtime import Handler, Runtime

TIMEOUT = Duration.seconds(30)


def console(
    scope: Construct, name: str, *, runtime: Runtime, resources: Resources, settings: Settings
) -> lambda_.Function:
    """Return the function; its settings lack the pseudonym key."""
    tables = resources.records
    may = {
        "incidents": roles.keep_incidents(tables.incidents, "GetItem", "Query"),
        "indexes": roles.query_indexes(tables.incidents, OPEN_INDEX),
        "ledger": roles.read_ledger(tables.ledger),
        "alarms": roles.read_unscoped(unscoped.CONSOLE_READS),
    }
    handler = Handler("console", TIMEOUT, 512, may)
    place = Construct(scope, name)
    reading = runtime.reading(copy.replace(settings, hash_key=""))
    function = runtime.function(place, handler, reading)
    unscoped.accept_reads(place.node.find_child("ConsoleRole"), unscoped.CONSOLE_READS)
    return function
