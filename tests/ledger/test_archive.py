import pytest

from firstline.errors import InvalidInput
from firstline.ids import IncidentId, digest
from firstline.ledger import archive, export, report_location
from firstline.ledger.archive import ItemAlteration
from firstline.ledger.chain import GENESIS, Chain
from tests.builders import ID, NOW, OTHER


def test_keys_sort_as_they_are_read() -> None:
    """Entries in order, and the latest checkpoint first; the number is in the name."""
    entries = [archive.entry_key(ID, number) for number in (1, 9, 10, 99_999, 100_000)]
    assert entries == sorted(entries)
    assert [archive.sequence_of(each) for each in entries] == [1, 9, 10, 99_999, 100_000]
    checkpoints = [archive.checkpoint_key(number) for number in (1, 9, 10, 999_999)]
    assert checkpoints == sorted(checkpoints, reverse=True)
    assert [archive.sequence_of(each) for each in checkpoints] == [1, 9, 10, 999_999]
    assert entries[0].startswith(archive.entries_prefix(ID))
    assert not entries[0].startswith(archive.entries_prefix(IncidentId(ID[:-1])))


def test_every_object_has_a_prefix_that_is_put_once() -> None:
    keys = (
        archive.entry_key(ID, 1),
        archive.checkpoint_key(1),
        archive.policy_key(digest(b"x")),
        archive.alteration_key(ItemAlteration(ID, "1", "MODIFY", "7", None, None)),
        report_location.report_key(ID, 1, "report.html"),
    )
    assert tuple(key[: key.index("/") + 1] for key in keys) == archive.PREFIXES


ONE = Chain(3, digest(b"one"))
TWO = Chain(1, digest(b"two"))


def test_a_checkpoint_has_only_changed_heads() -> None:
    """Unchanged heads, and heads that were longer in the last one, are left out."""
    first = archive.next_checkpoint(None, NOW, {ID: ONE, OTHER: TWO})
    assert first is not None
    assert (first.sequence, first.previous) == (1, GENESIS)
    text = archive.checkpoint_text(first)
    last = archive.parse_checkpoint(export.checkpoint_line(text, "c2ln"))
    assert last == archive.SignedCheckpoint(first, text, "c2ln")
    assert archive.next_checkpoint(last, NOW, {ID: ONE}) is None
    assert archive.next_checkpoint(last, NOW, {ID: Chain(2, digest(b"before"))}) is None
    second = archive.next_checkpoint(last, NOW, {ID: ONE, OTHER: Chain(2, digest(b"more"))})
    assert second is not None
    assert second.heads == {OTHER: (2, digest(b"more"))}
    assert (second.sequence, second.previous) == (2, digest(text.encode()))


def test_the_text_that_is_signed_is_exact() -> None:
    checkpoint = archive.next_checkpoint(None, NOW, {ID: TWO})
    assert checkpoint is not None
    assert archive.checkpoint_text(checkpoint) == (
        f'{{"sequence":1,"previous":"{GENESIS}","at":"2026-03-11T04:20:00Z",'
        f'"heads":{{"{ID}":[1,"{TWO.head}"]}}}}'
    )


@pytest.mark.parametrize(
    "line", [b"nonsense", b'{"policy":"","text":""}', b'{"checkpoint":"{}","signature":""}']
)
def test_an_object_that_is_no_checkpoint_is_malformed(line: bytes) -> None:
    with pytest.raises(InvalidInput):
        archive.parse_checkpoint(line)
