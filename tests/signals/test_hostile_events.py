import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstline.incidents.incident import decode, encode
from firstline.signal import Condition, Disposition, Severity, SignalKind, clamp_to_now
from firstline.signals import episodes
from firstline.signals.classify import classify, with_profile_name
from firstline.signals.sources.envelope import parse
from tests.builders import BY, HOME, NOW, PROFILE
from tests.events import EVENTS
from tests.strategies import CALM, JSON

BODIES = [path.read_bytes() for path in sorted(EVENTS.glob("*.json"))]
SECONDS_MAX = 1
"""A page waits for this; on a busy machine it takes some milliseconds."""


def disposition(raw: bytes) -> Disposition:
    """The disposition of *raw*; an event of this account that is not understood is a P2."""
    began = time.perf_counter()
    signal = with_profile_name(clamp_to_now(parse(raw, HOME, NOW), NOW), PROFILE, {})
    found = classify(signal, PROFILE, HOME)
    assert time.perf_counter() - began < SECONDS_MAX
    assert found.why
    assert signal.key
    assert signal.at.tzinfo is not None
    opening = episodes.open_incident(signal, found, PROFILE, NOW, BY)
    assert decode(encode(opening.incident)) == opening.incident
    if found.disposition is Disposition.REJECTED:
        home = (signal.account, signal.region) == (HOME.account, HOME.region)
        routed_wrongly = signal.kind is SignalKind.MISROUTED
        assert not home or routed_wrongly or not signal.source.startswith("aws.")
    if found.disposition is Disposition.INCIDENT and not found.rule:
        finding = found.condition is Condition.SECURITY_FINDING
        assert found.severity is Severity.P2 or finding
    return found.disposition


def places(node: object) -> list[tuple[Any, Any]]:
    """Every place of *node* that holds a value: its container and its key or index."""
    if not isinstance(node, dict | list):
        return []
    keys = list(node) if isinstance(node, dict) else range(len(node))
    return [(node, key) for key in keys] + [each for key in keys for each in places(node[key])]


@CALM
@given(st.binary(max_size=300))
def test_no_bytes_are_too_strange(raw: bytes) -> None:
    """I6: what is no event at all is unclassified, and pages."""
    assert disposition(raw) is Disposition.INCIDENT


@CALM
@given(st.sampled_from(BODIES), st.lists(st.tuples(st.integers(0, 4000), st.binary()), max_size=4))
def test_no_damage_to_an_event_is_too_strange(raw: bytes, damages: list[tuple[int, bytes]]) -> None:
    """I6: bytes cut in anywhere still end as a disposition."""
    for at, bytes_ in damages:
        raw = raw[: at % len(raw)] + bytes_ + raw[at % len(raw) + len(bytes_) :]
    assert disposition(raw) in Disposition


@pytest.mark.slow
@CALM
@given(st.data(), st.sampled_from(BODIES))
def test_no_shape_of_an_event_is_too_strange(data: st.DataObject, raw: bytes) -> None:
    """I6: any value taken away or replaced, at any depth, still ends as a disposition."""
    event = json.loads(raw)
    for _ in range(data.draw(st.integers(1, 3))):
        found = places(event)
        if not found:
            break
        place, key = data.draw(st.sampled_from(found))
        if data.draw(st.booleans()):
            place[key] = data.draw(JSON)
        else:
            del place[key]
    assert disposition(json.dumps(event).encode()) in Disposition
