"""``firstline audit export`` on moto: the records stack's ledger, as lines in a file."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from boto3.session import Session
from moto import mock_aws

import firstline
from firstline.adapters.aws import clients
from firstline.adapters.aws import dynamo_items as items
from firstline.adapters.aws.ledger import DynamoLedger
from firstline.adapters.aws.s3_archive import S3Archive
from firstline.cli.main import dispatch
from firstline.config import fleet_choice, fleet_file
from firstline.controller.archive.fill import ArchiveContext, anchor, archive
from firstline.ids import IncidentId, digest
from firstline.lab.twin import resources
from firstline.ledger import export
from firstline.ledger.archive import EntryAdded
from firstline.ledger.chain import Chain, Entry, Kind, Provenance, append
from firstline.ledger.export import DecodedEntry, Policy
from tests.adapters.backends import T0
from tests.adapters.loopback import Loopback, http
from tests.controller.archive_rig import KeySigner, Ticks, public_key, quiet

PROFILE = Path(firstline.__file__).parent / "profiles" / "runbook.toml"
BY = Provenance(policy=digest(fleet_file.read(PROFILE)), code="test")
EARLY, LATE = IncidentId("inc-00000000000000000001"), IncidentId("inc-00000000000000000002")
STACKS = """<DescribeStacksResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/">
<DescribeStacksResult><Stacks><member><StackName>firstline-vettid-records</StackName><Outputs>
<member><OutputKey>LedgerTable</OutputKey><OutputValue>ledger</OutputValue></member>
<member><OutputKey>ArchiveBucket</OutputKey><OutputValue>archive</OutputValue></member>
</Outputs></member></Stacks></DescribeStacksResult></DescribeStacksResponse>"""
"""CloudFormation's answer for the records stack; moto's needs packages that nothing else does."""


def chain(incident: IncidentId, days: int) -> list[Entry]:
    before, entries = Chain(), []
    for number in range(3):
        at = T0 + timedelta(days=days, minutes=number)
        before, entry = append(before, incident, Kind.DECISION, at, BY, {"number": number})
        entries.append(entry)
    return entries


CHAINS = {EARLY: chain(EARLY, 0), LATE: chain(LATE, 1)}


def archiving(session: Session) -> ArchiveContext:
    """The archive's function, with a key of the tests' own and the deployed profile."""
    return ArchiveContext(
        archive=S3Archive(clients.archive(session), "archive"),
        signer=KeySigner(quiet),
        ledger=DynamoLedger(clients.ledger(session), "ledger"),
        clock=Ticks(),
        policy=fleet_file.read(PROFILE),
        fleet="vettid",
    )


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> Iterator[Session]:
    """The records stack of the runbook's fleet, with two incidents in its ledger."""
    for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY"):
        monkeypatch.setenv(f"AWS_{name}", "x")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv(fleet_choice.VARIABLE, str(PROFILE))
    stacks = Loopback(http("200 OK", STACKS.encode(), "Content-Type: text/xml"))
    with mock_aws(), stacks:
        monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDFORMATION", stacks.url)
        session = Session()
        tables = session.client("dynamodb")
        resources.ledger(tables, "ledger")
        session.client("s3").create_bucket(Bucket="archive", ObjectLockEnabledForBucket=True)
        for entry in (entry for entries in CHAINS.values() for entry in entries):
            tables.put_item(TableName="ledger", Item=items.entry_item(entry))
        yield session


@pytest.fixture
def deployed(bare: Session) -> ArchiveContext:
    """The same, archived, in two batches."""
    within = archiving(bare)
    for entries in CHAINS.values():
        anchor(archive(map(EntryAdded, entries), within).heads, within)
    return within


@pytest.fixture
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("key") / "key.pem"
    path.write_bytes(public_key())
    return path


CHOICES: list[tuple[list[str], list[IncidentId]]] = [
    ([], [EARLY, LATE]),
    (["--incident", LATE], [LATE]),
    (["--incident", LATE, "--incident", EARLY], [LATE, EARLY]),
    (["--incident", "inc-of-nobody"], []),
    (["--since", "2026-03-02"], [LATE]),
    (["--until", "2026-03-02T00:00:00+00:00"], [EARLY]),
    (["--since", "2026-03-01T12:02Z", "--until", "2026-03-01T12:03Z"], [EARLY]),
    (["--since", "2026-04-01"], []),
]


