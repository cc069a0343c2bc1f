"""A user's report: classified, distinguished by user, and shown nowhere (R23, I27)."""

import json

import msgspec
import pytest

from firstline.incidents.incident import decode, encode
from firstline.notifications import pages as paging
from firstline.notifications.origin import Origin
from firstline.signal import Mark, Restricted, Severity, Signal
from firstline.signals import episodes
from firstline.signals.classify import Classification, classify, with_profile_name
from firstline.signals.episodes import REPORTS_MAX
from firstline.signals.sources.envelope import parse
from firstline.signals.sources.user import printable, pseudonym, with_pseudonym
from tests.builders import BY, HOME, NOW, PROFILE
from tests.events import EVENTS, edited
from tests.notifications import wire as bodies

RAW = (EVENTS / "user.report.json").read_bytes()
GUID = "0f3c9a1e-5b7d-4c2a-9e10-aa0000000001"
OTHER = GUID.replace("1", "2")
CANARY = "canary 7f3a"

ORIGIN = Origin(fleet="vettid", region="us-east-1", mode="enforce")


def heard(raw: bytes, key: str = "key") -> tuple[Signal, Classification]:
    signal = with_profile_name(with_pseudonym(parse(raw, HOME, NOW), key), PROFILE, {})
    return signal, classify(signal, PROFILE, HOME)


def test_a_user_is_known_by_a_keyed_hash() -> None:
    """The same user is the same trouble; another user or another key is another."""
    causes = [
        heard(edited(RAW, {"detail.id": n, "detail.user": user}), key)[1].correlation_key
        for n, user, key in (
            ("1", GUID, "key"),
            ("2", GUID, "key"),
            ("3", OTHER, "key"),
            ("4", GUID, "k"),
        )
    ]
    assert causes[0] == causes[1]
    assert len(set(causes)) == 3
    assert pseudonym(GUID, "key") == pseudonym(GUID, "key") != pseudonym(GUID, "k")


def test_nothing_personal_leaves_the_aggregate() -> None:
    """I27: no entry, no page, no key, no cause and no representation holds it."""
    raw = edited(RAW, {"detail.details": CANARY, "detail.reporter": "canary@example.test"})
    signal, found = heard(raw)
    opening = episodes.open_incident(signal, found, PROFILE, NOW, BY)
    raised = paging.rise_pages(opening.incident, signal, found.why, NOW, PROFILE)
    shown = opening.entry.body + json.dumps(
        episodes.signal_received(signal, found, PROFILE).to_ledger()
    )
    shown += "".join(json.dumps(bodies.body(each, ORIGIN)) for each in raised)
    shown += signal.key + found.correlation_key + repr(signal) + repr(opening.incident)
    shown += "".join("".join(bodies.notice(each, ORIGIN)) for each in opening.incident.pages)
    for secret in (GUID, "canary"):
        assert secret not in shown
    (kept,) = opening.incident.reports
    assert (kept.user, kept.details) == (GUID, CANARY)
    assert decode(encode(opening.incident)) == opening.incident


def test_later_reports_of_the_user_are_kept_to_a_bound() -> None:
    """The latest: an aggregate must fit into its item."""
    signal, found = heard(RAW)
    held = episodes.open_incident(signal, found, PROFILE, NOW, BY).incident
    assert held.severity is Severity.P3
    assert [each.channel for each in held.pages] == ["team"]
    for n in range(REPORTS_MAX + 3):
        result, _ = heard(edited(RAW, {"detail.id": str(n), "detail.details": f"try {n}"}))
        held = episodes.merge_signal(held, result, found, PROFILE, NOW)
    assert [each.details for each in held.reports][-1] == f"try {REPORTS_MAX + 2}"
    assert len(held.reports) == REPORTS_MAX


@pytest.mark.parametrize(
    "edits",
    [
        {"detail.user": "Ada Example"},
        {"detail.user": GUID.upper()},
        {"detail.details": ""},
        {"detail.details": "x" * 2001},
        {"detail.reporter": "a\nb"},
        {"detail.id": "a b"},
        {"detail.more": "x"},
    ],
)
def test_a_malformed_report_is_never_silent(edits: dict[str, object]) -> None:
    """A person looks at an unreadable report; its words are not repeated."""
    signal, found = heard(edited(RAW, edits))
    assert signal.marks == (Mark.MALFORMED,)
    assert found.severity is Severity.P2
    assert signal.restricted is None


def test_details_steer_no_terminal() -> None:
    """Control characters are spaces."""
    assert printable("a\x1b[31mb\nc") == "a [31mb c"
    result = Restricted(user=GUID, details="x", reporter="me")
    assert repr(result) == "Restricted(...)"
    assert msgspec.json.decode(msgspec.json.encode(result), type=Restricted) == result
