"""Topics for people, each with the subscriber that the fleet file names."""

from aws_cdk import CfnOutput, RemovalPolicy, Stack
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from infra.nag import accept


def topic_for(scope: Construct, name: str, email: str) -> sns.Topic:
    """Return the topic *name*, with an output of its name and *email* as its subscriber.

    It holds no more than a page does, and is unencrypted, so that EventBridge can publish to
    it.
    """
    topic = sns.Topic(scope, name, enforce_ssl=True)
    subscribe(topic, email)
    CfnOutput(Stack.of(scope), f"{name}Topic", value=topic.topic_arn)
    return topic


def subscribe(topic: sns.Topic, email: str) -> None:
    """Subscribe *email* to *topic*; without one, the fleet file states that others subscribe.

    Removing the subscription from the template does not end it: only the subscriber can.
    """
    if not email:
        return
    subscription = topic.add_subscription(subscriptions.EmailSubscription(email))
    subscription.apply_removal_policy(RemovalPolicy.RETAIN)
    unread = "a queue for undelivered mail would need a monitor of its own"
    accept(subscription, "Serverless-SNSRedrivePolicy", unread)
