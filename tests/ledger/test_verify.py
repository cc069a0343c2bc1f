"""Each way to tamper with an export is found and located, on exports of simulated incidents."""

import ast
import base64
import io
import itertools
import json
import subprocess
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from hypothesis import given
from hypothesis import strategies as st

from firstline.ids import Digest, IncidentId, digest
from firstline.lab.simulation import seed_run as simulation
from firstline.lab.simulation.run import Run
from firstline.ledger import archive as archiving
from firstline.ledger import export
from firstline.ledger import verify as audit
from firstline.ledger.archive import SignedCheckpoint
from firstline.ledger.chain import Chain, Entry, Kind, append
from firstline.ledger.verify import VerifyResult
from tests.builders import NOW
from tests.controller.archive_rig import BY, public_key, signature
from tests.strategies import CALM

SEEDS = (4, 6, 14, 46, 49, 50, 55, 59)
"""Runs of the simulation, each with incidents of its own."""

type Lines = list[bytes]


@cache
def runs() -> tuple[Run, ...]:
    return tuple(map(simulation.run, SEEDS))


@cache
def chains() -> dict[IncidentId, list[Entry]]:
    """The ledgers of the runs; of an incident that several had, the first."""
    result: dict[IncidentId, list[Entry]] = {}
    for run in runs():
        for incident, entries in run.backend.store.tables.entries.items():
            result.setdefault(incident, list(entries))
    return result


def sealed(last: SignedCheckpoint | None, heads: dict[IncidentId, Chain]) -> SignedCheckpoint:
    """The next checkpoint, signed."""
    checkpoint = archiving.next_checkpoint(last, NOW, heads)
    assert checkpoint is not None
    text = archiving.checkpoint_text(checkpoint)
    signed = base64.b64encode(signature(digest(text.encode()))).decode()
    return SignedCheckpoint(checkpoint, text, signed)


