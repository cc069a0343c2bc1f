"""People: whether a page can leave, and whether somebody reads the topics."""

from collections.abc import Iterator

from firstline.doctor import deploying
from firstline.doctor.facts import Deployed, Gone, Read, Subscriptions, Unread
from firstline.doctor.finding import Case, Check, Found, Grade

EMERGENCY = "EmergencyTopic"
TOPICS = (EMERGENCY, "SecurityTopic", "TeamTopic")
"""The outputs of the stack that tell its topics."""


def routing_key(case: Case) -> Iterator[Found]:
    """PagerDuty's routing key is set, and looks like one. Its value is never told."""
    deployed = case.account.deployed
    if not isinstance(deployed, Deployed) or isinstance(deployed.routing_key, Unread):
        return
    if deployed.routing_key in {"empty", "unlike a key"}:
        told = f"is {deployed.routing_key}: 32 letters and digits are one"
        yield Found("routing key", told, "critical", {"secret": _secret(deployed)})


def rest_key(case: Case) -> Iterator[Found]:
    """Where updates are notes on PagerDuty's incidents, the secret holds the REST API's key too."""
    deployed = case.account.deployed
    if not isinstance(deployed, Deployed) or "pager_notes_from" not in deploying.given(deployed):
        return
    if deployed.routing_key == "set":
        names = {"secret": _secret(deployed)}
        yield Found("REST key", "the secret of the routing key holds none", "warning", names)


def _secret(deployed: Deployed) -> str:
    return deployed.outputs.get("RoutingKeySecret", "SECRET")


def topics(case: Case) -> Iterator[Found]:
    """Every topic is there, and has a reader who confirmed the subscription."""
    deployed = case.account.deployed
    if not isinstance(deployed, Deployed):
        return
    for name in dict.fromkeys((*TOPICS, *deployed.topics)):
        arn = deployed.outputs.get(name, "")
        told = unread(deployed.topics.get(name, "not here")) if arn else "is no output of the stack"
        if told:
            grade: Grade = "critical" if name == EMERGENCY else "warning"
            yield Found(name, told, grade, {"arn": arn or "ARN"})


def unread(readers: Read[Subscriptions | Gone]) -> str:
    """Why nobody reads a topic; empty where somebody does, or where that could not be read."""
    if readers == "not here":
        return "is not there"
    if isinstance(readers, Subscriptions) and not readers.confirmed:
        return f"has no confirmed reader, and {readers.pending} who were asked"
    return ""


CHECKS = (
    Check(
        name="routing-key",
        ask=routing_key,
        severity="critical",
        consequence="nothing is paged",
        remedy="put the key with the command of the output SetRoutingKey: {secret}",
    ),
    Check(
        name="rest-key",
        ask=rest_key,
        severity="warning",
        consequence="no update is a note on its PagerDuty incident; change events go out as before",
        remedy='put {{"routing_key": "...", "rest_key": "..."}} into {secret}, the second from'
        " PagerDuty's page API Access Keys",
    ),
    Check(
        name="topic",
        ask=topics,
        severity="critical for the emergency topic, else a warning",
        consequence="what it tells reaches nobody; the emergency topic is all that is left of a P1",
        remedy="aws sns subscribe --topic-arn {arn} --protocol email --notification-endpoint YOU"
        " {region};"
        " where it is not there, {deploy} --revert-drift first",
    ),
)
