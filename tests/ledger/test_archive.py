import pytest

from firstline.errors import InvalidInput
from firstline.ids import IncidentId, digest
from firstline.ledger import archive as archiving
from firstline.ledger import export
from firstline.ledger import report_location as report_place
from firstline.ledger.archive import ItemAlteration
from firstline.ledger.chain import GENESIS, Chain
from tests.builders import ID, NOW, OTHER


def test_keys_sort_as_they_are_read() -> None:
    """Entries in order, and the latest checkpoint first; the number is in the name."""
    entries = [archiving.entry_key(ID, number) for number in (1, 9, 10, 99_999, 100_000)]
    assert entries == sorted(entries)
    assert [archiving.sequence_of(each) for each in entries] == [1, 9, 10, 99_999, 100_000]
    checkpoints = [archiving.checkpoint_key(number) for number in (1, 9, 10, 999_999)]
    assert checkpoints == sorted(checkpoints, reverse=True)
    assert [archiving.sequence_of(each) for each in checkpoints] == [1, 9, 10, 999_999]
    assert entries[0].startswith(archiving.entries_prefix(ID))
    assert not entries[0].startswith(archiving.entries_prefix(IncidentId(ID[:-1])))


def test_every_object_has_a_prefix_that_is_put_once() -> None:
    keys = (
        archiving.entry_key(ID, 1),
        archiving.checkpoint_key(1),
        archiving.policy_key(digest(b"x")),
        archiving.alteration_key(ItemAlteration(ID, "1", "MODIFY", "7", None, None)),
        report_place.report_key(ID, 1, "report.html"),
    )
    assert tuple(key[: key.index("/") + 1] for key in keys) == archiving.PREFIXES


ONE = Chain(3, digest(b"one"))
TWO = Chain(1, digest(b"two"))


def test_a_checkpoint_says_what_the_last_one_did_not() -> None:
    """What it said already, or what was longer by then, is not said again."""
    first = archiving.next_checkpoint(None, NOW, {ID: ONE, OTHER: TWO})
    assert first is not None
    assert (first.sequence, first.previous) == (1, GENESIS)
    text = archiving.checkpoint_text(first)
    last = archiving.parse_checkpoint(export.checkpoint_line(text, "c2ln"))
    assert last == archiving.SignedCheckpoint(first, text, "c2ln")
    assert archiving.next_checkpoint(last, NOW, {ID: ONE}) is None
    assert archiving.next_checkpoint(last, NOW, {ID: Chain(2, digest(b"before"))}) is None
    second = archiving.next_checkpoint(last, NOW, {ID: ONE, OTHER: Chain(2, digest(b"more"))})
    assert second is not None
    assert second.heads == {OTHER: (2, digest(b"more"))}
    assert (second.sequence, second.previous) == (2, digest(text.encode()))


def test_the_text_that_is_signed_is_exact() -> None:
    checkpoint = archiving.next_checkpoint(None, NOW, {ID: TWO})
    assert checkpoint is not None
    assert archiving.checkpoint_text(checkpoint) == (
        f'{{"sequence":1,"previous":"{GENESIS}","at":"2026-03-11T04:20:00Z",'
        f'"heads":{{"{ID}":[1,"{TWO.head}"]}}}}'
    )


@pytest.mark.parametrize(
    "line", [b"nonsense", b'{"policy":"","text":""}', b'{"checkpoint":"{}","signature":""}']
)
def test_an_object_that_is_no_checkpoint_is_malformed(line: bytes) -> None:
    with pytest.raises(InvalidInput):
        archiving.parse_checkpoint(line)
