"""A page as each vendor is sent it."""

from firstline.adapters.aws.sns_notifier import SnsNotifier
from firstline.adapters.pagerduty import notifier
from firstline.incidents.incident import Page
from firstline.notifications.delivery import Accepted, Delivery
from firstline.notifications.notification import notification
from firstline.notifications.origin import Origin


class Mailbox:
    """A topic that keeps its last message."""

    mail = ("", "")

    def publish(self, subject: str, message: str) -> Delivery:
        self.mail = subject, message
        return Accepted()


def body(page: Page, origin: Origin) -> dict[str, object]:
    """PagerDuty's event."""
    return notifier.event(notification(page, origin))


def minimal_body(page: Page, origin: Origin) -> dict[str, object]:
    """PagerDuty's event after it refused the other."""
    return notifier.least_event(notification(page, origin))


def change_body(page: Page, origin: Origin) -> dict[str, object]:
    """PagerDuty's change event."""
    return notifier.change_event(notification(page, origin))


def notice(page: Page, origin: Origin) -> tuple[str, str]:
    """Subject and text of a mail by SNS."""
    mailbox = Mailbox()
    assert SnsNotifier(mailbox).deliver(notification(page, origin)) == Accepted()
    return mailbox.mail
