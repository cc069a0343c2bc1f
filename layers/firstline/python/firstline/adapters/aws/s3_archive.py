"""Archive: the locked bucket, with objects that are put once (S3's conditional writes)."""

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from firstline.adapters.aws import errors
from firstline.adapters.aws.errors import require_key, unavailable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import ListObjectsV2OutputTypeDef, ObjectTypeDef

PRECONDITION_FAILED = 412
NO_OBJECT = "NoSuchKey"
"""S3's code for a missing key; a missing bucket has another code, with the same status."""
_TYPES = {
    "html": "text/html; charset=utf-8",
    "ics": "text/calendar; charset=utf-8",
    "json": "application/json",
    "md": "text/markdown; charset=utf-8",
    "toml": "application/toml",
}
"""The content type of an object, by the end of its key."""


class S3Archive:
    """The `Archive` port. The bucket's default retention locks each object."""

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def put(self, key: str, body: bytes) -> bool:
        """Put with ``If-None-Match: *``.

        A retry after a lost answer meets its own object and returns False, so the caller compares.
        So does one that loses a race (412); during a race S3 answers 409, which is
        `DependencyUnavailable`.
        """
        with unavailable("archive"):
            try:
                stored = self._client.put_object(
                    Bucket=self._bucket,
                    Key=key,
                    Body=body,
                    IfNoneMatch="*",
                    ChecksumAlgorithm="SHA256",
                    ContentType=_TYPES.get(key.rpartition(".")[2], "application/octet-stream"),
                )
            except ClientError as error:
                if errors.status(error) == PRECONDITION_FAILED:
                    return False
                raise
            require_key(stored, "ETag")
        return True

    def get(self, key: str) -> bytes | None:
        """The object's latest version."""
        with unavailable("archive"):
            try:
                return self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read()
            except ClientError as error:
                if errors.code(error) == NO_OBJECT:
                    return None
                raise

    def keys(self, prefix: str) -> tuple[str, ...]:
        """All pages of one list."""
        with unavailable("archive"):
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=prefix
            )
            return tuple(each["Key"] for page in pages for each in _objects_on(page))

    def first(self, prefix: str) -> str | None:
        """A list of one."""
        with unavailable("archive"):
            answer = self._client.list_objects_v2(Bucket=self._bucket, Prefix=prefix, MaxKeys=1)
            objects = _objects_on(answer)
            return objects[0]["Key"] if objects else None


def _objects_on(page: "ListObjectsV2OutputTypeDef") -> "Sequence[ObjectTypeDef]":
    """The objects on *page*; raises `KeyError`, since only an empty page omits them."""
    return page["Contents"] if page["KeyCount"] else ()
