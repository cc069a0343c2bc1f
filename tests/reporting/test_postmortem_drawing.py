"""A report's drawings are to scale, whether the incident took two minutes or three hours."""

from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstline.ledger.chain import Kind
from firstline.reporting.postmortem.axis import TICKS_MAX, Axis, axis
from firstline.reporting.postmortem.drawing import LABEL_WIDTH, charts, strips, timeline
from firstline.reporting.postmortem.report import Report
from firstline.reporting.postmortem.write import write_report
from tests.builders import NOW, PROFILE, A, B
from tests.reporting.chains import (
    HEALTHY,
    REPORT,
    Said,
    at,
    chain,
    decision,
    handed_over,
    intent,
    looked,
    opening,
    outage,
    page,
    seen,
    verdict,
)


def report(*said: Said) -> Report:
    """The report of a chain that says this."""
    return write_report(chain(*said), PROFILE)


TICKS = [
    (8, ["0", "+2 s", "+4 s", "+6 s", "+8 s"]),
    (120, ["0", "+30 s", "+1 min", "+1:30 min", "+2 min"]),
    (215, ["0", "+1 min", "+2 min", "+3 min"]),
    (2760, ["0", "+10 min", "+20 min", "+30 min", "+40 min"]),
    (3 * 3600, ["0", "+30 min", "+1 h", "+1:30 h", "+2 h", "+2:30 h", "+3 h"]),
    (26 * 3600, ["0", "+6 h", "+12 h", "+18 h", "+1 d"]),
    (5 * 86_400, ["0", "+1 d", "+2 d", "+3 d", "+4 d", "+5 d"]),
    (13 * 86_400, ["0", "+3 d", "+6 d", "+9 d", "+12 d"]),
]


@pytest.mark.parametrize(("seconds", "labels"), TICKS)
def test_ticks_are_at_distances_that_people_count_in(seconds: int, labels: list[str]) -> None:
    """Never more than there is room for."""
    ticks = Axis(NOW, NOW + timedelta(seconds=seconds)).ticks()
    assert [each.label for each in ticks] == labels
    assert len(ticks) <= TICKS_MAX + 1


def test_ticks_before_the_start_count_back_from_it() -> None:
    """On an axis that begins earlier; one that does not stays as it is."""
    scale = Axis(NOW, NOW + timedelta(minutes=9))
    earlier = scale.extended_to(NOW - timedelta(minutes=31))
    ticks = [(each.label, each.x) for each in earlier.ticks()]
    assert ticks == [("-30 min", 2.5), ("-20 min", 27.5), ("-10 min", 52.5), ("0", 77.5)]
    assert scale.extended_to(NOW + timedelta(minutes=1)).ticks() == scale.ticks()
    (first, *_) = scale.extended_to(NOW - timedelta(days=2)).ticks()
    assert first.label == "-2 d"


@given(st.integers(1, 10**7), st.floats(0, 1))
def test_every_instant_lies_where_its_share_of_the_time_is(length: int, share: float) -> None:
    """In percent of the width, within the rounding."""
    scale = Axis(NOW, NOW + timedelta(seconds=length))
    found = scale.x(NOW + share * timedelta(seconds=length))
    assert found == pytest.approx(share * 100, abs=0.2)
    assert 0 <= found <= 100
    assert all(a.x < b.x for a, b in pairwise(scale.ticks()))


def test_marks_lie_in_their_lanes_where_their_times_say() -> None:
    """A fix is a bar as long as it took."""
    drawn = timeline(report(*outage()))
    assert (drawn.axis.begins, drawn.axis.ends, drawn.later) == (at(0), at(100), 0)
    marks = {(each.moment.word, each.x, each.width) for row in drawn.rows for each in row.marks}
    assert {
        ("receives", 0.0, 0.0),
        ("pages", 1.0, 0.0),
        ("executes", 5.0, 75.0),
        ("reports", 20.0, 0.0),
        ("closes", 100.0, 0.0),
    } <= marks
    for row in drawn.rows:
        assert all(row.top < each.y < row.top + 42 for each in row.marks)
        assert all(each.moment.lane is row.lane for each in row.marks)


