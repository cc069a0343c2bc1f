from datetime import timedelta

from firstline.ids import CorrelationKey
from firstline.signals.storm import Opening, Openings
from tests.builders import NOW, ago

WINDOW = timedelta(minutes=10)
A, B, C, D = (CorrelationKey(each) for each in "abcd")


def openings(*latest: tuple[CorrelationKey, float]) -> Openings:
    return Openings(3, tuple(Opening(cause, ago(seconds)) for cause, seconds in latest))


def test_other_causes_count_while_the_window_lasts() -> None:
    """Ten minutes old is too old, and a cause never counts against itself."""
    read = openings((A, 600), (B, 599.9), (C, 0))
    assert [read.count_others(each, NOW, WINDOW) for each in (A, B, C, D)] == [2, 1, 1, 2]


def test_the_latest_are_kept_each_once() -> None:
    """The item stays small however long a storm lasts, and keeps the version that was read."""
    added = openings((A, 30), (B, 20), (C, 10)).with_opening(B, NOW, keep=2)
    assert added == Openings(3, openings((A, 30), (C, 10), (B, 0)).latest)
    assert added.with_opening(D, NOW, keep=2).latest == openings((C, 10), (B, 0), (D, 0)).latest
