import base64
import json
from datetime import UTC, datetime, timedelta

import pytest

from firstline.monitoring.nats_credentials import Credentials, days_left, expires_at, parse

NOW = datetime(2026, 3, 11, 4, 18, tzinfo=UTC)


def jwt(claims: bytes) -> Credentials:
    payload = base64.urlsafe_b64encode(claims).rstrip(b"=").decode()
    return Credentials(f"eyJ0eXAiOiJKV1QifQ.{payload}.c2ln", "SUASEED")


def claims(**fields: object) -> Credentials:
    return jwt(json.dumps({"sub": "U", **fields}).encode())


def test_a_creds_file_gives_its_two_parts() -> None:
    """Whatever stands around them."""
    text = (
        "-----BEGIN NATS USER JWT-----\na.b.c\n------END NATS USER JWT------\n\n"
        "***** IMPORTANT *****\n\n"
        "-----BEGIN USER NKEY SEED-----\r\nSUASEED\r\n------END USER NKEY SEED------\n"
    )
    assert parse(text) == Credentials("a.b.c", "SUASEED")


@pytest.mark.parametrize(
    "text", ["", "a.b.c", "-----BEGIN NATS USER JWT-----\na.b.c\n------END NATS USER JWT------\n"]
)
def test_what_is_no_creds_file_gives_none(text: str) -> None:
    """Half of one included: the client would search such a text for ever."""
    assert parse(text) is None


def test_credentials_show_nothing() -> None:
    """Not even in a traceback."""
    assert repr(Credentials("a.b.c", "SUASEED")) == "Credentials(...)"


def test_days_are_counted_to_exp() -> None:
    """And below nothing when it has passed."""
    end = expires_at(claims(exp=int((NOW + timedelta(days=6, hours=12)).timestamp())))
    assert end is not None
    assert days_left(end, NOW) == 6.5
    assert days_left(end, NOW + timedelta(days=7)) == -0.5


@pytest.mark.parametrize(
    "credentials",
    [
        claims(),
        claims(exp=0),
        claims(exp="soon"),
        claims(exp=10**17),
        jwt(b"{"),
        jwt(b"[" * 200_000),
        Credentials("no-parts", "SUASEED"),
        Credentials("a.\u00e9\u00e9.c", "SUASEED"),
    ],
    ids=["absent", "never", "text", "beyond", "cut", "deep", "no JWT", "not ASCII"],
)
def test_without_a_readable_exp_there_is_no_end(credentials: Credentials) -> None:
    """Nothing is raised that could carry a part of it."""
    assert expires_at(credentials) is None
