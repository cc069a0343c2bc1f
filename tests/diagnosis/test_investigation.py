"""The investigation as lines: unusual metrics, changes, and the path to NATS."""

from datetime import timedelta

import pytest

from firstline.diagnosis.evidence import Unknown
from firstline.diagnosis.investigation import (
    Investigation,
    Issues,
    Metrics,
    NetworkPath,
    Peerings,
    Placement,
    Route,
    Routes,
    Series,
    Topic,
    describe,
    describe_anomaly,
    to_ledger,
    topics,
)
from firstline.diagnosis.preflight import Deployment, Deployments
from firstline.signal import Condition
from tests.builders import NOW, ago

UNREAD = Unknown("throttled")
PORT = 4222
ROUTE = Route("10.10.0.0/16", "pcx-1", "active")


def lines(**fields: object) -> tuple[str, ...]:
    """The lines of these fields alone."""
    return describe(Investigation(**fields), NOW, PORT)  # type: ignore[arg-type]


def network_path(**fields: object) -> NetworkPath:
    """A way that is open, but for what is changed."""
    values: dict[str, object] = {
        "placement": Placement(("vpc-1",), ("sg-1",)),
        "allowed": True,
        "routes": Routes((ROUTE,)),
        "peerings": Peerings({"pcx-1": "active"}),
    }
    return NetworkPath(**values | fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("around", "before", "line"),
    [
        ((4.2, 0.5), (0.2, 0.5, 0.9), "x was 4.2, and 0.2 to 0.9 at that time of the days before"),
        ((1.08,), (0.2, 0.5, 0.9), None),
        ((1.09,), (0.2, 0.5, 0.9), "x was 1.09, and 0.2 to 0.9 at that time of the days before"),
        ((0.0, 3.0), (3.0, 3.0, 3.0), "x was 0, and 3 at that time of the days before"),
        ((2.0,), (3.0, 2.4, 3.0), None),
        ((5.0, 0.0), (1.0, 1.0, 1.0), "x was 5, and 1 at that time of the days before"),
        ((0.0,), (0.0, 0.0, 0.0), None),
        ((1.0,), (0.0, 0.0, 0.0), "x was 1, and 0 at that time of the days before"),
        ((99.0,), (1.0, 1.0), None),
        ((), (1.0, 1.0, 1.0), None),
    ],
)
def test_a_value_clearly_beyond_the_days_before_is_unusual(
    around: tuple[float, ...], before: tuple[float, ...], line: str | None
) -> None:
    """R20: with too little to compare nothing is called so."""
    assert describe_anomaly(Series("x", around, before)) == line


def test_metrics_are_listed_by_unusual_values() -> None:
    """Or that nothing is, of how many; or that they cannot be read."""
    odd, even = Series("odd", (9.0,), (1.0,) * 3), Series("even", (1.0,), (1.0,) * 3)
    (line,) = lines(metrics=Metrics((odd, even)))
    assert line == "R20 odd was 9, and 1 at that time of the days before"
    assert lines(metrics=Metrics((even,))) == ("R20 nothing unusual in 1 metrics around the start",)
    assert lines(metrics=UNREAD) == ("R20 the metrics cannot be read: throttled",)
    assert lines() == ()


def test_a_change_within_a_day_before_the_start_is_listed() -> None:
    """R21: with how long before; what the fleet does not have says nothing."""
    lately = Deployments((Deployment("the stack", ago(720)), Deployment("later", ago(-60))))
    long_ago = Deployments((Deployment("the template", ago(86_401)),))
    assert lines(changes=(lately, long_ago, None, UNREAD)) == (
        "R21 recent deployments cannot be read: throttled",
        "R21 the stack changed 12 min before the start",
        "R21 later changed 1 min after it",
    )
    assert lines(changes=(long_ago, None)) == (
        "R21 no known deployment within a day before the start",
    )
    assert lines(changes=(None,)) == ()


