"""Topics that people read, each with the one reader whom the operator may name."""

from aws_cdk import CfnOutput, RemovalPolicy, Stack
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from infra.nag import accept


def read_by(scope: Construct, name: str, email: str) -> sns.Topic:
    """The topic *name*, whose output is named after it, and which *email* reads.

    It holds no more than a page does, and no key encrypts it: EventBridge may write to it as well.
    """
    topic = sns.Topic(scope, name, enforce_ssl=True)
    subscribe(topic, email)
    CfnOutput(Stack.of(scope), f"{name}Topic", value=topic.topic_arn)
    return topic


def subscribe(topic: sns.Topic, email: str) -> None:
    """Let *email* read *topic*; without one, the fleet file states that others subscribe to it.

    A template without the subscription does not end it: only a person does, who unsubscribes.
    """
    if not email:
        return
    subscription = topic.add_subscription(subscriptions.EmailSubscription(email))
    subscription.apply_removal_policy(RemovalPolicy.RETAIN)
    unread = "a queue for mail that was not delivered is one more place where nobody looks"
    accept(subscription, "Serverless-SNSRedrivePolicy", unread)
