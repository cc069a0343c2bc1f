"""The team's SNS topic: the channels ``team`` and ``digest``."""

from firstline.adapters.aws import clients
from firstline.adapters.aws.sns_notifier import SnsNotifier
from firstline.adapters.aws.sns_topic import SnsTopic
from firstline.adapters.notifiers.context import Context


def notifier(context: Context) -> SnsNotifier:
    """The notifier of the topic in the settings."""
    client = clients.team(context.session)
    return SnsNotifier(SnsTopic(client, context.settings.team_topic))
