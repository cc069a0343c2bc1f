"""The deployed ledger, checked against this code and a new policy before a deploy."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from boto3.session import Session
from moto import mock_aws

from firstline.adapters.aws import dynamo_items as items
from firstline.cli.account import past_check
from firstline.cli.fleets import Place
from firstline.cli.main import dispatch
from firstline.errors import InvalidInput
from firstline.lab.redecide.misses import Miss
from firstline.lab.twin import resources
from firstline.lab.twin.scenario import BEGINS
from firstline.ledger import export as ledger_export
from firstline.ledger.export import DecodedEntry
from tests.adapters.loopback import Loopback, http
from tests.builders import FLEET_TEXT, PROFILE_FILE
from tests.cli import exports
from tests.cli.test_audit_export import STACKS


@pytest.fixture(scope="module")
def outage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The ledger of a complete outage."""
    return exports.outage(tmp_path_factory.mktemp("past"))


def fleet(folder: Path, more: str = "") -> Path:
    path = folder / "fleet.toml"
    path.write_text(FLEET_TEXT + more)
    return path


def test_the_same_code_and_policy_miss_nothing(outage: Path) -> None:
    found = past_check.check_export(outage, PROFILE_FILE)
    assert (found.incidents, found.misses, found.undecided, found.losses) == (1, (), (), ())
    assert list(past_check.lines(found)) == [
        "past: 1 incident re-decided, 0 pages lost, 0 fixes gained"
    ]


def edited(path: Path, outage: Path, old: str, new: str) -> Path:
    """Return a record with *new* in the first place of *old*."""
    text = outage.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    return path


def test_a_page_that_this_code_does_not_send_is_lost(outage: Path, tmp_path: Path) -> None:
    """The record has a page of a key for which this code sends none."""
    begins = '"action":"trigger","channel":"pager","key":"'
    path = edited(tmp_path / "other.jsonl", outage, begins, f"{begins}other-")
    found = past_check.check_export(path, PROFILE_FILE)
    assert [each.sort for each in found.misses] == ["page-lost"]
    assert found.losses == ("past:page-lost",)


def test_a_fix_that_this_code_would_do_is_gained(outage: Path, tmp_path: Path) -> None:
    """The record decided to wait where this code restarts a host."""
    path = edited(tmp_path / "other.jsonl", outage, '"type":"fix"', '"type":"wait"')
    found = past_check.check_export(path, PROFILE_FILE)
    assert [each.sort for each in found.misses] == ["fix-gained"]
    assert list(past_check.lines(found))[-1].endswith("0 pages lost, 1 fix gained")


def test_another_target_is_a_fix_gained(outage: Path, tmp_path: Path) -> None:
    first, second = (f'"targets":["i-0a1b2c3d4e5f6071{n}"]' for n in (1, 2))
    path = edited(tmp_path / "other.jsonl", outage, first, second)
    (one,) = past_check.check_export(path, PROFILE_FILE).misses
    assert (one.sort, one.why) == ("fix-gained", "plan.targets[0]: i-0a1b2c3d4e5f60711")


LESS = """
[[rules]]
name = "all vaults inaccessible"
source = "cloudwatch.alarm"
subject = "healthy-hosts"
condition = "complete-outage"
severity = "P3"
component = "fleet"
"""


def test_a_page_that_the_new_policy_does_not_send_is_lost(outage: Path, tmp_path: Path) -> None:
    """A rule that makes a P3 of the outage."""
    found = past_check.check_export(outage, fleet(tmp_path, LESS))
    assert "past:page-lost" in found.losses
    assert all("inc-" in each.where for each in found.misses)


def test_a_fix_that_the_new_policy_lets_pass_is_gained(tmp_path: Path) -> None:
    """The deployed policy asks a person first."""
    path = tmp_path / "asked.jsonl"
    assert dispatch(["replay", "events/scenarios/approved.toml", "--export", str(path)]) == 0
    found = past_check.check_export(path, fleet(tmp_path))
    assert "past:fix-gained" in found.losses


def test_what_cannot_be_decided_again_is_named_and_misses_nothing(
    outage: Path, tmp_path: Path
) -> None:
    """Such as under a policy that the archive lacks."""
    path = tmp_path / "other.jsonl"
    kept = [it for it in outage.read_text().splitlines(keepends=True) if '"text":' not in it]
    path.write_text("".join(kept))
    found = past_check.check_export(path, PROFILE_FILE)
    assert (found.misses, len(found.undecided)) == ((), 1)
    (first, _) = past_check.lines(found)
    assert first.startswith("not re-decided: inc-")
    assert "the export lacks the policy" in first


def test_more_misses_than_a_person_reads_are_counted() -> None:
    one = Miss(sort="page-lost", where="inc-1", at=BEGINS, why="x")
    output = list(past_check.lines(past_check.PastCheck(1, (one,) * 22, ())))
    assert len(output) == 22
    assert output[20:] == [
        "and 2 more",
        "past: 1 incident re-decided, 22 pages lost, 0 fixes gained",
    ]


@pytest.fixture
def deployed(outage: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The records stack of the fleet, with the outage in its ledger."""
    for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY"):
        monkeypatch.setenv(f"AWS_{name}", "x")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    stacks = Loopback(http("200 OK", STACKS.encode(), "Content-Type: text/xml"))
    with mock_aws(), stacks, outage.open("rb") as file:
        monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDFORMATION", stacks.url)
        session = Session()
        resources.ledger(session.client("dynamodb"), "ledger")
        session.client("s3").create_bucket(Bucket="archive", ObjectLockEnabledForBucket=True)
        for line in ledger_export.read(file):
            if isinstance(line, DecodedEntry):
                item = items.entry_item(line.entry)
                session.client("dynamodb").put_item(TableName="ledger", Item=item)
        yield


@pytest.mark.usefixtures("deployed")
def test_the_deployed_ledger_is_asked_since_then(tmp_path: Path) -> None:
    """The incidents of the window; a fleet's name alone gives no new policy."""
    path = fleet(tmp_path)
    assert past_check.check(Place(str(path)), BEGINS).incidents == 1
    assert past_check.check(Place(str(path)), BEGINS + timedelta(days=2)).incidents == 0
    with pytest.raises(InvalidInput, match="--check-past: name the fleet file by --fleet FILE"):
        past_check.check(Place("vettid"), BEGINS)
