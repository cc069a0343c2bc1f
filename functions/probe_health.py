"""Lambda: the schedule to one GET of a fixed address, and metrics of its answer."""

import os
import ssl

from firstline.adapters import http_probe
from firstline.config.probe_settings import ProbeSettings
from firstline.errors import InvalidInput
from firstline.monitoring import http_probe as probe_health
from functions.emf import emit
from functions.log import logger


def handler(event: object, context: object, settings: ProbeSettings | None = None) -> None:
    """Probe once. An invalid configuration raises, and alarms on missing metrics report it."""
    del event, context
    settings = settings or ProbeSettings.read(os.environ)
    if settings.health is None:
        raise InvalidInput(f"{settings.variable} has no `health`: set the address to probe")
    reading = http_probe.probe(settings.health, ssl.create_default_context())
    why = reading.why if isinstance(reading, probe_health.NoResponse) else ""
    logger().info("probed", outcome=probe_health.outcome(reading), why=why)
    emit(settings.fleet, probe_health.metrics(reading))
