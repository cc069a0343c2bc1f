"""The archive's audit: each fault is one line."""

import base64
from collections.abc import Callable

import pytest

from firstline.controller.archive import audit
from firstline.controller.archive.audit import CHECKPOINTS_MAX, find_faults
from firstline.errors import DependencyUnavailable
from firstline.ids import IncidentId, digest
from firstline.ledger import archive, export
from firstline.ledger.chain import Chain, Entry, Kind, append
from tests.builders import NOW
from tests.controller.archive_rig import BY, Records, signature

ONE = IncidentId("inc-1")


def archived() -> Records:
    """Three incidents, a checkpoint for each, and a second for the first."""
    records = Records()
    for number in (1, 2, 3, 1):
        records.archive(records.append(number, 3))
    return records


def test_an_intact_archive_has_no_faults() -> None:
    """Also where nothing is archived yet."""
    assert list(find_faults(archived().within)) == []
    assert list(find_faults(Records().within)) == []


def test_entries_that_came_since_are_no_fault() -> None:
    """The table is always ahead by what is not anchored yet."""
    records = archived()
    records.append(1, 5)
    assert list(find_faults(records.within)) == []


def test_the_last_checkpoints_are_read() -> None:
    """Older ones were read before."""
    records = Records()
    for _ in range(CHECKPOINTS_MAX + 3):
        records.archive(records.append(1, 1))
    seen: list[str] = []
    records.effect = lambda name, key: seen.append(key) if name == "get" else None
    assert list(find_faults(records.within)) == []
    read = [each for each in seen if each.startswith(archive.CHECKPOINTS)]
    assert read == [archive.checkpoint_key(4 + each) for each in range(CHECKPOINTS_MAX)]


def resigned(records: Records, number: int, **changes: object) -> None:
    """The checkpoint with *changes*, signed by the right key."""
    key = archive.checkpoint_key(number)
    found = archive.parse_checkpoint(records.bucket.objects[key]).checkpoint
    result = {name: getattr(found, name) for name in found.__struct_fields__} | changes
    text = archive.checkpoint_text(archive.Checkpoint(**result))
    signed = base64.b64encode(signature(digest(text.encode()))).decode()
    records.bucket.objects[key] = export.checkpoint_line(text, signed)


def unsigned(records: Records) -> None:
    key = archive.checkpoint_key(4)
    sealed = archive.parse_checkpoint(records.bucket.objects[key])
    records.bucket.objects[key] = export.checkpoint_line(sealed.text, "c2ln")


def forged(records: Records) -> None:
    """The table's third entry is replaced by one that says something else."""
    _, entry = append(Chain(), ONE, Kind.OUTCOME, NOW, BY, {"a": "lie"})
    records.table[ONE][2] = Entry(ONE, 3, entry.body, entry.hash)


def emptied(records: Records) -> None:
    records.table[ONE].clear()


TAMPERINGS: dict[str, tuple[Callable[[Records], object], str]] = {
    "a checkpoint is none": (
        lambda them: them.bucket.objects.update({archive.checkpoint_key(2): b"nonsense"}),
        "object 2 is not a checkpoint",
    ),
    "a checkpoint is gone": (
        lambda them: them.bucket.objects.pop(archive.checkpoint_key(2)),
        "object 2 is not a checkpoint",
    ),
    "a signature is another": (unsigned, "checkpoint 4 is not signed by the key"),
    "a checkpoint says another number": (
        lambda them: resigned(them, 4, sequence=5),
        "checkpoint 4 has the number 5",
    ),
    "a checkpoint follows another": (
        lambda them: resigned(them, 4, previous=digest(b"x")),
        "checkpoint 4 does not follow the one before it",
    ),
    "an archived entry is another": (
        lambda them: them.bucket.objects.update({archive.entry_key(ONE, 6): b"{}"}),
        "the archive's entry 6 of inc-1 differs from its anchor",
    ),
    "an archived entry is gone": (
        lambda them: them.bucket.objects.pop(archive.entry_key(ONE, 6)),
        "the archive's entry 6 of inc-1 differs from its anchor",
    ),
    "the table's entry is another": (forged, "the table's entry 6 of inc-1: is entry 1"),
    "the table's end is cut off": (
        lambda them: them.table[ONE].pop(),
        "the table's entry 6 of inc-1: no chain ends in",
    ),
    "the table has none of it": (emptied, "the table's entry 6 of inc-1: no chain ends in"),
}


@pytest.mark.parametrize("name", TAMPERINGS)
def test_tampering_is_found(name: str) -> None:
    """In the bucket or in the table, by the first line."""
    tamper, why = TAMPERINGS[name]
    records = archived()
    tamper(records)
    assert next(find_faults(records.within)).startswith(why)


def test_the_rest_of_a_faulty_archive_is_read() -> None:
    """One checkpoint that is none hides no other fault, and is no fault of the next one."""
    records = archived()
    records.bucket.objects[archive.checkpoint_key(2)] = b"nonsense"
    records.table[ONE].pop()
    first, second = find_faults(records.within)
    assert first == "object 2 is not a checkpoint"
    assert second.startswith("the table's entry 6 of inc-1")


def test_a_later_checkpoint_may_tell_of_less() -> None:
    """A worker that was slow: what it says is true still."""
    records = archived()
    head = Chain(2, records.table[ONE][1].hash)
    records.archive(records.append(2, 1))
    two = IncidentId("inc-2")
    resigned(
        records,
        5,
        heads={ONE: (head.length, head.head), two: (4, records.table[two][-1].hash)},
    )
    assert list(find_faults(records.within)) == []


def test_what_cannot_be_read_is_no_audit() -> None:
    records = archived()

    def out(name: str, _key: str) -> None:
        if name == "public_key":
            raise DependencyUnavailable("signing key: AccessDeniedException")

    records.effect = out
    with pytest.raises(DependencyUnavailable):
        list(audit.find_faults(records.within))
