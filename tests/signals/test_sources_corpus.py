"""The classification of every file of ``events/``, compared with one table that people approve.

To approve a change: ``python -m tests.signals.test_sources_corpus > tests/signals/classified.txt``.
"""

import sys
from datetime import timedelta
from pathlib import Path

from firstline.signal import Disposition, clamp_to_now
from firstline.signals.classify import classify, with_profile_name
from firstline.signals.sources.envelope import parse
from tests.builders import HOME, NOW, PROFILE
from tests.events import EVENTS

RECEIVED = NOW + timedelta(hours=2)
APPROVED = Path(__file__).with_name("classified.txt")


def line(path: Path) -> str:
    """One file's name, disposition, severity and condition where it has them, and why."""
    signal = with_profile_name(
        clamp_to_now(parse(path.read_bytes(), HOME, NOW), RECEIVED), PROFILE, {}
    )
    found = classify(signal, PROFILE, HOME)
    opens = found.disposition is Disposition.INCIDENT
    how_bad = f"{found.severity} {found.condition}" if opens else "-"
    return f"{path.stem} | {found.disposition} | {how_bad} | {found.why}"


def table() -> str:
    """One line for each file."""
    return "".join(f"{line(path)}\n" for path in sorted(EVENTS.glob("*.json")))


def test_every_event_is_classified_as_approved() -> None:
    """A new file, or another meaning of an old one, shows as a change of the table."""
    assert table() == APPROVED.read_text()


def test_every_event_has_its_source() -> None:
    """SOURCES.md says of each file where its shape comes from."""
    rows = (EVENTS / "SOURCES.md").read_text().splitlines()
    result = {row.split("|")[1].strip() for row in rows if row.startswith("|") and ".json" in row}
    assert result == {path.name for path in EVENTS.glob("*.json")}


if __name__ == "__main__":
    sys.stdout.write(table())
