from firstline.cli.analysis import archive_reader
from firstline.ids import digest
from firstline.ledger import archive
from tests.controller.archive_rig import BY, POLICY, Records


def test_checkpoints_are_read_in_order_as_they_were_when_it_began() -> None:
    """A later checkpoint names entries that the export has not read."""
    records = Records()
    for number in range(1, 4):
        records.archive(records.append(number, 1))
    read = archive_reader.checkpoints(records.bucket)
    records.archive(records.append(4, 1))
    texts = [text for text, _ in read]
    objects = [records.bucket.objects[archive.checkpoint_key(each)] for each in (1, 2, 3)]
    assert texts == [archive.parse_checkpoint(each).text for each in objects]


def test_a_checkpoint_that_is_none_is_left_out() -> None:
    """Or one that is gone: the verifier says which one was due."""
    records = Records()
    for number in range(1, 5):
        records.archive(records.append(number, 1))
    records.bucket.objects[archive.checkpoint_key(2)] = b"nonsense"
    del records.bucket.objects[archive.checkpoint_key(3)]
    read = [
        archive.sequence_of(f"-{text[12]}")
        for text, _ in archive_reader.checkpoints(records.bucket)
    ]
    assert read == [1, 4]


def test_there_may_be_nothing_yet() -> None:
    records = Records()
    assert list(archive_reader.checkpoints(records.bucket)) == []
    assert archive_reader.policy(records.bucket, BY.policy) is None


def test_a_policy_is_read_by_its_digest() -> None:
    """One whose bytes are no text is as if it was not there."""
    records = Records()
    records.archive(records.append(1, 1))
    assert archive_reader.policy(records.bucket, BY.policy) == POLICY.decode()
    odd = digest(b"\xff")
    records.bucket.put(archive.policy_key(odd), b"\xff")
    assert archive_reader.policy(records.bucket, odd) is None
