"""PagerDuty's keys from Secrets Manager: of its integration, and of its REST API."""

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from firstline.adapters.aws.errors import unavailable
from firstline.controller.ports.messaging import Clock
from firstline.errors import DependencyUnavailable

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

_CACHE_DURATION = timedelta(minutes=5)
_ROUTING_KEY = re.compile(r"[0-9A-Za-z]{32}")


class RoutingKey:
    """The key in the secret *secret_id*: bare, or as JSON ``{"routing_key": …}``.

    The JSON may also have a ``rest_key``, for notes on incidents.
    """

    def __init__(self, secret_id: str, secrets: "SecretsManagerClient", clock: Clock) -> None:
        self._secret_id = secret_id
        self._secrets = secrets
        self._clock = clock
        self._cached: _CachedKeys | None = None
        self._is_stale = False

    def read(self) -> str:
        """The key, at most five minutes old, or older if the secret cannot be read now.

        Raises `DependencyUnavailable` if there is none.
        """
        return self._read_cached().keys.routing_key

    def rest(self) -> str:
        """The REST API's key, of the same age; empty if the secret has none.

        Raises `DependencyUnavailable`.
        """
        return self._read_cached().keys.rest_key

    def _read_cached(self) -> "_CachedKeys":
        now = self._clock.now()
        cached = self._cached
        if cached and not self._is_stale and timedelta() <= now - cached.read_at < _CACHE_DURATION:
            return cached
        try:
            cached = self._cached = _CachedKeys(self._read_secret(), now)
            self._is_stale = False
        except DependencyUnavailable:
            if cached is None:
                raise
        return cached

    def invalidate(self) -> None:
        """Read the secret again at the next `read`, since the key may have changed."""
        self._is_stale = True

    def _read_secret(self) -> "Keys":
        with unavailable(f"the secret {self._secret_id} cannot be read"):
            answer = self._secrets.get_secret_value(SecretId=self._secret_id)
            # a secret of bytes has no string, and holds no key
            keys = parse_keys(answer.get("SecretString", "").strip())
        if keys is None:
            raise DependencyUnavailable(
                f"the secret {self._secret_id} contains no routing key: store the "
                "integration key of "
                'an Events API v2 integration, 32 letters and digits, or {"routing_key": "<it>"}'
            )
        return keys


class Keys(msgspec.Struct, frozen=True):
    """The secret's keys; also its JSON form."""

    routing_key: str
    rest_key: str = ""


class _CachedKeys(msgspec.Struct, frozen=True):
    """Keys, and the instant of their read."""

    keys: Keys
    read_at: datetime


def parse_keys(secret: str) -> Keys | None:
    """The keys in *secret*, bare or as JSON; None without a routing key."""
    keys = Keys(secret)
    if secret.startswith("{"):
        try:
            keys = msgspec.json.decode(secret, type=Keys)
        except (msgspec.DecodeError, RecursionError):
            return None
    return keys if _ROUTING_KEY.fullmatch(keys.routing_key) else None
