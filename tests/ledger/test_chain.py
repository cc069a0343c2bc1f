import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstline.ids import digest
from firstline.ledger.chain import GENESIS, Chain, Data, Entry, Kind, Provenance, append
from tests.builders import BY, ID, NOW, OTHER, ago
from tests.strategies import CALM


def chain(*told: Data) -> tuple[Chain, list[Entry]]:
    """A chain of decisions with these *data*."""
    held, entries = Chain(), []
    for each in told:
        held, entry = append(held, ID, Kind.DECISION, NOW, BY, each)
        entries.append(entry)
    return held, entries


def test_the_first_entry_follows_nothing() -> None:
    """Its body is canonical JSON: keys in order, no spaces, the instant in UTC."""
    held, (entry,) = chain({"why": "b", "facts": ["ä", 1, None, True]})
    assert entry.body == (
        '{"at":"2026-03-11T04:20:00Z","code":"code",'
        '"data":{"facts":["ä",1,null,true],"why":"b"},'
        f'"incident":"{ID}","kind":"decision","policy":"{BY.policy}",'
        f'"previous":"{GENESIS}","schema":2,"sequence":1}}'
    )
    assert entry == Entry(ID, 1, entry.body, digest(entry.body.encode()))
    assert held == Chain(1, entry.hash)


@CALM
@given(st.lists(st.dictionaries(st.text(max_size=4), st.text(max_size=4), max_size=3), max_size=5))
def test_each_entry_names_the_hash_of_the_one_before(told: list[Data]) -> None:
    """I25: gap-free and in order, and each hash is of the bytes that are kept."""
    held, entries = chain(*told)
    previous = GENESIS
    for number, (entry, text) in enumerate(zip(entries, told, strict=True), start=1):
        body = json.loads(entry.body)
        assert (body["sequence"], body["previous"], body["data"]) == (number, previous, text)
        assert entry.hash == digest(entry.body.encode())
        previous = entry.hash
    assert held == Chain(len(told), previous)


SAID: Data = {"a": 1}


@pytest.mark.parametrize(
    "other",
    [
        append(Chain(1, digest(b"x")), ID, Kind.DECISION, NOW, BY, SAID),
        append(Chain(0, digest(b"x")), ID, Kind.DECISION, NOW, BY, SAID),
        append(Chain(), OTHER, Kind.DECISION, NOW, BY, SAID),
        append(Chain(), ID, Kind.OUTCOME, NOW, BY, SAID),
        append(Chain(), ID, Kind.DECISION, ago(1), BY, SAID),
        append(Chain(), ID, Kind.DECISION, NOW, Provenance(BY.policy, "other"), SAID),
        append(Chain(), ID, Kind.DECISION, NOW, Provenance(digest(b"x"), BY.code), SAID),
        append(Chain(), ID, Kind.DECISION, NOW, BY, {"a": 2}),
    ],
)
def test_every_part_of_an_entry_is_under_its_hash(other: tuple[Chain, Entry]) -> None:
    """An entry that differs in any part has another hash."""
    one = append(Chain(), ID, Kind.DECISION, NOW, BY, SAID)
    assert one[1].hash != other[1].hash
