"""People: whether a page can leave, and whether somebody reads the topics."""

from collections.abc import Iterator

from firstline.checkup.facts import Deployed, Subscriptions, Unread
from firstline.checkup.finding import Case, Check, Found, Grade

EMERGENCY = "EmergencyTopic"


def routing_key(case: Case) -> Iterator[Found]:
    """PagerDuty's routing key is set, and looks like one. Its value is never told."""
    deployed = case.account.deployed
    if not isinstance(deployed, Deployed) or isinstance(deployed.routing_key, Unread):
        return
    if deployed.routing_key != "set":
        secret = deployed.outputs.get("RoutingKeySecret", "SECRET")
        told = f"is {deployed.routing_key}: 32 letters and digits are one"
        yield Found("routing key", told, "critical", {"secret": secret})


def topics(case: Case) -> Iterator[Found]:
    """Every topic has a reader who confirmed the subscription."""
    deployed = case.account.deployed
    if not isinstance(deployed, Deployed):
        return
    for name, readers in deployed.topics.items():
        if isinstance(readers, Subscriptions) and not readers.confirmed:
            told = f"has no confirmed reader, and {readers.pending} who were asked"
            grade: Grade = "critical" if name == EMERGENCY else "warning"
            yield Found(name, told, grade, {"arn": deployed.outputs[name]})


CHECKS = (
    Check(
        name="routing-key",
        ask=routing_key,
        severity="critical",
        consequence="nothing is paged",
        remedy="put the key with the command of the output SetRoutingKey: {secret}",
    ),
    Check(
        name="topic",
        ask=topics,
        severity="critical for the emergency topic, else a warning",
        consequence="what it tells reaches nobody; the emergency topic is all that is left of a P1",
        remedy="aws sns subscribe --topic-arn {arn} --protocol email --notification-endpoint YOU",
    ),
)
