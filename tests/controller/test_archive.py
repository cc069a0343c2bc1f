"""The archive is whole, in order and anchored, however often, late or by how many it is filled."""

from collections.abc import Sequence
from itertools import combinations, count

import pytest
from hypothesis import HealthCheck, settings, strategies
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from firstline.controller.archive.fill import CHECKPOINT_TRIES_MAX, archive
from firstline.errors import DependencyUnavailable, InvalidInput
from firstline.ids import IncidentId
from firstline.ledger import archive as archiving
from firstline.ledger.archive import EntryAdded, ItemAlteration, LedgerChange
from firstline.ledger.chain import Chain, Kind, append
from tests.builders import NOW
from tests.controller.archive_rig import BY, Killed, Records, Workers


def test_a_batch_is_archived_and_anchored() -> None:
    """Each entry by itself, the policy once, and one checkpoint over all heads."""
    records = Records()
    records.archive([*records.append(1, 3), *records.append(2, 1)])
    found = records.check(ended=True)
    assert (found.entries, found.checkpoints, found.policies) == (4, 1, {BY.policy: True})
    assert sorted(records.bucket.objects) == [
        "checkpoints/999999998-000000001.json",
        "entries/inc-1/000001.json",
        "entries/inc-1/000002.json",
        "entries/inc-1/000003.json",
        "entries/inc-2/000001.json",
        f"policies/{BY.policy}.toml",
    ]


def test_a_checkpoint_names_the_one_before_and_what_changed_since() -> None:
    records = Records()
    records.archive([*records.append(1, 2), *records.append(2, 1)])
    records.archive(records.append(2, 4))
    first, second = (
        archiving.parse_checkpoint(
            records.bucket.objects[archiving.checkpoint_key(number)]
        ).checkpoint
        for number in (1, 2)
    )
    heads = {incident: entries[-1].hash for incident, entries in records.table.items()}
    one, two = heads
    assert first.heads == {one: (2, heads[one]), two: (1, records.table[two][0].hash)}
    assert second.heads == {two: (5, heads[two])}
    assert second.at > first.at > NOW


def test_a_batch_that_comes_again_changes_nothing() -> None:
    """Not even a checkpoint is added: the last one says it all."""
    records = Records()
    batch = [*records.append(1, 3), *records.append(2, 1)]
    records.archive(batch)
    objects = dict(records.bucket.objects)
    for again in (batch, batch[::-1], batch[:1], [*batch, *batch]):
        records.archive(again)
    assert records.bucket.objects == objects


def test_a_gap_is_filled_from_the_table() -> None:
    """An entry that the stream missed is read from the table."""
    records = Records()
    records.archive(records.append(1, 2))
    records.append(1, 3)
    records.archive(records.append(1, 1))
    assert records.check(ended=True).entries == 6


def test_lost_entries_are_counted_and_the_rest_archived() -> None:
    """The verifier finds the gap too."""
    records = Records()
    batch = records.append(1, 4)
    del records.table[IncidentId("inc-1")][1]
    archived = archive(batch[3:], records.within)
    assert (archived.entries, archived.lost, archived.altered) == (3, 1, 0)
    assert archived.heads[IncidentId("inc-1")].length == 4


def altered(how: str, number: str) -> ItemAlteration:
    old = {"body": {"S": "what it was"}}
    return ItemAlteration(
        "inc-1", "2", how, number, old, None if how == "REMOVE" else {"body": {"S": "x"}}
    )


def test_what_was_changed_or_removed_is_kept_with_its_old_image() -> None:
    """Under a prefix of its own; the archived entry stays."""
    records = Records()
    batch = records.append(1, 2)
    changes = [altered("MODIFY", "7"), altered("REMOVE", "8")]
    archived = archive([*batch, *changes], records.within)
    assert (archived.entries, archived.altered) == (2, 2)
    kept = [key for key in records.bucket.objects if key.startswith(archiving.ALTERED)]
    assert kept == ["altered/inc-1/2/7.json", "altered/inc-1/2/8.json"]
    assert b"what it was" in records.bucket.objects[kept[0]]
    assert archive(changes, records.within).altered == 2


def test_a_second_entry_in_the_place_of_another_never_replaces_it() -> None:
    """In one batch or in two, the first is the entry, and the other is kept as a duplicate."""
    _, other = append(Chain(), IncidentId("inc-1"), Kind.OUTCOME, NOW, BY, {"a": "lie"})
    for batches in ([[0], [1]], [[0, 1]]):
        records = Records()
        changes = [*records.append(1, 1), EntryAdded(other)]
        done = [archive([changes[each] for each in batch], records.within) for batch in batches]
        assert [sum(each.altered for each in done), sum(each.entries for each in done)] == [1, 1]
        records.altered.append(archiving.duplicate_entry(other))
        records.archive(changes)
        records.check(ended=True)


def stopped(records: Records, batch: Sequence[LedgerChange], at: int, end: BaseException) -> bool:
    """Archive *batch*, which meets its *end* before request *at*: a lost answer is the same."""
    seen = count()

    def effect(_name: str, _key: str) -> None:
        if next(seen) == at:
            raise end

    records.effect = effect
    try:
        records.archive(batch)
    except (Killed, DependencyUnavailable):
        return True
    finally:
        records.effect = lambda _name, _key: None
    return False