@pytest.mark.usefixtures("deployed")
@pytest.mark.parametrize(("options", "chosen"), CHOICES)
def test_whole_chains_are_written(
    options: list[str], chosen: list[IncidentId], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The exact bytes of each entry, and the profile that they name."""
    path = tmp_path / "ledger.jsonl"
    assert dispatch(["audit", "export", str(path), *options, "--json"]) == 0
    output = json.loads(capsys.readouterr().out)
    with path.open("rb") as file:
        lines = list(export.read(file))
    entries = [line.entry for line in lines if isinstance(line, DecodedEntry)]
    policies = [line.text for line in lines if isinstance(line, Policy)]
    assert [each for id_ in chosen for each in entries if each.incident == id_] == [
        entry for id_ in chosen for entry in CHAINS[id_]
    ]
    assert policies == ([fleet_file.read(PROFILE).decode()] if chosen else [])
    assert output == {
        "file": str(path),
        "entries": 3 * len(chosen),
        "incidents": len(chosen),
        "policies": len(policies),
        "checkpoints": 2,
    }
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


@pytest.mark.usefixtures("deployed")
def test_it_says_in_one_line_what_was_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "ledger.jsonl"
    assert dispatch(["audit", "export", str(path)]) == 0
    assert capsys.readouterr().out == (
        f"{path}: 6 entries in 2 chains, 1 policies, 2 checkpoints\n"
    )


@pytest.mark.usefixtures("deployed")
def test_what_is_exported_is_anchored(
    key: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The whole, or a part with --partial."""
    path = tmp_path / "ledger.jsonl"
    assert dispatch(["audit", "export", str(path)]) == 0
    assert dispatch(["audit", "verify", str(path), str(key)]) == 0
    out = capsys.readouterr().out
    assert (
        "6 entries in 2 chains are consistent; 2 checkpoints are signed by KEY; every entry is anch"
    ) in out
    assert dispatch(["audit", "export", str(path), "--incident", LATE]) == 0
    assert dispatch(["audit", "verify", str(path), str(key)]) == 1
    assert dispatch(["audit", "verify", str(path), str(key), "--partial"]) == 0


def test_an_entry_that_was_replaced_in_the_table_is_found(
    bare: Session, deployed: ArchiveContext, key: Path, tmp_path: Path
) -> None:
    """The table's lie does not fit what was archived before."""
    _, forged = append(Chain(), EARLY, Kind.DECISION, T0, BY, {"number": 9})
    bare.client("dynamodb").put_item(TableName="ledger", Item=items.entry_item(forged))
    assert deployed.archive.first("checkpoints/")
    path = tmp_path / "ledger.jsonl"
    assert dispatch(["audit", "export", str(path)]) == 0
    assert dispatch(["audit", "verify", str(path), str(key)]) == 1


@pytest.mark.usefixtures("bare")
def test_what_is_not_archived_yet_is_exported_as_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The policy is then the profile's that was named."""
    path = tmp_path / "ledger.jsonl"
    assert dispatch(["audit", "export", str(path)]) == 0
    assert capsys.readouterr().out.endswith("1 policies, 0 checkpoints\n")
    assert dispatch(["audit", "verify", str(path)]) == 0


@pytest.mark.usefixtures("deployed")
@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["x", "--since", "yesterday"], "--since yesterday: give 2h, 7d, a date or an instant"),
        (["x", "--region", "eu-west-1"], "ledger: ResourceNotFoundException"),
        (["gone/x"], "gone/x: cannot be written"),
        (["x", "--fleet", "gone.toml"], "gone.toml"),
    ],
)
def test_a_mistake_is_one_line(
    arguments: list[str], why: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Status 2, and no file is left behind."""
    assert dispatch(["audit", "export", *(str(tmp_path / arguments[0]), *arguments[1:])]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert why in err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("deployed")
def test_the_deployed_ledger_is_read_where_no_export_is_named(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Listed, shown and reviewed, with nothing written on the way."""
    assert dispatch(["audit", "list", "--json", "--last", "5"]) == 0
    listed = [json.loads(each) for each in capsys.readouterr().out.splitlines()]
    assert [(each["incident"], each["entries"]) for each in listed] == [(EARLY, 3), (LATE, 3)]
    assert dispatch(["audit", "show", LATE, "--json"]) == 0
    shown = [json.loads(each) for each in capsys.readouterr().out.splitlines()]
    assert [each["hash"] for each in shown] == [each.hash for each in CHAINS[LATE]]
    assert dispatch(["report", "--since", "2026-03-02", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["incidents"] == 1
    assert dispatch(["report", "--incident", LATE, "--json"]) == 0
    output = json.loads(capsys.readouterr().out)
    assert (output["incident"], output["head"]) == (LATE, CHAINS[LATE][-1].hash)


def linked(folder: Path) -> Path:
    """A fleet file that differs from what is archived, by a link that a report shows."""
    path = folder / "linked.toml"
    path.write_text(f'{PROFILE.read_text()}\n[links]\nrunbook = "https://wiki.example.com/x"\n')
    return path


def _reported(capsys: pytest.CaptureFixture[str], fleet: str) -> dict[str, object]:
    assert dispatch(["report", "--incident", LATE, "--json", "--fleet", fleet]) == 0
    output: dict[str, object] = json.loads(capsys.readouterr().out)
    return output


@pytest.mark.usefixtures("deployed")
def test_a_fleets_name_is_enough(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The archive has the policy that decided."""
    path = tmp_path / "ledger.jsonl"
    assert dispatch(["audit", "export", str(path), "--fleet", "vettid", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["policies"] == 1
    assert _reported(capsys, "vettid") == _reported(capsys, str(linked(tmp_path)))


@pytest.mark.usefixtures("bare")
def test_before_its_policy_is_archived_a_report_takes_the_files(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """By the fleet's name alone its links are not known."""
    assert "wiki.example.com" in str(_reported(capsys, str(linked(tmp_path)))["links"])
    assert _reported(capsys, "vettid")["links"] == []


@pytest.mark.usefixtures("deployed")
@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["list", "--region", "eu-west-1"], "ledger: ResourceNotFoundException"),
        (["show", "inc-of-nobody"], "there is no incident inc-of-nobody in the deployed ledger"),
    ],
)
def test_a_ledger_that_cannot_be_read_is_one_line(
    arguments: list[str], why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert dispatch(["audit", *arguments]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert why in err