@pytest.mark.parametrize(
    ("releases", "line"),
    [
        (None, ()),
        ((), ()),
        (
            ("d-1", "d-2"),
            ("R21 CodeDeploy made deployments since a day before the start: d-1, d-2",),
        ),
        (UNREAD, ("R21 CodeDeploy's deployments cannot be read: throttled",)),
    ],
)
def test_the_lines_of_codedeploy(releases: object, line: tuple[str, ...]) -> None:
    """R21: by its ids."""
    assert lines(releases=releases) == line


@pytest.mark.parametrize(
    ("issues", "line"),
    [
        (Issues(), ("R13 AWS Health has no open issue in the Region",)),
        (Issues(("EC2: X",)), ("R13 AWS Health has open issues: EC2: X",)),
        (UNREAD, ("R13 AWS Health cannot be read: throttled",)),
    ],
)
def test_the_lines_of_aws_health(issues: object, line: tuple[str, ...]) -> None:
    """R13: an unreadable service has a line as well."""
    assert lines(issues=issues) == line


R37 = "R37 the hosts' security groups let port 4222 out"
R38 = "R38 the peering connection pcx-1 is active"


@pytest.mark.parametrize(
    ("there", "expected"),
    [
        (network_path(), (R37, R38)),
        (
            network_path(allowed=False),
            ("R37 no security group of the hosts lets port 4222 out", R38),
        ),
        (network_path(allowed=UNREAD), ("R37 the security groups cannot be read: throttled", R38)),
        (network_path(routes=UNREAD), (R37, "R38 the routes cannot be read: throttled")),
        (
            network_path(routes=Routes()),
            (R37, "R38 no route of the hosts' network goes over a peering connection"),
        ),
        (
            network_path(
                routes=Routes((Route("10.10.0.0/16", "pcx-1", "blackhole"),)), peerings=UNREAD
            ),
            (
                R37,
                "R38 the route to 10.10.0.0/16 over pcx-1 is blackhole",
                "R38 the peering connections cannot be read: throttled",
            ),
        ),
        (
            network_path(peerings=Peerings({"pcx-1": "deleted"})),
            (R37, "R38 the peering connection pcx-1 is deleted"),
        ),
    ],
)
def test_the_path_to_nats_is_described_to_its_end(
    there: NetworkPath, expected: tuple[str, ...]
) -> None:
    """R37, R38: what cannot be read is no open way."""
    assert lines(network_path=there) == expected


@pytest.mark.parametrize(
    ("condition", "wanted"),
    [
        (Condition.USER_AFFECTED, set()),
        (Condition.SECURITY_FINDING, set()),
        (Condition.MEMORY_PRESSURE, {Topic.HEALTH, Topic.METRICS}),
        (Condition.API_ERRORS, {Topic.HEALTH, Topic.METRICS, Topic.CHANGES}),
        (Condition.UNCLASSIFIED, {Topic.HEALTH, Topic.METRICS, Topic.CHANGES}),
        (Condition.NATS_BACKLOG, set(Topic)),
    ],
)
def test_each_condition_has_its_topics(condition: Condition, wanted: set[Topic]) -> None:
    """And nothing else is read; the network wherever no host reaches NATS."""
    assert topics(condition, dependency=False) == wanted
    assert topics(condition, dependency=True) == (wanted and wanted | {Topic.NETWORK})


def test_a_day_is_the_lookback_of_changes() -> None:
    """To the second."""
    edge = Deployments((Deployment("x", NOW - timedelta(days=1)),))
    assert lines(changes=(edge,)) == ("R21 x changed 1440 min before the start",)


def test_metrics_are_recorded_as_text() -> None:
    """An entry holds no floats; what could not be read has no numbers."""
    metrics = Metrics((Series("5xx", (1.5, 2.0), (0.1234567,)),))
    assert to_ledger(metrics) == ({"name": "5xx", "around": ["1.5", "2"], "before": ["0.123457"]},)
    assert to_ledger(Unknown("AccessDenied")) == to_ledger(None) == ()
