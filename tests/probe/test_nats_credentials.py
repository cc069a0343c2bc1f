"""Who the server takes the probe for, and what of that is ever told."""

import logging
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import nkeys
import pytest

from firstline.adapters.aws import nats_credentials
from firstline.adapters.aws.clients import answers
from firstline.diagnosis.probe_outcome import ProbeOutcome
from firstline.errors import DependencyUnavailable, InvalidInput
from firstline.monitoring.nats_credentials import Credentials, expires_at, parse
from firstline.monitoring.nats_probe import NatsReading, outcome
from tests.adapters.backends import Ends, Http
from tests.probe.fleet import AT, ask, healthy, hung, parents, run, target
from tests.probe.servers import nats_server, slow_line
from tests.probe.trust import Key, Trust

HOUR_SECONDS = 3600


@pytest.fixture(scope="module")
def trust() -> Trust:
    """Whom the server trusts."""
    return Trust()


@pytest.fixture(scope="module")
def guarded_port(tmp_path_factory: pytest.TempPathFactory, trust: Trust) -> Iterator[int]:
    """A server that lets in whom *trust* has made; without JetStream, which needs a system."""
    folder = tmp_path_factory.mktemp("nats") / "guarded"
    with nats_server(folder, trust.configuration(), jetstream=False) as port:
        yield port


def credentials(text: str) -> Credentials:
    found = parse(text)
    assert found is not None
    return found


def soon(seconds: int = HOUR_SECONDS) -> int:
    return int(time.time()) + seconds


async def among(port: int, trust: Trust, given: Credentials | None) -> NatsReading:
    parent = credentials(trust.creds(soon()))
    async with parents(port, healthy(), credentials=parent):
        return await ask(target(port), given)


def test_the_probes_own_user_is_let_in(guarded_port: int, trust: Trust) -> None:
    """It may ask that one question and no other."""
    given = credentials(trust.creds(soon(), publish=("enclave.health.check",)))
    assert outcome(run(among(guarded_port, trust, given))) is ProbeOutcome.ANSWERED


def test_credentials_that_have_expired_are_refused(guarded_port: int, trust: Trust) -> None:
    """And their end, which is in the past, is known."""
    given = credentials(trust.creds(soon(-HOUR_SECONDS)))
    end = expires_at(given)
    assert end is not None
    assert end.timestamp() < time.time()
    for at, shown in (
        (end, ProbeOutcome.CREDENTIALS_EXPIRED),
        (end - timedelta(seconds=1), ProbeOutcome.AUTHORIZATION),
    ):
        reading = run(ask(target(guarded_port), given, at=at))
        assert outcome(reading) is shown


def test_credentials_that_end_meanwhile_say_so(guarded_port: int, trust: Trust) -> None:
    """The server ends the line; the enclave, which had not answered yet, is not to blame."""

    async def expire() -> NatsReading:
        parent = credentials(trust.creds(soon()))
        async with parents(guarded_port, hung, credentials=parent):
            given = credentials(trust.creds(soon(1)))
            end = (
                expires_at(given) or AT
            )  # on a busy machine it may come before the server's answer
            return await ask(target(guarded_port, step_seconds=2), given, at=end)

    assert outcome(run(expire())) is ProbeOutcome.CREDENTIALS_EXPIRED


def test_a_user_that_may_ask_only_the_question_proves_no_silence(
    guarded_port: int, trust: Trust
) -> None:
    """The control subject is permitted by its own pattern; without it nothing is proven."""

    async def silent(*publish: str) -> ProbeOutcome:
        parent = credentials(trust.creds(soon()))
        async with parents(guarded_port, hung, credentials=parent):
            given = credentials(trust.creds(soon(), publish=publish))
            return outcome(await ask(target(guarded_port), given))

    subject = "enclave.health.check"
    assert run(silent(subject)) is ProbeOutcome.TIMEOUT_UNPROVEN
    assert run(silent(subject, f"{subject}.*")) is ProbeOutcome.TIMEOUT


def test_a_full_account_is_no_refusal_of_credentials(tmp_path: Path) -> None:
    """The parents that are connected go on."""
    trust = Trust(connections=1)
    with nats_server(tmp_path / "full", trust.configuration(), jetstream=False) as port:
        reading = run(among(port, trust, credentials(trust.creds(soon()))))
    assert outcome(reading) is ProbeOutcome.ACCOUNT_FULL