def test_labels_never_overlap() -> None:
    """Where there is no room a mark stands without its word; late ones have it to their left."""
    text = [decision(number, "fix", f"rule {number}") for number in (0, 3, 20, 21, 50, 88, 99)]
    drawn = timeline(report(opening(), *text, decision(100, "wait"), decision(100, "close")))
    decisions = drawn.rows[3].marks
    assert [(each.x, each.before) for each in decisions if each.label] == [
        (3.0, False),
        (21.0, False),
        (50.0, False),
        (88.0, True),
        (99.0, True),
    ]
    spans = [
        (each.x - LABEL_WIDTH, each.x) if each.before else (each.x, each.x + LABEL_WIDTH)
        for each in decisions
        if each.label
    ]
    assert all(a[1] <= b[0] for a, b in pairwise(spans))


def test_a_moment_days_later_does_not_squeeze_the_rest() -> None:
    """The morning's digest is counted, and stands in the table."""
    result = report(
        opening(severity="P4"),
        decision(60, "close"),
        page(62, channel="team"),
        page(20_000, channel="digest"),
    )
    drawn = timeline(result)
    assert (drawn.axis.ends, drawn.later) == (at(62), 1)
    assert result.moments[-1].at == at(20_000)


def test_an_incident_without_duration_still_has_an_axis() -> None:
    """A signal that opened nothing, or an incident that ended at once."""
    assert axis(report(opening())).ends - NOW == timedelta(seconds=10)


def test_a_fix_without_an_end_is_a_mark() -> None:
    """Its duration is unknown."""
    drawn = timeline(report(opening(), intent(5), decision(50, "close")))
    assert [each.width for each in drawn.rows[4].marks] == [0.0]
    ended = timeline(report(opening(), intent(5), verdict(5, helped=True), decision(50, "close")))
    assert [each.width for each in ended.rows[4].marks] == [0.0]


def test_hosts_are_drawn_as_the_readers_proved_them() -> None:
    """One dead until the load balancer found it healthy; a step holds until the next reading."""
    healthy, hosts, vaults, memory = charts(report(*outage()))
    assert healthy.plot.title == "HealthyHostCount, the metric of healthy-hosts"
    assert hosts.plot.title == "Hosts in service"
    assert (hosts.top, hosts.bottom) == ("1", "0")
    curves = {each.name: each for each in hosts.curves}
    assert curves["dead"].points == (
        "20.0,100.0 50.0,100.0 50.0,0.0 200.0,0.0 200.0,0.0 300.0,0.0 300.0,100.0 "
        "1000.0,100.0 1000.0,100.0"
    )
    assert curves["serving"].last == "1"
    assert (vaults.plot.unit, vaults.top) == ("processes", "40")
    assert memory.curves[0].points == "50.0,0.0 600.0,0.0 600.0,0.0"


def test_one_reading_is_no_course_of_time() -> None:
    """Nor is one that brought no number."""
    assert charts(report(opening(), looked(5, {A: REPORT}), decision(9, "close"))) == ()
    silent = REPORT | {"vault_processes": None, "memory_available_mib": None}
    assert charts(report(opening(), looked(5, {A: silent}), looked(6, {A: silent}))) == ()


def test_many_hosts_are_one_line() -> None:
    """The sum of their vaults, and the least of their memory; a few have a line each."""
    fleet = {f"i-{number:017x}": REPORT | {"memory_available_mib": number} for number in range(7)}
    vaults, memory = charts(report(opening(), looked(5, fleet), looked(9, fleet)))
    assert [(each.name, each.last) for each in vaults.curves] == [("all inspected hosts", "280")]
    assert [(each.name, each.last) for each in memory.curves] == [
        ("the lowest of the inspected hosts", "0")
    ]
    assert memory.top == "1"  # a line of noughts is drawn at the bottom
    both = {A: REPORT, B: REPORT}
    few, _ = charts(report(opening(), looked(5, both), looked(9, both), looked(9, {A: REPORT})))
    assert [each.name for each in few.curves] == [A, B]


