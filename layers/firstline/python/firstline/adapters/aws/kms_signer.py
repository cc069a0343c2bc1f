"""Signer: an asymmetric key of KMS, which no one can take out of it."""

from typing import TYPE_CHECKING

from firstline.adapters.aws.errors import unavailable
from firstline.ids import Digest

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient


class KmsSigner:
    """The `Signer` port. A digest is sent, for a message may have 4096 bytes at most."""

    def __init__(self, client: "KMSClient", key: str) -> None:
        self._client = client
        self._key = key

    def sign(self, of: Digest) -> bytes:
        """Sign the digest."""
        with unavailable("signing key"):
            return self._client.sign(
                KeyId=self._key,
                Message=bytes.fromhex(of),
                MessageType="DIGEST",
                SigningAlgorithm="RSASSA_PKCS1_V1_5_SHA_256",
            )["Signature"]

    def public_key(self) -> bytes:
        """As KMS gives it, in DER."""
        with unavailable("signing key"):
            return self._client.get_public_key(KeyId=self._key)["PublicKey"]