@cache
def exported() -> tuple[bytes, ...]:
    """All entries, the policies, and a checkpoint at the middle and at the end of each chain."""
    checkpoints: list[SignedCheckpoint] = []
    for incident, entries in chains().items():
        for length in sorted({(len(entries) + 1) // 2, len(entries)}):
            head = Chain(length, entries[length - 1].hash)
            checkpoints.append(sealed(checkpoints[-1] if checkpoints else None, {incident: head}))
    texts: dict[Digest, str] = {
        digest(text): text.decode()
        for text in (simulation.policy_text(run.initial) for run in runs())
    }
    return tuple(
        export.write(
            itertools.chain.from_iterable(chains().values()),
            texts.get,
            [(each.text, each.signature) for each in checkpoints],
        )
    )


def verify(lines: Lines, *anchors: str, keyed: bool = True, partial: bool = False) -> VerifyResult:
    key = audit.read_key(public_key()) if keyed else None
    return audit.verify(b"".join(lines), anchors, key, partial=partial)


def test_a_recorded_chain_holds() -> None:
    """Five runs of the simulation, many incidents; every entry is anchored."""
    found = verify(list(exported()))
    assert found.faults == []
    assert found.valid
    assert len(found.heads) >= 5
    assert found.entries == sum(map(len, chains().values())) > 100
    assert found.checkpoints > len(found.heads)
    assert (found.unanchored, found.absent) == ({}, 0)
    assert any(found.policies.values())
    assert "every entry is anchored" in audit.describe("x", found)
    assert "checkpoints are signed by KEY" in audit.describe("x", found)


LONGEST = cache(lambda: max(chains(), key=lambda each: len(chains()[each])))


def place(sequence: int) -> int:
    """The index of the line of an entry of the longest chain; counted from its end if negative."""
    entries = chains()[LONGEST()]
    return exported().index(export.entry_line(entries[sequence - 1 if sequence > 0 else sequence]))


def checkpoint(number: int) -> int:
    """The index of the line of a checkpoint."""
    first = next(n for n, line in enumerate(exported()) if line.startswith(b'{"checkpoint"'))
    return first + number - 1


def turned_about(line: bytes) -> bytes:
    """The same document, its keys in the other order."""
    result = json.loads(line)
    document = {key: result[key] for key in reversed(result)}
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def replaced(lines: Lines, index: int, *new: bytes) -> Lines:
    return [*lines[:index], *new, *lines[index + 1 :]]


def edited(lines: Lines, index: int, old: bytes, new: bytes) -> Lines:
    assert old in lines[index]
    return replaced(lines, index, lines[index].replace(old, new, 1))


def without(lines: Lines, incident: IncidentId) -> Lines:
    return [line for line in lines if f'"incident":"{incident}"'.encode() not in line]


def forged(lines: Lines, number: int) -> Lines:
    """A checkpoint signed again, by a forger's key."""
    line = json.loads(lines[checkpoint(number)])
    text = line["checkpoint"].replace("Z", "+00:00", 1)
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    signed = key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
    new = export.checkpoint_line(text, base64.b64encode(signed).decode())
    return replaced(lines, checkpoint(number), new)


def second(lines: Lines) -> bytes:
    """The line of a checkpoint that says otherwise of an entry, signed by the right key."""
    last = archiving.parse_checkpoint(lines[-1])
    entries = chains()[LONGEST()]
    text = archiving.checkpoint_text(
        archiving.Checkpoint(
            sequence=last.checkpoint.sequence + 1,
            previous=digest(last.text.encode()),
            at=NOW,
            heads={LONGEST(): (len(entries), digest(b"another"))},
        )
    )
    return export.checkpoint_line(text, base64.b64encode(signature(digest(text.encode()))).decode())


def elsewhere(number: int) -> bytes:
    """The line of a checkpoint of another chain of checkpoints, signed by the right key."""
    last: SignedCheckpoint | None = None
    for each in range(1, number + 1):
        head = Chain(each + 2, digest(b"%d" % each))
        last = sealed(last, {IncidentId("inc-elsewhere"): head})
    assert last is not None
    return export.checkpoint_line(last.text, last.signature)


def gone() -> IncidentId:
    return next(each for each in chains() if each != LONGEST())


TAMPERINGS: dict[str, tuple[Callable[[Lines], Lines], Callable[[], int], str]] = {
    "a byte of an entry is edited": (
        lambda them: edited(them, place(3), b'"at":"2', b'"at":"3'),
        lambda: place(4),
        "has another hash",
    ),
    "a byte of the last entry is edited": (
        lambda them: edited(them, place(-1), b'"at":"2', b'"at":"3'),
        lambda: place(-1),
        "is not the entry that line",
    ),
    "an entry is dropped": (
        lambda them: replaced(them, place(3)),
        lambda: place(3),
        "entry 3 was expected",
    ),
    "two entries are swapped": (
        lambda them: replaced(replaced(them, place(3), them[place(4)]), place(4), them[place(3)]),
        lambda: place(3),
        "is entry 4",
    ),
    "an entry is added": (
        lambda them: replaced(them, place(3), them[place(3)], them[place(3)]),
        lambda: place(3) + 1,
        "is entry 3",
    ),
    "the beginning is cut off": (
        lambda them: replaced(them, place(1)),
        lambda: place(1),
        "is entry 2",
    ),
    "the end is cut off": (
        lambda them: replaced(them, place(-1)),
        lambda: next(n for n in range(checkpoint(1) - 1, 10**6) if _last_of(n)),
        "the export ends at entry",
    ),
    "an incident is missing": (
        lambda them: without(them, gone()),
        lambda: 0,
        "the export has none",
    ),
    "a policy's text is edited": (
        lambda them: edited(them, checkpoint(1) - 1, b"name", b"nam3"),
        lambda: checkpoint(1) - 1,
        "another digest",
    ),
    "a policy is spelled otherwise": (
        lambda them: edited(them, checkpoint(1) - 1, b'{"policy":"', b'{"policy": "'),
        lambda: checkpoint(1) - 1,
        "in another form than it was written",
    ),
    "a checkpoint is edited": (
        lambda them: edited(them, checkpoint(2), b'\\"at\\":\\"2', b'\\"at\\":\\"3'),
        lambda: checkpoint(2),
        "checkpoint 2 is not signed by the key given",
    ),
    "a checkpoint is signed by another key": (
        lambda them: forged(them, 2),
        lambda: checkpoint(2),
        "checkpoint 2 is not signed by the key given",
    ),
    "a checkpoint is dropped": (
        lambda them: replaced(them, checkpoint(2)),
        lambda: checkpoint(2),
        "is checkpoint 3; checkpoint 2 was expected",
    ),
    "checkpoints are swapped": (
        lambda them: replaced(
            replaced(them, checkpoint(2), them[checkpoint(3)]), checkpoint(3), them[checkpoint(2)]
        ),
        lambda: checkpoint(2),
        "is checkpoint 3; checkpoint 2 was expected",
    ),
    "a checkpoint is spelled otherwise": (
        lambda them: edited(them, checkpoint(2), b'","signature":', b'", "signature":'),
        lambda: checkpoint(2),
        "in another form than it was written",
    ),
    "a checkpoint's keys change places": (
        lambda them: replaced(them, checkpoint(2), turned_about(them[checkpoint(2)])),
        lambda: checkpoint(2),
        "in another form than it was written",
    ),
    "a checkpoint is replaced by one of another chain": (
        lambda them: replaced(them, checkpoint(2), elsewhere(2)),
        lambda: checkpoint(2),
        "does not follow: the checkpoint before it has another hash",
    ),
    "the first checkpoint is replaced by that of another chain": (
        lambda them: replaced(them, checkpoint(1), elsewhere(1)),
        lambda: checkpoint(1),
        "records 3 entries of inc-elsewhere: the export has none",
    ),
    "the first checkpoints are cut off": (
        lambda them: replaced(replaced(them, checkpoint(1)), checkpoint(1)),
        lambda: checkpoint(1),
        "is checkpoint 3; checkpoint 1 was expected",
    ),
    "a checkpoint contradicts another": (
        lambda them: [*them, second(them)],
        lambda: len(exported()),
        "contradicts line",
    ),
    "a line is nonsense": (
        lambda them: replaced(them, place(2), b"\xff\n"),
        lambda: place(2),
        "is not an entry",
    ),
    "a line is nothing": (
        lambda them: replaced(them, place(2), them[place(2)], b"\n"),
        lambda: place(2) + 1,
        "is not an entry",
    ),
    "an entry has no sequence": (
        lambda them: edited(them, place(2), b'"sequence":2', b'"sequence":true'),
        lambda: place(2),
        "is not an entry",
    ),
    "the last line is cut off": (
        lambda them: [*them[:-1], them[-1][:-1]],
        lambda: len(exported()) - 1,
        "is cut off",
    ),
}


def _last_of(index: int) -> bool:
    """True if the line at *index*, with one cut off before it, has the longest chain's end."""
    line = exported()[index + 1]
    known = archiving.parse_checkpoint(line).checkpoint.heads.get(LONGEST())
    return known is not None and known[0] == len(chains()[LONGEST()])


@pytest.mark.parametrize("name", TAMPERINGS)
def test_tampering_is_found_and_located(name: str) -> None:
    """The line that is named first is the first that does not hold, and it says what is wrong."""
    tamper, where, why = TAMPERINGS[name]
    found = verify(tamper(list(exported())))
    assert not found.valid
    first = found.faults[0]
    assert why in first.why
    if name != "an incident is missing":
        assert first.line == where() + 1
    else:
        assert gone() in first.why


@pytest.mark.slow
@CALM
@given(st.data())
def test_any_edit_of_a_byte_is_found(data: st.DataObject) -> None:
    """Anywhere in an export whose ends are anchored: entries, policies, checkpoints, newlines."""
    whole = b"".join(exported())
    at = data.draw(st.integers(0, len(whole) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda each: each != whole[at]))
    changed = whole[:at] + bytes((byte,)) + whole[at + 1 :]
    found = audit.verify(changed, (_last_checkpoint(),), audit.read_key(public_key()))
    assert not found.valid


@pytest.mark.slow
@CALM
@given(st.data())
def test_any_edit_of_a_byte_is_found_by_heads_alone(data: st.DataObject) -> None:
    """Each chain's head is enough, without a checkpoint or a key."""
    entries = [line for line in exported() if b'"kind":"' in line]
    whole = b"".join(entries)
    heads = tuple(each[-1].hash for each in chains().values())
    assert audit.verify(whole, heads).unanchored == {}
    at = data.draw(st.integers(0, len(whole) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda each: each != whole[at]))
    assert not audit.verify(whole[:at] + bytes((byte,)) + whole[at + 1 :], heads).valid


def _last_checkpoint() -> str:
    return digest(archiving.parse_checkpoint(exported()[-1]).text.encode())


def test_unanchored_entries_are_reported() -> None:
    """Entries after the last one, and all of them where the checkpoints cannot be trusted."""
    lines = list(exported())
    entries = [line for line in lines if b'"kind":"' in line]
    assert sum(verify(entries).unanchored.values()) == len(entries)
    assert "no checkpoint" in audit.describe("x", verify(entries))
    later = verify(lines[:-1])
    assert (list(later.unanchored), later.unanchored_chains) == ([list(chains())[-1]], [])
    assert "at the ends of 1 chains are not anchored" in audit.describe("x", later)
    assert "a change or a cut there is not detected" in audit.describe("x", later)
    unsigned = verify(lines, keyed=False)
    assert (unsigned.faults, sum(unsigned.unanchored.values())) == ([], len(entries))
    assert "signatures not checked" in audit.describe("x", unsigned)
    assert verify(lines, _last_checkpoint(), keyed=False).unanchored == {}
    head = chains()[LONGEST()][-1].hash
    assert LONGEST() not in verify(entries, head, keyed=False).unanchored


def test_a_chain_that_nothing_anchors_may_be_another() -> None:
    """It was changed and hashed again from its first entry on; all chains hold."""
    name, entries = LONGEST(), chains()[LONGEST()]
    chain, forged = Chain(), list[bytes]()
    for each in entries:
        data = json.loads(each.body)["data"] | {"severity": "P3"}
        chain, entry = append(chain, name, Kind.DECISION, NOW, BY, data)
        forged.append(export.entry_line(entry))
    found = verify(forged, keyed=False)
    assert (found.valid, found.unanchored_chains) == (True, [name])
    assert audit.describe("x", found).split("; ")[2] == (
        f"no anchor for {len(entries)} entries, all of 1 chains: "
        "they may have been rewritten as a whole"
    )
    assert audit.status(found, require_anchor=False) == 0
    assert audit.status(found, require_anchor=True) == 1
    assert audit.status(verify(forged, chain.head), require_anchor=True) == 0


def test_checkpoints_of_another_chain_anchor_nothing() -> None:
    """As a part of the incidents none is missing; each chain is without an anchor."""
    entries = [line for line in exported() if b'"kind":"' in line]
    found = verify([*entries, elsewhere(1)], partial=True)
    assert (found.valid, set(found.unanchored_chains)) == (True, set(chains()))
    assert audit.status(found, require_anchor=True) == 1


def test_checkpoints_that_are_cut_off_the_end_miss_the_head_that_is_known() -> None:
    """Also entries that they alone anchored; without that head the export holds."""
    lines = list(exported())[:-2]
    assert verify(lines).valid
    found = verify(lines, _last_checkpoint())
    (fault,) = found.faults
    assert fault.why.startswith(f"no chain ends in {_last_checkpoint()}")


def test_a_head_that_nothing_ends_in_is_a_fault_of_the_whole() -> None:
    found = verify(list(exported()), "0" * 64, digest(b"x"))
    assert [each.line for each in found.faults] == [0, 0]
    assert audit.describe("x", found).startswith("x: no chain ends in 000")


def test_a_part_of_the_incidents_is_verified_as_one() -> None:
    """Only if declared as one; a chain that was cut is found all the same."""
    lines = without(list(exported()), gone())
    found = verify(lines, partial=True)
    assert (found.faults, found.absent) == ([], 1)
    assert "1 incidents of the checkpoints are not in the export" in audit.describe("x", found)
    assert not verify(replaced(list(exported()), place(-1)), partial=True).valid


def test_a_missing_policy_is_reported_and_no_fault() -> None:
    lines = [line for line in exported() if not line.startswith(b'{"policy"')]
    found = verify(lines)
    assert found.faults == []
    assert not any(found.policies.values())
    assert "policies is missing" in audit.describe("x", found)


def test_lines_spelled_by_another_encoder_hold() -> None:
    """A restore from the bucket may write lines as ``json.dumps`` does by default."""
    lines = [
        line if b'"kind":"' in line else json.dumps(json.loads(line)).encode() + b"\n"
        for line in exported()
    ]
    assert verify(lines).faults == []


NO_CHECKPOINTS = {
    "no object": "[]",
    "no heads": '{"sequence": 1, "previous": ""}',
    "no text": 1,
    "no length": '{"sequence": 1, "previous": "", "heads": {"inc-1": 3}}',
    "an endless length": '{"sequence": 1, "previous": "", "heads": {"inc-1": [1e400, ""]}}',
    "an endless sequence": '{"sequence": 1e400, "previous": "", "heads": {}}',
    "a sequence of 30 digits": f'{{"sequence": {10**30}, "previous": "", "heads": {{}}}}',
    "a sequence of 5,000 digits": f'{{"sequence": 1{"0" * 5000}, "previous": "", "heads": {{}}}}',
    "a sequence that is true": '{"sequence": true, "previous": "", "heads": {}}',
    "half of a character": '{"sequence": 1, "previous": "", "heads": {"\\ud800": [1, ""]}}',
    "half of a character outside": "\ud800",
}


@pytest.mark.parametrize("text", NO_CHECKPOINTS.values(), ids=NO_CHECKPOINTS)
def test_a_malformed_checkpoint(text: object) -> None:
    line = json.dumps({"checkpoint": text, "signature": ""}).encode() + b"\n"
    assert audit.verify(line).faults == [audit.Fault(1, "is not a checkpoint")]


def test_a_signature_that_is_none_is_no_traceback() -> None:
    """Half of a character, and arrays deeper than any reader goes."""
    for signed in (json.dumps("\ud800"), "[" * 900 + "]" * 900, "1e400"):
        line = f'{{"checkpoint":"{{}}","signature":{signed}}}\n'.encode()
        assert audit.verify(line).faults == [audit.Fault(1, "is not a checkpoint")]


ODD: st.SearchStrategy[object] = st.sampled_from(
    ["\ud800", "\x1b[2K\x9b1A\u202e\r\n", float("inf"), 10**400, -1, True, None, [], {}, "é"]
) | st.recursive(st.integers() | st.text(), st.lists, max_leaves=3)


@pytest.mark.slow
@CALM
@given(st.data())
def test_no_value_of_any_key_is_a_traceback_or_steers_a_terminal(data: st.DataObject) -> None:
    """In an entry, a policy, a checkpoint and what it signed; it is judged and printed."""
    kind = data.draw(st.sampled_from(["entry", "policy", "checkpoint", "signed"]))
    document = _inner(kind)
    if kind == "signed":
        name = data.draw(st.sampled_from(["\ud800", "\x1b]0;x\x07", "inc-1"]))
        document["heads"] = {name: [1, ""]}
    document[data.draw(st.sampled_from(sorted(document)))] = data.draw(ODD)
    if kind == "signed":
        document = {"checkpoint": json.dumps(document), "signature": "c2ln"}
    lines = [json.dumps(document).encode() + b"\n", b'"checkpoint"\n', *exported()]
    found = verify(lines, partial=True, keyed=data.draw(st.booleans()))
    result = audit.describe("x", found).replace("\n", "")
    assert result.isascii()
    assert result.isprintable()
    msgspec.json.encode([found.heads, found.unanchored, found.policies, found.faults])


def _inner(kind: str) -> dict[str, Any]:
    line = {"entry": place(1), "policy": checkpoint(1) - 1}.get(kind, checkpoint(1))
    document: dict[str, Any] = json.loads(exported()[line])
    return json.loads(document["checkpoint"]) if kind == "signed" else document


@pytest.mark.parametrize("line", [b'["checkpoint"]\n', b'{"checkpoint"\n'])
def test_a_line_that_only_looks_like_a_checkpoint(line: bytes) -> None:
    (fault,) = audit.verify(exported()[0] + line).faults
    assert (fault.line, fault.why) == (2, audit.NEITHER)


SIGNATURES = {
    "none": "",
    "no base64": "%%%%",
    "short": base64.b64encode(b"x" * 255).decode(),
    "another": base64.b64encode(b"x" * 256).decode(),
}


@pytest.mark.parametrize("signed", SIGNATURES.values(), ids=SIGNATURES)
def test_a_signature_is_the_keys_or_none(signed: str) -> None:
    key = audit.read_key(public_key())
    right = base64.b64encode(signature(digest(b"text"))).decode()
    assert audit.signed_by(key, b"text", right)
    assert not audit.signed_by(key, b"text", signed)
    assert not audit.signed_by(key, b"texts", right)
    # the last letter's spare bits say nothing, and must be nought
    assert not audit.signed_by(key, b"text", right.replace("==", "").rstrip(right[-3]) + "B==")


def _written(key: rsa.RSAPublicKey | ec.EllipticCurvePublicKey, pem: bool) -> bytes:  # noqa: FBT001
    encoding = serialization.Encoding.PEM if pem else serialization.Encoding.DER
    return key.public_bytes(encoding, serialization.PublicFormat.SubjectPublicKeyInfo)


@pytest.mark.parametrize("bits", [2048, 3072, 4096])
def test_a_key_is_read_as_kms_and_openssl_write_it(bits: int) -> None:
    public = rsa.generate_private_key(public_exponent=65537, key_size=bits).public_key()
    numbers = public.public_numbers()
    for pem in (True, False):
        assert audit.read_key(_written(public, pem)) == (numbers.n, numbers.e)


def test_an_untrustworthy_key_is_refused() -> None:
    weak = rsa.generate_private_key(65537, 1024).public_key()  # noqa: S505 - it is to be refused
    curve = ec.generate_private_key(ec.SECP256R1()).public_key()
    for pem in (True, False):
        with pytest.raises(ValueError, match="too weak"):
            audit.read_key(_written(weak, pem))
        with pytest.raises(ValueError, match="not an RSA public key"):
            audit.read_key(_written(curve, pem))
    for data in (b"", b"0", b"key", b"-----BEGIN PUBLIC KEY-----\n%%%\n-----END"):
        with pytest.raises(ValueError, match=r"not a public key|base64"):
            audit.read_key(data)


def test_it_runs_alone(tmp_path_factory: pytest.TempPathFactory) -> None:
    """One file, the standard library, no site-packages: a stranger can run it."""
    folder = tmp_path_factory.mktemp("alone")
    whole, key = folder / "export", folder / "key.pem"
    whole.write_bytes(b"".join(exported()))
    key.write_bytes(public_key())
    command = [sys.executable, "-I", "-S", audit.__file__, str(whole)]

    def run(*more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*command, *more], capture_output=True, text=True, check=False)

    ran = run(str(key), "--head", _last_checkpoint(), chains()[LONGEST()][-1].hash)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "every entry is anchored" in ran.stdout
    assert run().returncode == 0
    bad = run(str(key), "--head", "0" * 64)
    assert bad.returncode == 1
    assert "no chain ends in" in bad.stdout
    for refused in (run(str(whole)), run(str(folder / "gone"))):
        assert refused.returncode == 2
        assert "cannot be read" in refused.stderr


def test_an_older_python_reads_it_too() -> None:
    """The verifier runs on an older Python."""
    ast.parse(Path(audit.__file__).read_text(), feature_version=(3, 9))


def test_its_own_command_line_has_the_same_statuses(
    tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    """0 it holds, 1 it does not, 2 it cannot be read."""
    folder = tmp_path_factory.mktemp("statuses")
    whole, empty = folder / "export", folder / "empty"
    whole.write_bytes(b"".join(exported()))
    empty.write_bytes(b"")
    assert audit.main([str(whole)]) == 0
    assert audit.main([str(whole), "--head", "0" * 64]) == 1
    assert audit.main([str(whole), "--require-anchor"]) == 1
    assert audit.main([str(whole), "--require-anchor", "--head", _last_checkpoint()]) == 0
    assert audit.main([str(empty)]) == 1
    assert "contains no entry" in capsys.readouterr().out
    assert audit.main([str(folder / "gone")]) == 2
    for usage in ([], ["--bogus"]):
        with pytest.raises(SystemExit) as left:
            audit.main(usage)
        assert left.value.code == 2


def _many(count: int) -> Iterator[bytes]:
    """*count* chains of ten entries, and a checkpoint for each hundred."""
    last: SignedCheckpoint | None = None
    heads: dict[IncidentId, Chain] = {}
    for number in range(count):
        incident, held = IncidentId(f"inc-{number:020x}"), Chain()
        for _ in range(10):
            held, entry = append(held, incident, Kind.DECISION, NOW, BY, {"why": "x" * 1000})
            yield export.entry_line(entry)
        heads[incident] = held
        if len(heads) == 100:
            last = sealed(last, heads)
            heads = {}
            yield export.checkpoint_line(last.text, last.signature)


@pytest.mark.slow
def test_memory_grows_with_incidents_and_not_with_entries(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Ten thousand entries of more than a kilobyte are verified in less than a megabyte."""
    path = tmp_path_factory.mktemp("many") / "export"
    with path.open("wb") as file:
        file.writelines(_many(1000))
    assert path.stat().st_size > 12_000_000
    tracemalloc.start()
    with path.open("rb") as file:
        found = audit.verify(file, (), audit.read_key(public_key()))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (found.faults, found.entries, found.checkpoints) == ([], 10_000, 10)
    assert peak < 1_500_000


def test_the_number_of_reported_faults_is_limited() -> None:
    lines = b"nonsense\n" * 1000
    found = audit.verify(io.BytesIO(exported()[0] + lines))
    assert len(found.faults) == audit.FAULTS_MAX


@pytest.mark.parametrize("line", [b"# README\n", b'{"source": "aws.cloudwatch"}\n', b"\xff\n"])
def test_a_file_that_is_no_export_is_one_fault(line: bytes) -> None:
    """A line that is cut, or means to be a checkpoint, may be what is left of one."""
    (fault,) = audit.verify(line * 200 + b"the end").faults
    assert (fault.line, fault.why[:12]) == (0, "is not an ex")
    for rest in (b"cut", b'{"checkpoint": 1}\n', b'{"policy": "x", "text": "y"}\n'):
        assert [each.line for each in audit.verify(rest).faults] == [1]
