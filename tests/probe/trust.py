"""An operator, its account and its users, as nsc makes them: JWTs signed by nkeys.

The claims are those of https://docs.nats.io/running-a-nats-service/configuration/securing_nats
"""

import base64
import hashlib
import json
import os
from typing import Any

import nkeys


class Key:
    """A key pair: of an operator, an account or a user."""

    def __init__(self, prefix: int) -> None:
        self.seed: bytes = nkeys.encode_seed(os.urandom(32), prefix)
        self.pair = nkeys.from_seed(bytearray(self.seed))
        self.public: str = self.pair.public_key.decode()


def signed(by: Key, subject: Key, claims: dict[str, Any], **fields: object) -> str:
    """A JWT about *subject*."""
    body: dict[str, Any] = {"iss": by.public, "sub": subject.public, "iat": 1, "name": "test"}
    body |= {**fields, "nats": {**claims, "version": 2}}
    body["jti"] = base64.b32encode(hashlib.sha256(json.dumps(body).encode()).digest()).decode()
    head = _encoded(json.dumps({"typ": "JWT", "alg": "ed25519-nkey"}).encode())
    result = f"{head}.{_encoded(json.dumps(body).encode())}"
    return f"{result}.{_encoded(by.pair.sign(result.encode()))}"


class Trust:
    """One operator and one account, which may have so many *connections*; -1 is any number."""

    def __init__(self, connections: int = -1) -> None:
        self._connections = connections
        self._operator, self._account = (
            Key(nkeys.PREFIX_BYTE_OPERATOR),
            Key(nkeys.PREFIX_BYTE_ACCOUNT),
        )

    @property
    def account(self) -> str:
        """The account's public key."""
        return self._account.public

    def configuration(self) -> str:
        """What a server needs to know of them."""
        unlimited = dict.fromkeys(("subs", "data", "payload", "imports", "exports", "leaf"), -1)
        operator = signed(self._operator, self._operator, {"type": "operator"})
        limits = {
            "limits": unlimited | {"conn": self._connections, "wildcards": True},
            "type": "account",
        }
        account = signed(self._operator, self._account, limits)
        return (
            f"operator: {operator}\nresolver: MEMORY\n"
            f"resolver_preload: {{ {self._account.public}: {account} }}"
        )

    def creds(self, exp: int, publish: tuple[str, ...] = (">",), subscriptions: int = -1) -> str:
        """A user's ``.creds`` file, good until *exp*, with what it may *publish* to.

        It may have so many *subscriptions*; -1 is any number.
        """
        user = Key(nkeys.PREFIX_BYTE_USER)
        claims = {
            "pub": {"allow": publish},
            "sub": {},
            "subs": subscriptions,
            "data": -1,
            "payload": -1,
        }
        jwt = signed(self._account, user, claims | {"type": "user"}, exp=exp)
        return (
            f"-----BEGIN NATS USER JWT-----\n{jwt}\n------END NATS USER JWT------\n\n"
            f"-----BEGIN USER NKEY SEED-----\n{user.seed.decode()}\n"
            "------END USER NKEY SEED------\n"
        )


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
