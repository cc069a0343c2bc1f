"""PagerDuty: the channels ``pager``, ``change`` and ``note``."""

from firstline.adapters.aws import clients
from firstline.adapters.aws.routing_key import RoutingKey
from firstline.adapters.notifiers.context import Context
from firstline.adapters.pagerduty.events_client import PagerDutyApi
from firstline.adapters.pagerduty.notifier import PagerDutyNotifier


def notifier(context: Context) -> PagerDutyNotifier:
    """The notifier of the integration whose key the settings' secret holds."""
    settings, session, clock, patience = context
    key = RoutingKey(settings.routing_key_secret, clients.secrets(session), clock)
    api = PagerDutyApi(settings.pager_url, key, patience, settings.pager_notes_from)
    return PagerDutyNotifier(api)
