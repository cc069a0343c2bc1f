"""``firstline audit verify``: the ledger of a replay, exported, verified, and tampered with."""

import base64
import json
from pathlib import Path

import pytest

from firstline.cli.main import dispatch
from firstline.ids import IncidentId, digest
from firstline.ledger import archive as archiving
from firstline.ledger import export
from firstline.ledger.chain import Chain
from tests.builders import NOW
from tests.controller.archive_rig import public_key, signature

EVENT = Path(__file__).parents[2] / "events" / "scenarios" / "one-dead-host.toml"


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The ledger of one replay: an incident's entries and the policy that they name."""
    path = tmp_path_factory.mktemp("audit") / "ledger.jsonl"
    assert dispatch(["replay", str(EVENT), "--export", str(path)]) == 0
    return path


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("key") / "key.pem"
    path.write_bytes(public_key())
    return path


@pytest.fixture
def sealed(exported: Path, tmp_path: Path) -> Path:
    """The same with a checkpoint over all of it."""
    *entries, _ = exported.read_bytes().splitlines()
    head = Chain(len(entries), digest(entries[-1]))
    incident = IncidentId(json.loads(entries[-1])["incident"])
    checkpoint = archiving.next_checkpoint(None, NOW, {incident: head})
    assert checkpoint is not None
    text = archiving.checkpoint_text(checkpoint)
    signed = base64.b64encode(signature(digest(text.encode()))).decode()
    path = tmp_path / "sealed.jsonl"
    path.write_bytes(exported.read_bytes() + export.checkpoint_line(text, signed))
    return path


def head_of(path: Path) -> str:
    """The hash of the last entry of the one chain."""
    (last,) = (each for each in path.read_bytes().splitlines()[-2:-1])
    return digest(last)


def test_a_head_anchors_a_chain(exported: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without one it is valid too, and the answer says what is not anchored."""
    assert dispatch(["audit", "verify", str(exported), "--head", head_of(exported)]) == 0
    assert "every entry is anchored" in capsys.readouterr().out
    assert dispatch(["audit", "verify", str(exported)]) == 0
    out = capsys.readouterr().out
    assert "in 1 chains are consistent; no checkpoint; " in out
    assert "no anchor for " in out
    assert "all of 1 chains: they may have been rewritten as a whole" in out
    assert dispatch(["audit", "verify", str(exported), "--require-anchor"]) == 1
    command = ["audit", "verify", str(exported), "--require-anchor"]
    assert dispatch([*command, "--head", head_of(exported)]) == 0


def test_the_json_says_all_that_was_checked(
    sealed: Path, key: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    *lines, policy, checkpoint = sealed.read_bytes().splitlines()
    incident = json.loads(lines[0])["incident"]
    expected = {
        "file": str(sealed),
        "valid": True,
        "entries": len(lines),
        "heads": {incident: digest(lines[-1])},
        "anchored": True,
        "line": None,
        "faults": [],
        "checkpoints": 1,
        "checkpoint": digest(json.loads(checkpoint)["checkpoint"].encode()),
        "signed": True,
        "unanchored": {},
        "bare": [],
        "policies": {json.loads(policy)["policy"]: True},
        "absent": 0,
    }
    assert dispatch(["audit", "verify", str(sealed), str(key), "--json"]) == 0
    output = json.loads(capsys.readouterr().out)
    assert "every entry is anchored" in output.pop("why")
    assert output == expected
    assert dispatch(["audit", "verify", str(sealed), "--json"]) == 0
    output = json.loads(capsys.readouterr().out)
    assert "signatures not checked" in output.pop("why")
    less = {"anchored": False, "signed": False, "unanchored": {incident: len(lines)}}
    less["bare"] = [incident]
    assert output == expected | less


def test_tampering_is_status_1_and_each_fault_a_line(
    sealed: Path, key: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The first fault has its place in the JSON, as all of them have."""
    lines = sealed.read_bytes().splitlines(keepends=True)
    lines[3] = lines[3].replace(b'"at":"2', b'"at":"3')
    del lines[10]
    sealed.write_bytes(b"".join(lines))
    assert dispatch(["audit", "verify", str(sealed), str(key)]) == 1
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith(f"{sealed}:5: does not follow: the entry before it, in line 4,")
    assert second.startswith(f"{sealed}:11: is entry 12 of ")
    assert dispatch(["audit", "verify", str(sealed), str(key), "--json"]) == 1
    output = json.loads(capsys.readouterr().out)
    assert (output["valid"], output["line"]) == (False, 5)
    assert [each["line"] for each in output["faults"]] == [5, 11]


def test_a_part_is_verified_as_one(
    sealed: Path, key: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A part without any incident proves nothing."""
    *_, policy, checkpoint = sealed.read_bytes().splitlines(keepends=True)
    sealed.write_bytes(policy + checkpoint)
    assert dispatch(["audit", "verify", str(sealed), str(key), "--partial"]) == 1
    assert capsys.readouterr().out == f"{sealed}: contains no entry\n"


@pytest.mark.parametrize("content", [b"", b"{"], ids=["empty", "cut off"])
def test_an_export_that_holds_nothing_is_not_valid(content: bytes, tmp_path: Path) -> None:
    """An empty export proves nothing."""
    path = tmp_path / "export"
    path.write_bytes(content)
    assert dispatch(["audit", "verify", str(path)]) == 1


def test_what_cannot_be_read_is_status_2(
    exported: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line with the file and the reason."""
    gone = str(tmp_path / "gone")
    for arguments in ([gone], [str(exported), gone], [str(exported), str(exported)]):
        assert dispatch(["audit", "verify", *arguments]) == 2
        err = capsys.readouterr().err
        assert err.count("\n") == 1
        assert f"{arguments[-1]}: cannot be read" in err


@pytest.mark.parametrize("more", [[], ["--json"]], ids=["text", "json"])
def test_a_name_never_steers_the_terminal(
    more: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file name with control characters is escaped; half of a character is a fault."""
    path = tmp_path / "export\x9b2K"
    lines = [
        {"incident": "\x1b[1A\x1b[2K\x9bA\u202e", "sequence": 2, "previous": "", "policy": ""},
        {"incident": "\ud800", "sequence": 1, "previous": "", "policy": ""},
    ]
    path.write_text("".join(json.dumps(each) + "\n" for each in lines))
    assert dispatch(["audit", "verify", str(path), *more]) == 1
    out = capsys.readouterr().out
    assert out.replace("\n", "").isprintable()
    assert "1b[1A" in out
    assert "is not an entry" in out
