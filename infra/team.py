"""The team's topic: what is minor is told there, and wakes nobody."""

from aws_cdk import Annotations, CfnOutput, Stack
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from infra.nag import accept


def team_topic(scope: Construct, email: str | None) -> sns.Topic:
    """The topic, and who reads it; it holds no more than a page does, and no key encrypts it."""
    topic = sns.Topic(scope, "Team", enforce_ssl=True)
    if email is None:
        warning = "nobody hears the team's topic: set the context team_email, or subscribe"
        Annotations.of(topic).add_warning_v2("firstline:team-email", warning)
    else:
        subscription = topic.add_subscription(subscriptions.EmailSubscription(email))
        unread = "a queue for mail that was not delivered is one more place where nobody looks"
        accept(subscription, "Serverless-SNSRedrivePolicy", unread)
    CfnOutput(Stack.of(scope), "TeamTopic", value=topic.topic_arn)
    return topic
