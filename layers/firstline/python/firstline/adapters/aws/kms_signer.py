"""Signer: an asymmetric key of KMS, which never leaves it."""

from typing import TYPE_CHECKING

from firstline.adapters.aws.errors import unavailable
from firstline.ids import Digest

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient


class KmsSigner:
    """The `Signer` port. It sends a digest, since a message is limited to 4096 bytes."""

    def __init__(self, client: "KMSClient", key: str) -> None:
        self._client = client
        self._key = key

    def sign(self, digest: Digest) -> bytes:
        """Sign the digest."""
        with unavailable("signing key"):
            return self._client.sign(
                KeyId=self._key,
                Message=bytes.fromhex(digest),
                MessageType="DIGEST",
                SigningAlgorithm="RSASSA_PKCS1_V1_5_SHA_256",
            )["Signature"]

    def public_key(self) -> bytes:
        """The public key in DER."""
        with unavailable("signing key"):
            return self._client.get_public_key(KeyId=self._key)["PublicKey"]
