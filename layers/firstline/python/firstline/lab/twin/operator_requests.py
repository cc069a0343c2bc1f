"""The operator of a scenario, whose commands arrive as Lambda would pass them."""

from datetime import datetime, timedelta
from typing import Any

import msgspec

from firstline.controller.operators.commands import (
    AnnounceDrill,
    Approve,
    Deny,
    OperatorCommand,
    PauseFixes,
    Promote,
    Resume,
)
from firstline.controller.system import System
from firstline.errors import InvalidInput
from firstline.lab.twin import undeployed
from firstline.lab.twin.scenario import OperatorCommandPlan

ARN = "arn:aws:sts::111122223333:assumed-role/on-call/replay"
WHY = "the scenario says so"
AHEAD = timedelta(days=2)


def function_url_event(plan: OperatorCommandPlan, system: System) -> dict[str, Any]:
    """Return the function URL's event; raises `InvalidInput` if no plan is proposed."""
    iam = {"userArn": ARN}
    body = msgspec.json.encode(_command(plan, system)).decode()
    return {"requestContext": {"authorizer": {"iam": iam}}, "body": body, "isBase64Encoded": False}


def _command(plan: OperatorCommandPlan, system: System) -> OperatorCommand:
    now = system.ports.clock.now()
    if plan.command == "pause":
        until = now + timedelta(seconds=plan.length_seconds)
        return PauseFixes(scope=plan.scope, why=WHY, until=until)
    if plan.command == "drill":
        until = now + timedelta(seconds=plan.length_seconds)
        return AnnounceDrill(
            alarm=undeployed.alarm_arn(plan.scope, system.settings.home), until=until
        )
    if plan.command == "resume":
        return Resume(scope=plan.scope, why=WHY)
    if plan.command == "promote":
        return Promote(action=plan.scope, why=WHY)
    incident, proposed = _proposal(system, now)
    if plan.command == "approve":
        return Approve(incident=incident, plan=proposed, why=WHY)
    return Deny(incident=incident, plan=proposed, why=WHY)


def _proposal(system: System, now: datetime) -> tuple[str, str]:
    """Return the first incident that waits for an approval, and the plan."""
    for due in system.ports.store.due(now + AHEAD):
        loaded = system.ports.store.load(due.incident)
        proposals = loaded.incident.proposals if loaded is not None else ()
        if proposals and proposals[-1].answerable:
            return due.incident, proposals[-1].plan
    raise InvalidInput("no incident waits for a person's word")