def test_an_account_without_a_subscription_left_is_full(guarded_port: int, trust: Trust) -> None:
    """The client closes the line by itself where the server refuses a subscription."""
    given = credentials(trust.creds(soon(), subscriptions=0))
    assert outcome(run(among(guarded_port, trust, given))) is ProbeOutcome.ACCOUNT_FULL


def test_a_slow_line_is_no_refusal_of_credentials(tmp_path: Path, trust: Trust) -> None:
    """The server waits for CONNECT no longer than its authentication timeout."""
    impatient = f"{trust.configuration()}\nauthorization {{ timeout: 0.1 }}"

    async def slowly(port: int) -> NatsReading:
        async with slow_line(port, 0.15) as slow:
            return await ask(target(slow, step_seconds=2), credentials(trust.creds(soon())))

    with nats_server(tmp_path / "impatient", impatient, jetstream=False) as port:
        reading = run(slowly(port))
    assert outcome(reading) is ProbeOutcome.AUTHENTICATION_TIMEOUT


@pytest.mark.parametrize("publish", ["other", "_INBOX.>"])
def test_a_user_that_may_not_ask_is_told_from_a_dead_enclave(
    guarded_port: int, trust: Trust, publish: str
) -> None:
    """The server drops the question and says why."""
    given = credentials(trust.creds(soon(), publish=(publish,)))
    assert outcome(run(among(guarded_port, trust, given))) is ProbeOutcome.AUTHORIZATION


def test_whoever_brings_no_credentials_or_a_strangers_is_refused(
    guarded_port: int, trust: Trust
) -> None:
    """Neither is let in."""
    stranger = credentials(Trust().creds(soon()))
    assert outcome(run(among(guarded_port, trust, None))) is ProbeOutcome.AUTHORIZATION
    assert outcome(run(among(guarded_port, trust, stranger))) is ProbeOutcome.AUTHORIZATION


def test_a_server_that_wants_a_password_refuses(tmp_path: Path) -> None:
    """The probe has none to give."""
    wants = "authorization { user: parent, password: word }"
    with nats_server(tmp_path / "password", wants) as port:
        reading = run(ask(target(port)))
    assert outcome(reading) is ProbeOutcome.AUTHORIZATION


def test_no_part_of_a_credential_is_ever_told(
    guarded_port: int,
    trust: Trust,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Not when it is used, not when it is refused, not when its seed is broken."""
    caplog.set_level(logging.DEBUG)
    seed = Key(nkeys.PREFIX_BYTE_USER).seed.decode()
    good, old = trust.creds(soon()), trust.creds(soon(-HOUR_SECONDS))
    given = [credentials(good), credentials(old), Credentials("a.b.c", seed[:-9] + "AAAAAAAAA")]
    readings = [run(among(guarded_port, trust, each)) for each in given]
    assert [outcome(each) for each in readings][:2] == [
        ProbeOutcome.ANSWERED,
        ProbeOutcome.AUTHORIZATION,
    ]
    assert outcome(readings[2]) is not ProbeOutcome.ANSWERED
    captured = capfd.readouterr()
    result = "".join((captured.out, captured.err, caplog.text, repr(readings), repr(given)))
    for each in given:
        assert each.seed[2:20] not in result
        assert all(part not in result for part in each.jwt.split(".") if len(part) > 1)


def test_the_parameter_gives_the_credentials(trust: Trust) -> None:
    """A whole .creds file in an SSM SecureString."""
    text = trust.creds(soon())
    ends = Ends({"Parameter": {"Value": text}})
    assert nats_credentials.fetch(answers(ends.session), "/probe/creds") == credentials(text)


def test_a_parameter_that_gives_none_is_named_and_not_repeated() -> None:
    """One line that says what to store; a refusal says its code."""
    ends = Ends({"Parameter": {"Value": "S3CRET"}})
    with pytest.raises(
        InvalidInput, match=("/probe/creds contains no NATS credentials")
    ) as malformed:
        nats_credentials.fetch(answers(ends.session), "/probe/creds")
    assert "S3CRET" not in str(malformed.value)
    refusal = Http(400, '{"__type": "ParameterNotFound"}')
    with pytest.raises(DependencyUnavailable, match="/probe/creds: ParameterNotFound"):
        nats_credentials.fetch(answers(Ends(refusal).session), "/probe/creds")
