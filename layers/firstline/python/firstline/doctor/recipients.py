"""Checks of recipients: a page can be sent, and each topic has a confirmed subscription."""

from collections.abc import Iterator

from firstline.doctor import deploy_settings
from firstline.doctor.facts import Fact, Missing, ReadFailure, StackState, Subscriptions
from firstline.doctor.result import Check, DoctorContext, Grade, Problem

EMERGENCY = "EmergencyTopic"
TOPICS = (EMERGENCY, "SecurityTopic", "TeamTopic")
"""The outputs of the stack with its topics."""


def routing_key(case: DoctorContext) -> Iterator[Problem]:
    """PagerDuty's routing key is set, and looks like one. Its value is never shown."""
    deployed = case.account.deployed
    if not isinstance(deployed, StackState) or isinstance(deployed.routing_key, ReadFailure):
        return
    if deployed.routing_key in {"empty", "unlike a key"}:
        message = f"is {deployed.routing_key}: 32 letters and digits are one"
        yield Problem("routing key", message, "critical", {"secret": _secret(deployed)})


def rest_key(case: DoctorContext) -> Iterator[Problem]:
    """Where updates are notes on PagerDuty's incidents, the secret holds the REST API's key too."""
    deployed = case.account.deployed
    if not isinstance(
        deployed, StackState
    ) or "pager_notes_from" not in deploy_settings.decode_settings(deployed):
        return
    if deployed.routing_key == "set":
        names = {"secret": _secret(deployed)}
        yield Problem("REST key", "the routing key's secret has no rest_key", "warning", names)


def _secret(deployed: StackState) -> str:
    return deployed.outputs.get("RoutingKeySecret", "SECRET")


def topics(case: DoctorContext) -> Iterator[Problem]:
    """Every topic is there, and has a reader who confirmed the subscription."""
    deployed = case.account.deployed
    if not isinstance(deployed, StackState):
        return
    for name in dict.fromkeys((*TOPICS, *deployed.topics)):
        arn = deployed.outputs.get(name, "")
        message = (
            subscription_problem(deployed.topics.get(name, "not here"))
            if arn
            else "is not an output of the stack"
        )
        if message:
            grade: Grade = "critical" if name == EMERGENCY else "warning"
            yield Problem(name, message, grade, {"arn": arn or "ARN"})


def subscription_problem(subscriptions: Fact[Subscriptions | Missing]) -> str:
    """Return why a topic has no reader; empty if it has one or was not read."""
    if subscriptions == "not here":
        return "is not there"
    if isinstance(subscriptions, Subscriptions) and not subscriptions.confirmed:
        return f"has no confirmed subscription; {subscriptions.pending} pending"
    return ""


CHECKS = (
    Check(
        name="routing-key",
        run=routing_key,
        severity="critical",
        consequence="no page is sent",
        remedy="put the key with the command of the output SetRoutingKey: {secret}",
    ),
    Check(
        name="rest-key",
        run=rest_key,
        severity="warning",
        consequence=(
            "updates do not become notes of the PagerDuty incident; change events are still sent"
        ),
        remedy='put {{"routing_key": "...", "rest_key": "..."}} into {secret}, the second from'
        " PagerDuty's page API Access Keys",
    ),
    Check(
        name="topic",
        run=topics,
        severity="critical for the emergency topic, else a warning",
        consequence=(
            "its messages reach no recipient; a P1 reaches people only by the emergency topic"
        ),
        remedy="aws sns subscribe --topic-arn {arn} --protocol email --notification-endpoint YOU"
        " {region};"
        " if it does not exist, {deploy} --revert-drift first",
    ),
)
