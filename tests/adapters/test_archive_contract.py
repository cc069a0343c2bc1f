"""The archive's bucket and key, on memory and on S3 and KMS: one request each, put once."""

import base64
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from boto3.session import Session
from botocore.exceptions import ReadTimeoutError
from botocore.session import Session as BotocoreSession
from moto import mock_aws

from firstline.adapters.aws import clients
from firstline.adapters.aws.kms_signer import KmsSigner
from firstline.adapters.aws.s3_archive import S3Archive
from firstline.controller.ports.archive import Archive, Signer
from firstline.errors import DependencyUnavailable
from firstline.ids import Digest, digest
from firstline.lab.twin.archive import MemoryArchive
from firstline.ledger import verify
from tests.adapters.backends import Ends, Http, Requests

BUCKET = "archive"


@pytest.fixture
def session() -> Iterator[Session]:
    """AWS is moto, with a bucket that locks what is put."""
    with mock_aws():
        made = Session("x", "x", region_name="us-east-1", botocore_session=BotocoreSession())
        s3 = made.client("s3")
        s3.create_bucket(Bucket=BUCKET, ObjectLockEnabledForBucket=True)
        s3.put_object_lock_configuration(
            Bucket=BUCKET,
            ObjectLockConfiguration={
                "ObjectLockEnabled": "Enabled",
                "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1}},
            },
        )
        yield made


@pytest.fixture
def s3(session: Session) -> Archive:
    return S3Archive(clients.archive(session), BUCKET)


@pytest.fixture
def memory() -> Archive:
    return MemoryArchive()


@pytest.fixture(params=["s3", "memory"])
def archive(request: pytest.FixtureRequest) -> Archive:
    chosen: Archive = request.getfixturevalue(request.param)
    return chosen


def test_an_object_is_put_once(archive: Archive) -> None:
    """The second put, of the same body or of another, leaves the first."""
    assert archive.get("entries/a/1.json") is None
    assert archive.put("entries/a/1.json", b"one") is True
    assert archive.put("entries/a/1.json", b"one") is False
    assert archive.put("entries/a/1.json", b"two") is False
    assert archive.get("entries/a/1.json") == b"one"


def test_keys_are_listed_by_prefix_in_order(archive: Archive) -> None:
    assert archive.keys("entries/") == ()
    assert archive.first("entries/") is None
    for key in ("entries/b/2", "entries/a/1", "entries/b/1", "policies/x"):
        archive.put(key, b"")
    assert archive.keys("entries/") == ("entries/a/1", "entries/b/1", "entries/b/2")
    assert archive.keys("entries/b/") == ("entries/b/1", "entries/b/2")
    assert archive.first("entries/b") == "entries/b/1"


METHODS: dict[str, Callable[[Archive], object]] = {
    "PutObject": lambda archive: archive.put("k", b"v"),
    "GetObject": lambda archive: archive.get("k"),
    "ListObjectsV2": lambda archive: archive.keys(""),
    "ListObjectsV2: first": lambda archive: archive.first(""),
}


def test_each_method_is_one_request(session: Session, s3: Archive) -> None:
    requests = Requests(services=("s3",))
    requests.listen(session)
    for method in METHODS.values():
        method(s3)
    assert requests.sends == [f"s3.{name.partition(':')[0]}" for name in METHODS]


def test_a_long_list_is_read_in_pages() -> None:
    """A page has the token of the next one."""
    pages: list[dict[str, object]] = [
        {
            "Contents": [{"Key": "a"}],
            "KeyCount": 1,
            "IsTruncated": True,
            "NextContinuationToken": "after a",
        },
        {"Contents": [{"Key": "b"}], "KeyCount": 1, "IsTruncated": False},
    ]
    ends = Ends(pages)
    assert S3Archive(clients.archive(ends.session), BUCKET).keys("") == ("a", "b")
    assert ends.sends == 2