def test_the_probe_is_drawn_at_its_own_minutes() -> None:
    """The same reading twice is one."""

    def answers(seconds: float, *, yes: bool) -> dict[str, object]:
        result = {"type": "answering", "answers": yes, "at": at(seconds).isoformat()}
        return seen(HEALTHY, answering=result)

    result = report(
        opening(),
        decision(10, "wait", observed=answers(0, yes=False)),
        decision(20, "wait", observed=answers(0, yes=False)),
        decision(100, "close", observed=answers(60, yes=True)),
    )
    probe = next(each for each in charts(result) if each.plot.title == "End-to-end probe")
    assert probe.curves[0].points == "0.0,100.0 600.0,100.0 600.0,0.0"


def test_the_alarms_metric_begins_before_the_incident_and_breaks_where_it_has_no_value() -> None:
    """Each value holds for its period; the other plots keep the incident's axis."""
    metric: dict[str, object] = {"alarm": "healthy-hosts", "begins": at(-100).isoformat()}
    metric |= {"period_seconds": 50, "values": ["2", "2", None, "0", "1"]}
    healthy, hosts, *_ = charts(report(*outage(), (100, Kind.METRIC, metric)))
    (curve,) = healthy.curves
    assert curve.points == (
        "0.0,0.0 250.0,0.0 250.0,0.0 500.0,0.0 M750.0,100.0 1000.0,100.0 1000.0,50.0 1000.0,50.0"
    )
    assert (healthy.top, healthy.limit, curve.last) == ("2", 50.0, "1")
    assert healthy.ticks[0].label == "-1 min"
    assert hosts.ticks[0].label == "0"


@pytest.mark.parametrize(
    ("values", "points", "ends"),
    [
        (["-5", "5"], "0.0,100.0 500.0,100.0 500.0,50.0 1000.0,50.0", ("15", "-5")),
        (["-20", "-5"], "0.0,100.0 500.0,100.0 500.0,57.1 1000.0,57.1", ("15", "-20")),
    ],
)
def test_a_metric_below_nought_is_drawn_from_its_least_value(
    values: list[str], points: str, ends: tuple[str, str]
) -> None:
    """As a difference may be, that others watch."""
    metric: dict[str, object] = {"alarm": "theirs", "begins": at(0).isoformat()}
    metric |= {"period_seconds": 50, "values": values, "threshold": "15", "comparison": ">"}
    shown = report(opening(), decision(100, "close"), (100, Kind.METRIC, metric))
    theirs = next(each for each in charts(shown) if each.plot.title.endswith("of theirs"))
    assert theirs.curves[0].points == points
    assert (theirs.top, theirs.bottom, theirs.limit) == (*ends, 0.0)


METRIC = {"name": "5xx", "around": ["9", "x", "4e0"], "before": ["1", "2", "1.5"]}


def test_metrics_are_compared_with_the_days_before() -> None:
    """The unusual ones first; what is no number is left out, and so is what has no value."""
    flat = {"name": "flat", "around": ["3"], "before": []}
    metrics = [flat, {"name": "none"}, METRIC]
    result = report(opening(), handed_over(9, metrics=metrics))
    assert [(each.name, each.unusual) for each in result.comparisons] == [
        ("5xx", True),
        ("flat", False),
        ("none", False),
    ]
    found = strips(result)
    assert [(each.comparison.name, each.least, each.most) for each in found] == [
        ("5xx", "1", "9"),
        ("flat", "3", "3"),
    ]
    assert (found[0].band, found[0].around) == ((0.0, 12.5), (100.0, 37.5))
    assert (found[1].band, found[1].around) == (None, (50.0,))


def test_an_entry_of_another_kind_draws_nothing_of_its_own() -> None:
    """It has its mark, and no more."""
    drawn = timeline(report(opening(), (5, Kind.PAUSE, {"change": "paused"}), decision(9, "close")))
    assert [each.moment.word for each in drawn.rows[3].marks] == ["paused", "closes"]
