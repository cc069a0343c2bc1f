"""The routing key of the pager's integration, out of Secrets Manager."""

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from firstline.adapters.aws.errors import unavailable
from firstline.controller.ports.people import Clock
from firstline.errors import Unavailable

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

_KEPT = timedelta(minutes=5)
_ROUTING_KEY = re.compile(r"[0-9A-Za-z]{32}")


class RoutingKey:
    """The key that the secret *secret_id* holds: bare, or as JSON ``{"routing_key": …}``."""

    def __init__(self, secret_id: str, secrets: "SecretsManagerClient", clock: Clock) -> None:
        self._secret_id = secret_id
        self._secrets = secrets
        self._clock = clock
        self._kept: _Kept | None = None
        self._doubted = False

    def read(self) -> str:
        """The key, at most five minutes old, or older when the secret cannot be read just now.

        Raises `Unavailable` when there is none at all.
        """
        now = self._clock.now()
        kept = self._kept
        if kept and not self._doubted and timedelta() <= now - kept.read_at < _KEPT:
            return kept.routing_key
        try:
            kept = self._kept = _Kept(self._read_secret(), now)
            self._doubted = False
        except Unavailable:
            if kept is None:
                raise
        return kept.routing_key

    def doubt(self) -> None:
        """Have the secret read again at the next `read`: the key may have been changed."""
        self._doubted = True

    def _read_secret(self) -> str:
        with unavailable(f"the secret {self._secret_id} cannot be read"):
            answer = self._secrets.get_secret_value(SecretId=self._secret_id)
            # a secret of bytes has no string, and holds no key
            key = key_in(answer.get("SecretString", "").strip())
        if key is None:
            raise Unavailable(
                f"the secret {self._secret_id} holds no routing key: store the integration key of "
                'an Events API v2 integration, 32 letters and digits, or {"routing_key": "<it>"}'
            )
        return key


class _Kept(msgspec.Struct, frozen=True):
    """A routing key and when it was read."""

    routing_key: str
    read_at: datetime


class _Secret(msgspec.Struct, frozen=True):
    """The secret's JSON form."""

    routing_key: str


def key_in(secret: str) -> str | None:
    """The routing key in *secret*, bare or as JSON; None where it holds none."""
    if secret.startswith("{"):
        try:
            secret = msgspec.json.decode(secret, type=_Secret).routing_key
        except (msgspec.DecodeError, RecursionError):
            return None
    return secret if _ROUTING_KEY.fullmatch(secret) else None
