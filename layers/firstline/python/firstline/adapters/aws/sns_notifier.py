"""SNS's notifier: messages for an e-mail, a chat or a queue behind the team's topic."""

from typing import Protocol

from firstline.notifications.delivery import Delivery
from firstline.notifications.notification import Notification

SUBJECT_CHARACTERS_MAX = 100


class Topic(Protocol):
    """One topic. A method makes exactly one remote request."""

    def publish(self, subject: str, message: str) -> Delivery:
        """Publish it once."""


class SnsNotifier:
    """A notification as a mail: a subject, and a text with one fact per line."""

    def __init__(self, topic: Topic) -> None:
        self.topic = topic

    def deliver(self, notification: Notification) -> Delivery:
        """Publish it once."""
        return self.topic.publish(_subject(notification), _text(notification))


def _subject(notification: Notification) -> str:
    """Printable ASCII of at most 100 characters (SNS API, Publish)."""
    summary = notification.summary
    printable = "".join(each if " " <= each <= "~" else "?" for each in summary)
    return printable[:SUBJECT_CHARACTERS_MAX]


def _text(notification: Notification) -> str:
    facts = (f"{name}: {value}" for name, value in notification.details.items())
    lines = notification.lines or (f"incident: {notification.key}", *facts)
    return "\n".join((notification.summary, *lines))