def test_what_is_put_is_locked_with_a_checksum(session: Session, s3: Archive) -> None:
    """By the bucket's own default: it cannot be removed before its time."""
    s3.put("k", b"v")
    client = session.client("s3")
    (version,) = client.list_object_versions(Bucket=BUCKET)["Versions"]
    with pytest.raises(client.exceptions.ClientError, match="AccessDenied"):
        client.delete_object(Bucket=BUCKET, Key="k", VersionId=version["VersionId"])
    head = client.head_object(Bucket=BUCKET, Key="k", ChecksumMode="ENABLED")
    assert head["ObjectLockMode"] == "GOVERNANCE"
    assert head["ObjectLockRetainUntilDate"] > datetime.now(UTC) + timedelta(hours=23)
    assert head["ChecksumSHA256"]


ENDS: list[Http | Exception] = [
    Http(409, "<Error><Code>ConditionalRequestConflict</Code></Error>"),
    Http(403, "<Error><Code>AccessDenied</Code></Error>"),
    Http(404, "<Error><Code>NoSuchBucket</Code></Error>"),
    Http(503, "<Error><Code>SlowDown</Code></Error>"),
    ReadTimeoutError(endpoint_url="https://s3.invalid"),
]


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("name", METHODS)
def test_all_else_is_unavailable(name: str, end: Http | Exception) -> None:
    """No answer is never taken for *there is none*, nor for *it was put*."""
    archive = S3Archive(clients.archive(Ends(end).session), BUCKET)
    with pytest.raises(DependencyUnavailable, match="archive: "):
        METHODS[name](archive)


def test_a_put_whose_answer_was_lost_may_be_sent_again() -> None:
    """A second sending finds the first, and says that something is there: who puts compares."""
    ends = Ends(ReadTimeoutError(endpoint_url="https://s3.invalid"))
    with pytest.raises(DependencyUnavailable):
        S3Archive(clients.archive(ends.session), BUCKET).put("k", b"v")
    assert ends.sends == 3
    lost = Ends(Http(412, "<Error><Code>PreconditionFailed</Code></Error>"))
    assert S3Archive(clients.archive(lost.session), BUCKET).put("k", b"v") is False


@pytest.mark.parametrize("spec", ["RSA_2048", "RSA_3072"])
def test_what_kms_signs_the_verifier_takes(session: Session, spec: str) -> None:
    """One request, of a digest; the key as KMS gives it; another text or key is refused.

    moto hashes a digest once more, as if it was the text.
    """
    kms = session.client("kms")
    keys = [
        kms.create_key(KeySpec=spec, KeyUsage="SIGN_VERIFY")["KeyMetadata"]["Arn"]  # type: ignore[arg-type]
        for _ in range(2)
    ]
    ours, theirs = (verify.read_key(kms.get_public_key(KeyId=each)["PublicKey"]) for each in keys)
    requests = Requests(services=("kms",))
    requests.listen(session)
    asked: list[dict[str, object]] = []
    session.events.register(
        "before-parameter-build.kms.Sign", lambda params, **_: asked.append(dict(params))
    )
    signer: Signer = KmsSigner(clients.signing(session), keys[0])
    of = digest(b"text")
    signed = base64.b64encode(signer.sign(of)).decode()
    assert requests.sends == ["kms.Sign"]
    assert asked == [
        {
            "KeyId": keys[0],
            "Message": bytes.fromhex(of),
            "MessageType": "DIGEST",
            "SigningAlgorithm": "RSASSA_PKCS1_V1_5_SHA_256",
        }
    ]
    assert verify.read_key(signer.public_key()) == ours
    assert requests.sends == ["kms.Sign", "kms.GetPublicKey"]
    assert verify.signed_by(ours, bytes.fromhex(of), signed)
    assert not verify.signed_by(ours, b"text", signed)
    assert not verify.signed_by(theirs, bytes.fromhex(of), signed)


def test_a_key_that_cannot_be_used_is_unavailable() -> None:
    ends = Ends(Http(400, '{"__type": "DisabledException"}'))
    with pytest.raises(DependencyUnavailable, match="signing key: DisabledException"):
        KmsSigner(clients.signing(ends.session), "key").sign(Digest("0" * 64))
    with pytest.raises(DependencyUnavailable, match="signing key: DisabledException"):
        KmsSigner(clients.signing(ends.session), "key").public_key()