@pytest.mark.parametrize(
    "end", [Killed(), DependencyUnavailable("no answer")], ids=["killed", "failed"]
)
def test_it_may_stop_between_any_two_requests(end: BaseException) -> None:
    """At each point what is there holds; the batch that comes again completes it."""
    points = 0
    for at in count():
        records = Records()
        records.archive(records.append(1, 2))
        records.append(2, 1)
        batch = [*records.append(1, 2), *records.append(2, 2), altered("MODIFY", "7")]
        records.altered.append(altered("MODIFY", "7"))
        cut = stopped(records, batch, at, end)
        records.check(ended=not cut)
        records.archive(batch)
        assert records.check(ended=True).checkpoints == 2
        if not cut:
            break
        points += 1
    assert points == 14


@pytest.mark.slow
def test_two_workers_never_fork_the_chain() -> None:
    """Every schedule of two workers, of different incidents and of one, with three switches."""
    schedules = 0
    for same in (False, True):
        for cuts in combinations(range(18), 3):
            records = Records()
            ours = records.append(1, 1)
            theirs = [*ours, *records.append(1, 1)] if same else records.append(2, 1)
            workers = Workers(records, [ours, theirs])
            at, turn = count(), 0
            while workers.left:
                turn ^= next(at) in cuts
                workers.go(turn)
            assert workers.undone == []
            assert 1 <= records.check(ended=True).checkpoints <= 2
            schedules += 1
    assert schedules == 2 * 816


def test_who_loses_every_race_leaves_the_batch_to_come_again() -> None:
    """Others are always first with the next checkpoint: nothing is forked, nothing is lost."""
    records = Records()
    batch = records.append(1, 1)
    others = iter(range(2, 100))

    def another(name: str, key: str) -> None:
        if name == "put" and key.startswith(archiving.CHECKPOINTS):
            records.effect = lambda _name, _key: None
            records.archive(records.append(next(others), 1))
            records.effect = another

    records.effect = another
    with pytest.raises(DependencyUnavailable, match="others were first"):
        records.archive(batch)
    records.effect = lambda _name, _key: None
    assert records.check(ended=False).checkpoints == CHECKPOINT_TRIES_MAX
    records.archive(batch)
    records.check(ended=True)


def test_a_checkpoint_that_is_none_stops_the_chain_and_not_the_archive() -> None:
    """A forged object is detected; entries are still archived."""
    for nonsense in (
        b"nonsense",
        b'{"policy":"x","text":"y"}',
        b'{"checkpoint":"{}","signature":""}',
    ):
        records = Records()
        records.bucket.objects[archiving.checkpoint_key(1)] = nonsense
        with pytest.raises(InvalidInput):
            records.archive(records.append(1, 1))
        assert "entries/inc-1/000001.json" in records.bucket.objects


def test_an_object_that_goes_while_it_is_read_is_no_answer() -> None:
    """The batch comes again."""
    records = Records()
    batch = records.append(1, 1)
    records.archive(batch)

    def gone(name: str, key: str) -> None:
        if name == "get":
            records.bucket.objects.pop(key)

    records.effect = gone
    with pytest.raises(DependencyUnavailable, match="was there, and is gone"):
        records.archive(batch)


class Archived(RuleBasedStateMachine):
    """Entries come, are altered, and are archived by workers that are stopped and mixed up."""

    def __init__(self) -> None:
        super().__init__()
        self.records = Records()
        self.stream: list[LedgerChange] = []

    @rule(number=strategies.integers(1, 3), entries=strategies.integers(1, 4))
    def entries_come(self, number: int, entries: int) -> None:
        self.stream += self.records.append(number, entries)

    @rule(number=strategies.integers(1, 99))
    def an_item_is_altered(self, number: int) -> None:
        change = altered("MODIFY", str(number))
        if change not in self.records.altered:
            self.records.altered.append(change)
            self.stream.append(change)

    @rule(data=strategies.data())
    def workers_archive(self, data: strategies.DataObject) -> None:
        """Two or three of them, each a part of the stream, in any order, some of it twice."""
        if not self.stream:
            return
        parts = strategies.lists(strategies.sampled_from(self.stream), min_size=1, max_size=6)
        batches = data.draw(strategies.lists(parts, min_size=2, max_size=3))
        workers = Workers(self.records, batches)
        while workers.left:
            number = data.draw(strategies.integers(0, len(workers.left) - 1))
            workers.go(number, kill=data.draw(strategies.integers(0, 9)) == 9)
        self.records.effect = lambda _name, _key: None

    @invariant()
    def what_is_there_holds(self) -> None:
        self.records.check(ended=False)

    def teardown(self) -> None:
        """The stream comes again, and all is there."""
        if self.stream:
            self.records.archive(self.stream)
        self.records.check(ended=True)


Archived.TestCase.settings = settings(
    derandomize=True,
    deadline=None,
    max_examples=40,
    stateful_step_count=15,
    suppress_health_check=list(HealthCheck),
)
TestArchived = pytest.mark.slow(Archived.TestCase)
