"""Exports: what is written is what is read, line by line, and nothing is encoded again."""

import tracemalloc
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstline.cli.analysis.selection import chains_in_window
from firstline.errors import InvalidInput
from firstline.ids import Digest, IncidentId, digest
from firstline.ledger import export
from firstline.ledger.chain import GENESIS, Chain, Entry, Kind, append
from firstline.ledger.export import Checkpoint, DecodedEntry, Policy
from tests.builders import BY, ID, NOW, OTHER, ago
from tests.strategies import CALM


def chain(incident: IncidentId, *ats: datetime) -> list[Entry]:
    """An incident's chain with an entry at each of *ats*."""
    held, entries = Chain(), []
    for at in ats:
        held, entry = append(held, incident, Kind.DECISION, at, BY, {"why": "ä\u2028"})
        entries.append(entry)
    return entries


NONE: Callable[[Digest], str | None] = dict[Digest, str]().get
ONE, TWO = chain(ID, ago(60), NOW)


def test_an_entry_is_read_as_it_was_written() -> None:
    """The line is the body; its parsed content comes with the line's number."""
    line = export.entry_line(TWO)
    assert line == TWO.body.encode() + b"\n"
    (read,) = export.read([line])
    assert read == DecodedEntry(
        line=1,
        entry=TWO,
        previous=ONE.hash,
        at=NOW,
        kind="decision",
        policy=BY.policy,
        code="code",
        data={"why": "ä\u2028"},
        schema=2,
    )
    assert export.decode_entry(TWO, line=1) == read
    assert export.decode_entry(ONE).previous == GENESIS


@CALM
@given(st.text(), st.text())
def test_policies_and_checkpoints_are_read_as_they_were_written(text: str, signature: str) -> None:
    """Whatever they hold, each is one line."""
    written = [export.policy_line(text), export.checkpoint_line(text, signature)]
    assert [line.count(b"\n") for line in written] == [1, 1]
    assert list(export.read(written)) == [
        Policy(line=1, digest=digest(text.encode()), text=text),
        Checkpoint(line=2, text=text, signature=signature),
    ]


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"[]",
        b"{}",
        b"\xff",
        b"[" * 100_000,
        b'{"policy": "x"}',
        b'{"checkpoint": 1, "signature": ""}',
        ONE.body.encode().replace(b'"sequence":1', b'"sequence":"1"'),
        ONE.body.encode().replace(b"Z", b""),
        ONE.body.encode().replace(b'"at":"2026', b'"at":"0001'),
        ONE.body.encode().replace(b'"at":"2026', b'"at":"9999'),
    ],
)
def test_a_line_that_says_nothing_is_named(line: bytes) -> None:
    """The number counts from 1."""
    with pytest.raises(InvalidInput, match="line 2 is neither an entry, a policy nor a checkpoint"):
        list(export.read([export.entry_line(ONE), line + b"\n"]))


def test_an_entry_that_cannot_be_read_is_named() -> None:
    broken = Entry(ID, 3, "{}", digest(b"{}"))
    with pytest.raises(InvalidInput, match=f"entry 3 of {ID} cannot be read"):
        export.decode_entry(broken)


def test_an_export_holds_each_policy_once_and_checkpoints_last() -> None:
    """A policy without a known text is left out, and an unreadable entry is not."""
    broken = Entry(OTHER, 1, "{}", digest(b"{}"))
    entries = [ONE, broken, TWO]
    texts: Callable[[Digest], str | None] = {BY.policy: "[policy]"}.get
    written = list(export.write(entries, texts, [("text", "c2ln")]))
    assert written == [
        *map(export.entry_line, entries),
        export.policy_line("[policy]"),
        export.checkpoint_line("text", "c2ln"),
    ]
    assert list(export.write([ONE], NONE)) == [export.entry_line(ONE)]


EARLY = [ago(300), ago(200)]
CASES: list[tuple[str, datetime | None, datetime | None, list[str]]] = [
    ("all", None, None, ["early", "late"]),
    ("since", ago(100), None, ["late"]),
    ("since the last entry", ago(200), None, ["early", "late"]),
    ("until", None, ago(60), ["early"]),
    ("until the first entry", None, ago(300), []),
    ("between", ago(199), ago(60), []),
]


@pytest.mark.parametrize(
    ("since", "until", "names"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_a_time_chooses_whole_chains(
    since: datetime | None, until: datetime | None, names: list[str]
) -> None:
    """A chain cut at its beginning could not be verified."""
    chains = {"early": chain(OTHER, *EARLY), "late": [ONE, TWO]}
    everything = [each for entries in chains.values() for each in entries]
    assert list(chains_in_window(everything, since, until)) == [
        each for name in names for each in chains[name]
    ]


def test_a_chain_that_cannot_be_read_is_never_left_out() -> None:
    broken = Entry(OTHER, 1, "{}", digest(b"{}"))
    assert list(chains_in_window([broken, ONE], datetime(2030, 1, 1, tzinfo=UTC), None)) == [broken]


@pytest.mark.slow
def test_memory_does_not_grow_with_the_export() -> None:
    """Twenty thousand entries in two thousand chains, through writing, choosing and reading."""

    def entries() -> Iterator[Entry]:
        for number in range(2000):
            yield from chain(IncidentId(f"inc-{number}"), *[NOW] * 10)

    tracemalloc.start()
    lines = export.write(chains_in_window(entries(), ago(1), None), NONE)
    read = sum(1 for _ in export.read(lines))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert read == 20_000
    assert peak < 200_000
