"""The envelopes of ``events/`` by name, and copies of them with a few facts changed."""

import json
from pathlib import Path
from typing import Any

EVENTS = Path(__file__).parents[1] / "events"
ABSENT = object()
"""The value of an edit that takes a key away."""


def body(name: str) -> bytes:
    """The envelope ``events/cloudwatch.NAME.json``."""
    return (EVENTS / f"cloudwatch.{name}.json").read_bytes()


def edited(raw: bytes, edits: dict[str, object]) -> bytes:
    """*raw* with a value at each dotted path; a number is an index, `ABSENT` takes a key away."""
    event = json.loads(raw)
    for path, value in edits.items():
        *parents, last = path.split(".")
        place: Any = event
        for each in parents:
            place = place[int(each)] if isinstance(place, list) else place.setdefault(each, {})
        if value is ABSENT:
            del place[last]
        else:
            place[int(last) if isinstance(place, list) else last] = value
    return json.dumps(event, ensure_ascii=False).encode()
