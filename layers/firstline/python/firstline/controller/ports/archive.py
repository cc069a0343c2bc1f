"""The archive: objects that are put once, and the key that signs what they say together."""

from typing import Protocol

from firstline.ids import Digest


class Archive(Protocol):
    """The locked bucket. All methods raise `DependencyUnavailable`."""

    def put(self, key: str, body: bytes) -> bool:
        """Put an object where there is none; False when there is one, which stays as it is."""

    def get(self, key: str) -> bytes | None:
        """The object; None if there is none."""

    def keys(self, prefix: str) -> tuple[str, ...]:
        """All keys that begin so, in the order of their names."""

    def first(self, prefix: str) -> str | None:
        """The first of them."""


class Signer(Protocol):
    """The private key, which nobody has: RSASSA-PKCS1-v1_5 with SHA-256."""

    def sign(self, of: Digest) -> bytes:
        """The signature of what has this SHA-256; raises `DependencyUnavailable`."""

    def public_key(self) -> bytes:
        """Its public half, a SubjectPublicKeyInfo; raises `DependencyUnavailable`."""
