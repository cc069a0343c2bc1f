"""The keys of the pager, out of Secrets Manager: of its integration, and of its REST API."""

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
    """The key that the secret *secret_id* holds: bare, or as JSON ``{"routing_key": …}``.

    The JSON may have a ``rest_key`` as well, which notes on incidents are written with.
    """

    def __init__(self, secret_id: str, secrets: "SecretsManagerClient", clock: Clock) -> None:
        self._secret_id = secret_id
        self._secrets = secrets
        self._clock = clock
        self._kept: _CachedKeys | None = None
        self._doubted = False

    def read(self) -> str:
        """The key, at most five minutes old, or older when the secret cannot be read just now.

        Raises `DependencyUnavailable` when there is none at all.
        """
        return self._held().keys.routing_key

    def rest(self) -> str:
        """The REST API's key, as old; empty where the secret holds none.

        Raises `DependencyUnavailable`.
        """
        return self._held().keys.rest_key

    def _held(self) -> "_CachedKeys":
        now = self._clock.now()
        kept = self._kept
        if kept and not self._doubted and timedelta() <= now - kept.read_at < _CACHE_DURATION:
            return kept
        try:
            kept = self._kept = _CachedKeys(self._read_secret(), now)
            self._doubted = False
        except DependencyUnavailable:
            if kept is None:
                raise
        return kept

    def doubt(self) -> None:
        """Have the secret read again at the next `read`: the key may have been changed."""
        self._doubted = True

    def _read_secret(self) -> "Keys":
        with unavailable(f"the secret {self._secret_id} cannot be read"):
            answer = self._secrets.get_secret_value(SecretId=self._secret_id)
            # a secret of bytes has no string, and holds no key
            keys = parse_keys(answer.get("SecretString", "").strip())
        if keys is None:
            raise DependencyUnavailable(
                f"the secret {self._secret_id} holds no routing key: store the integration key of "
                'an Events API v2 integration, 32 letters and digits, or {"routing_key": "<it>"}'
            )
        return keys


class Keys(msgspec.Struct, frozen=True):
    """What the secret holds; it is also the secret's JSON form."""

    routing_key: str
    rest_key: str = ""


class _CachedKeys(msgspec.Struct, frozen=True):
    """Keys, and when they were read."""

    keys: Keys
    read_at: datetime


def parse_keys(secret: str) -> Keys | None:
    """The keys in *secret*, bare or as JSON; None where it holds no routing key."""
    keys = Keys(secret)
    if secret.startswith("{"):
        try:
            keys = msgspec.json.decode(secret, type=Keys)
        except (msgspec.DecodeError, RecursionError):
            return None
    return keys if _ROUTING_KEY.fullmatch(keys.routing_key) else None
