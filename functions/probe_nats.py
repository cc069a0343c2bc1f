"""Lambda: the schedule to one request to the fleet over NATS, and metrics of its answer."""

import asyncio
import os
import secrets
import ssl
from datetime import UTC, datetime

from boto3.session import Session

from firstline.adapters.aws import clients, nats_credentials
from firstline.adapters.nats import probe as nats_client
from firstline.config.probe_settings import NatsTarget, ProbeSettings
from firstline.errors import InvalidInput
from firstline.monitoring import nats_probe
from firstline.monitoring.nats_credentials import Credentials, days_left, expires_at
from firstline.monitoring.nats_probe import NatsReading
from functions.emf import emit
from functions.log import logger


def handler(event: object, context: object, settings: ProbeSettings | None = None) -> None:
    """Probe once. An invalid configuration raises, and alarms on missing metrics report it."""
    del event, context
    settings = settings or ProbeSettings.read(os.environ)
    if settings.nats is None:
        raise InvalidInput(f"{settings.variable} has no `nats`: set the server to probe")
    credentials, now = _credentials(settings.nats.credentials_parameter), datetime.now(UTC)
    reading, servers = asyncio.run(_ask(settings.nats, credentials, now))
    stalled = {each.consumer.consumer: each.stalled for each in reading.backlogs if each.stalled}
    logger().info("probed", outcome=nats_probe.outcome(reading), why=reading.why, stalled=stalled)
    end = expires_at(credentials) if credentials else None
    emit(settings.fleet, nats_probe.metrics(reading, days_left(end, now) if end else None, servers))


async def _ask(
    target: NatsTarget, credentials: Credentials | None, now: datetime
) -> tuple[NatsReading, int | None]:
    """Probe the fleet, and the servers if the profile says so, at the same time."""
    tls = ssl.create_default_context()
    answer = nats_client.probe(target, credentials, tls, secrets.token_hex(16), now)
    system = _credentials(target.system_credentials_parameter)
    if system is None:
        return await answer, None
    reading, servers = await asyncio.gather(answer, nats_client.count_servers(target, system, tls))
    return reading, servers


def _credentials(parameter: str | None) -> Credentials | None:
    if parameter is None:
        return None
    return nats_credentials.fetch(clients.answers(Session()), parameter)
