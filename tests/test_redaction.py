"""No text that leaves the account names a user, an account or a secret."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstline.redaction import LENGTH_MAX, redact

GUID = "0f3c9a1e-5b7d-4c2a-9e10-aa0000000001"
KEPT = [
    "",
    "restart_enclave on i-0a1b2c3d4e5f60711 has no result yet",
    "5 fixes of the group did not help; the limit is 5",
    "its parent does not work; sg-0123456789abcdef0 lets port 4222 out",
    "pinned since 2026-03-11T04:18:43+00:00",
    "arn:aws:iam::aws:policy/ReadOnlyAccess",
    "the token of one intent; a secret is never told",
    "targetgroup/vettid-enclave/73e2d6bc24d8a067",
    "VettID-Nitro-EnclaveASG-with-a-name-of-many-Words-and-2-Numbers",
]
REPLACED = [
    (f"user {GUID} is stuck", "user [guid] is stuck"),
    (f"user {GUID.upper()}, again", "user [guid], again"),
    (f"OwnerSpace.{GUID}.forVault.pin-unlock failed", "[subject] failed"),
    ("ask dana.o+oncall@vettid.dev now", "ask [mail] now"),
    (
        "arn:aws:sts::111122223333:assumed-role/oncall/dana may not",
        "arn:aws:sts::[account]:assumed-role/oncall/dana may not",
    ),
    (
        "arn:aws-us-gov:kms:us-east-1:111122223333:key/x",
        "arn:aws-us-gov:kms:us-east-1:[account]:key/x",
    ),
    ("account 111122223333 is suspended", "account [account] is suspended"),
    ("Authorization: Bearer abc.def-123456", "Authorization: Bearer [token]"),
    ("eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJ4In0.c2ln is it", "[token] is it"),
    ("AKIAIOSFODNN7EXAMPLE leaked", "[access key] leaked"),
    ("password=hunter2, retry", "password=[secret], retry"),
    ("routing_key_secret: 'abc' failed", "routing_key_secret: [secret] failed"),
    ('{"token": "s3"}', '{"token": [secret]}'),
    ("PIN: 1234", "PIN: [secret]"),
    ("pcr " + "a1" * 48, "pcr [hex]"),
    ("sent wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY1==", "sent [token]"),
    # the shortest of each, and letters that are others' capitals
    ("eyJabcd", "[token]"),
    ("BASIC abcdef", "BASIC [token]"),
    ("pin=1", "pin=[secret]"),
    ("aPiKeY:1", "aPiKeY:[secret]"),
    ("\N{LATIN SMALL LETTER LONG S}ecret=1", "\N{LATIN SMALL LETTER LONG S}ecret=[secret]"),
    ("to\N{KELVIN SIGN}en=1", "to\N{KELVIN SIGN}en=[secret]"),
    ("p\N{LATIN SMALL LETTER DOTLESS I}n=1", "p\N{LATIN SMALL LETTER DOTLESS I}n=[secret]"),
    ("a@b.c", "[mail]"),
    ("_INBOX.x", "[subject]"),
    ("arn:aws:::111122223333", "arn:aws:::[account]"),
    ("0" * 11 + "1", "[account]"),
    ("aA1" + "x" * 29, "[token]"),
    (GUID, "[guid]"),
    ("a1" * 16, "[hex]"),
]


@pytest.mark.parametrize("text", KEPT)
def test_what_is_ours_is_told_as_it_is(text: str) -> None:
    """Names of hosts, of groups, numbers and our own words."""
    assert redact(text) == text


@pytest.mark.parametrize(("text", "told"), REPLACED)
def test_what_is_personal_or_secret_is_replaced_by_what_it_was(text: str, told: str) -> None:
    """And what stands around it stays."""
    assert redact(text) == told


def test_a_control_steers_nothing() -> None:
    """Lines become one; an escape and a turned direction are seen to have been there."""
    mark = "\N{REPLACEMENT CHARACTER}"
    result = redact("one\n\ttwo\x1b[2J\u202ethree")
    assert result == f"one  two{mark}[2J{mark}three"


def test_a_long_text_is_cut_where_it_was_replaced() -> None:
    """Never within a secret, so that no half of one is left."""
    result = redact("x" * (LENGTH_MAX - 10) + f" {GUID} and more")
    assert result == "x" * (LENGTH_MAX - 10) + " [guid] a\N{HORIZONTAL ELLIPSIS}"
    assert len(result) == LENGTH_MAX
    assert redact(f"{'a1' * 1990} {GUID}") == "[hex] "
    assert redact("abcdef", 4) == "abc\N{HORIZONTAL ELLIPSIS}"


@given(st.text(max_size=300), st.text(max_size=300))
def test_no_guid_comes_through_whatever_stands_around_it(before: str, after: str) -> None:
    """Nor where something is glued to it."""
    assert GUID not in redact(f"{before}{GUID}{after}")


@pytest.mark.parametrize("text", ["a" * 4000, "a-" * 2000, "aA1/" * 1000, "a." * 2000, "x_" * 2000])
def test_no_text_takes_long(text: str) -> None:
    """A pattern that backtracks would be slow on these."""
    began = time.process_time()
    redact(text)
    assert time.process_time() - began < 0.5
