"""``firstline report-user`` on moto's bus: what is put there, and what is refused."""

import json
from collections.abc import Callable, Iterator

import pytest
from boto3.session import Session
from moto import mock_aws

from firstline.cli.main import dispatch
from firstline.cli.output.lines import ReportLine
from firstline.cli.report_user import parse_report, send
from firstline.errors import DependencyUnavailable, InvalidInput
from firstline.signal import Condition, Restricted, Severity
from firstline.signals.classify import classify, with_profile_name
from firstline.signals.sources.envelope import parse
from firstline.signals.sources.user import with_pseudonym
from tests.adapters.backends import Ends
from tests.builders import HOME, NOW, PROFILE

GUID = "0f3c9a1e-5b7d-4c2a-9e10-aa0000000001"
GOOD = ["report-user", "--user", GUID, "--details", "error 1042", "--region", "us-east-1"]


@pytest.fixture(autouse=True)
def aws() -> Iterator[None]:
    """AWS is moto, which keeps no event that it takes."""
    with mock_aws():
        yield


def put(fields: dict[str, str]) -> tuple[ReportLine, bytes]:
    """Return the command's answer, and the envelope that the bus would make of the entry."""
    session = Session(region_name="us-east-1")
    taken: list[dict[str, str]] = []
    session.events.register("provide-client-params.events.PutEvents", _keep(taken))
    line = send(fields, session)
    (entry,) = taken
    envelope = {
        "id": line.event,
        "source": entry["Source"],
        "detail-type": entry["DetailType"],
        "account": HOME.account,
        "region": HOME.region,
        "time": "2026-03-11T04:20:00Z",
        "detail": json.loads(entry["Detail"]),
    }
    return line, json.dumps(envelope).encode()


def _keep(taken: list[dict[str, str]]) -> Callable[..., None]:
    def keep(params: dict[str, list[dict[str, str]]], **_: object) -> None:
        taken.extend(params["Entries"])

    return keep


def test_a_report_becomes_a_p3_of_its_user() -> None:
    """The parser reads the event; the caller's ARN is the reporter."""
    line, body = put({"user": GUID, "details": "error 1042", "reporter": ""})
    assert line.reporter.startswith("arn:aws:sts::123456789012:")
    signal = with_pseudonym(parse(body, HOME, NOW), "key")
    assert signal.restricted == Restricted(user=GUID, details="error 1042", reporter=line.reporter)
    assert signal.key == f"report|{line.report}"
    found = classify(with_profile_name(signal, PROFILE, {}), PROFILE, HOME)
    assert (found.condition, found.severity) == (Condition.USER_AFFECTED, Severity.P3)


def test_the_text_names_no_one(capsys: pytest.CaptureFixture[str]) -> None:
    """I27: the GUID and the details stay out of what a terminal keeps."""
    assert dispatch([*GOOD, "--reporter", "support@example.test"]) == 0
    out = capsys.readouterr().out
    assert "by support@example.test: firstline opens a P3 and does not page" in out
    assert GUID not in out
    assert "1042" not in out


def test_an_upper_case_guid_is_the_same_user(capsys: pytest.CaptureFixture[str]) -> None:
    """One user, one pseudonym; as JSON the report has its own id."""
    assert dispatch(["report-user", "--user", GUID.upper(), *GOOD[3:], "--json"]) == 0
    line = json.loads(capsys.readouterr().out)
    assert len(line["report"]) == 32
    assert line["event"]


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"user": "Ada"}, "--user: give the user's GUID"),
        ({"details": ""}, "--details: give 1 to 2000 characters"),
        ({"details": "x" * 2001}, "--details"),
        ({"reporter": "a\nb"}, "--reporter: give a name"),
    ],
)
def test_a_bad_report_is_one_line_that_repeats_nothing(fields: dict[str, str], why: str) -> None:
    """The wrong value may be a secret."""
    good = {"user": GUID, "details": "x", "reporter": "me"}
    with pytest.raises(InvalidInput, match=why) as refused:
        parse_report(good | fields)
    assert "Ada" not in str(refused.value)


def test_a_bus_that_refuses_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Status 2, why, and nothing of the report."""
    refusal = {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "ThrottlingException"}]}
    with pytest.raises(
        DependencyUnavailable, match="the report was not accepted: ThrottlingException"
    ):
        send({"user": GUID, "details": "x", "reporter": "me"}, Ends(refusal).session)
    assert dispatch([*GOOD, "--reporter", "a\tb"]) == 2
    assert "--reporter: give a name" in capsys.readouterr().err


def test_a_missing_region_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """It names what is missing."""
    assert dispatch(["report-user", "--user", GUID]) == 2
    assert "--details" in capsys.readouterr().err
