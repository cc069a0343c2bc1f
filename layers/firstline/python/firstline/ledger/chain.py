"""The append-only record: entries chained by hash, one chain for each incident.

An entry's bytes are made once. They are what is hashed, stored, exported and verified; nothing
encodes an entry again. ``ledger/verify.py`` verifies a chain with the standard library alone.
"""

from datetime import datetime
from enum import StrEnum

import msgspec

from firstline.ids import Digest, IncidentId, digest
from firstline.schema_1 import SCHEMA

GENESIS = Digest("0" * 64)
"""The ``previous`` hash of a chain's first entry."""

type Data = dict[str, object]
"""The content of an entry: strings, integers, booleans, nulls, and lists and objects of them."""


class Kind(StrEnum):
    """The kind of fact that an entry records."""

    SIGNAL = "signal"
    DECISION = "decision"
    INTENT = "intent"
    OUTCOME = "outcome"
    VERIFICATION = "verification"
    PAGE = "page"
    RESPONSE = "response"
    ESCALATION = "escalation"
    PROPOSAL = "proposal"
    APPROVAL = "approval"
    PAUSE = "pause"
    DEMOTION = "demotion"
    PROMOTION = "promotion"
    DRILL = "drill"
    METRIC = "metric"


class Provenance(msgspec.Struct, frozen=True):
    """The policy and the code behind an entry: digests of the profile's and the package's bytes."""

    policy: Digest
    code: str


class Chain(msgspec.Struct, frozen=True):
    """The end of an incident's chain: number of entries, and the hash of the last."""

    length: int = 0
    head: Digest = GENESIS


class Entry(msgspec.Struct, frozen=True):
    """One link: ``body`` is the exact JSON text that ``hash`` covers."""

    incident: IncidentId
    sequence: int
    body: str
    hash: Digest


def append(  # noqa: PLR0913, PLR0917 - an entry has these parts
    chain: Chain, incident: IncidentId, kind: Kind, at: datetime, by: Provenance, data: Data
) -> tuple[Chain, Entry]:
    """Return the chain one entry longer, and that entry. ``data`` holds no floats.

    >>> from datetime import UTC
    >>> chain, entry = append(
    ...     Chain(),
    ...     IncidentId("inc-1"),
    ...     Kind.PAGE,
    ...     datetime(2026, 3, 11, tzinfo=UTC),
    ...     Provenance(policy=Digest("p"), code="c"),
    ...     {"key": "inc-1"},
    ... )
    >>> chain.length, chain.head == entry.hash
    (1, True)
    """
    sequence = chain.length + 1
    text = msgspec.json.encode(
        {
            "incident": incident,
            "sequence": sequence,
            "previous": chain.head,
            "at": at,
            "kind": kind,
            "policy": by.policy,
            "code": by.code,
            "schema": SCHEMA,
            "data": data,
        },
        order="deterministic",
    )
    entry = Entry(incident=incident, sequence=sequence, body=text.decode(), hash=digest(text))
    return Chain(length=sequence, head=entry.hash), entry
