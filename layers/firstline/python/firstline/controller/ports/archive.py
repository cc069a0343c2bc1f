"""The archive's ports: objects that are put once, and the key that signs checkpoints."""

from typing import Protocol

from firstline.ids import Digest


class Archive(Protocol):
    """The locked bucket. All methods raise `DependencyUnavailable`."""

    def put(self, key: str, body: bytes) -> bool:
        """Put an object if there is none; return False if there is one, which stays unchanged."""

    def get(self, key: str) -> bytes | None:
        """The object; None if there is none."""

    def keys(self, prefix: str) -> tuple[str, ...]:
        """All keys with that prefix, sorted."""

    def first(self, prefix: str) -> str | None:
        """The first of them."""


class Signer(Protocol):
    """The private key, which never leaves KMS: RSASSA-PKCS1-v1_5 with SHA-256."""

    def sign(self, digest: Digest) -> bytes:
        """The signature of the message with this SHA-256; raises `DependencyUnavailable`."""

    def public_key(self) -> bytes:
        """Its public half, a SubjectPublicKeyInfo; raises `DependencyUnavailable`."""
