"""``docs/COST.md``: the cost of an idle month and of incidents."""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from pathlib import Path

import firstline
from firstline.config import fleet_file as profiles
from tools.cost.bill import (
    CALL_MS,
    CODE_MS,
    HOURS,
    LOG_KILOBYTES,
    PROBE_MS,
    START_MS,
    Row,
    idle,
    incidents,
    merge,
    total,
)
from tools.cost.resource_counts import FED_QUEUES, ResourceCounts, count_resources
from tools.cost.usage import Usage, measure_usage

MIX = {
    "healthy-hosts-zero": (50, "a complete outage (P1): three hosts mended"),
    "degraded-latency": (200, "degraded (P2): one host mended"),
    "healthy-world": (350, "self-recovered: an alarm that passes, no host is touched"),
    "kms-near-quota": (400, "a P4: watched for two hours, then told in the morning"),
}
"""A thousand incidents, by scenario."""
SHIPPED = ("runbook", "vettid")
PROFILES = Path(firstline.__file__).parent / "profiles"

HEAD = f"""# What it costs

Made by `./dev docs`: counted, and priced by the list prices of us-east-1 that stand in
`monitoring/costs.py` with their date and source; the metric of what calls cost reads the same. No
free tier, discount or
tax is taken off.

Counted is what the stacks of each shipped profile have, which `tests/tools/test_cost.py` holds to
the templates, and each invocation, call and metric of scenarios that are replayed through the
deployed handlers and adapters and then archived, each commit as a batch of its own. A metric is
paid for by the hour in which it is sent, so an incident pays an hour of each that it sends.

Assumed, not measured: Lambda bills {CODE_MS} ms for an invocation and {CALL_MS} ms more for each
call of AWS, {PROBE_MS} ms for a probe, and {START_MS} ms for a cold start, one for each function of
an incident; an invocation logs {LOG_KILOBYTES} KB; a probe sends every metric that it can, and an
audit reads as much as it may; a transaction is as large as its request; GetMetricData asks for one
metric; Lambda keeps five long polls open on each of the {FED_QUEUES} queues that feed a function. A
month has {HOURS} hours.

Not here: PagerDuty; mail; State Manager's looks at the hosts, which are free; the events that
EventBridge keeps for backtests ($0.10 for each GB taken in); a VPC endpoint for the NATS probe's
credentials, where it has some (a deployment tells its price); whoever looks at the dashboard;
transfer. Nothing in the archive's bucket ends by itself, so what it holds only grows.
"""


def cost(scenarios: Path) -> str:
    """Return the page; *scenarios* is the folder of the mix's scenarios."""
    found = {name: measure_usage(scenarios / f"{name}.toml") for name in (*MIX, "drill")}
    months = {name: tuple(idle(_deployed(name), found["drill"])) for name in SHIPPED}
    many = tuple(merge(incidents(found[name], count) for name, (count, _) in MIX.items()))
    totals = [f"an idle month with `{name}` {_money(total(it))}" for name, it in months.items()]
    parts = [HEAD, f"In short: {', '.join(totals)}, a thousand incidents {_money(total(many))}."]
    for name, rows in months.items():
        parts += ["", f"## An idle month with the profile `{name}`", "", *_table(rows)]
    parts += ["", "## A thousand incidents", "", *_mixed(found), "", *_table(many)]
    return "\n".join(parts) + "\n"


def _deployed(name: str) -> ResourceCounts:
    return count_resources(profiles.load(PROFILES / f"{name}.toml"))


def _mixed(found: dict[str, Usage]) -> Iterator[str]:
    """Yield the mix, and the cost of one incident of each kind."""
    yield "| of a thousand | what | scenario | invocations | calls | one costs |"
    yield "|---|---|---|---|---|---|"
    for name, (count, description) in MIX.items():
        one = found[name]
        calls = sum(len(ran.calls) for ran in one.ran)
        dollars = _money(total(incidents(one, 1)), 4)
        yield f"| {count} | {description} | `{name}` | {len(one.ran)} | {calls:,} | {dollars} |"


def _table(rows: Iterable[Row]) -> Iterator[str]:
    rows = tuple(rows)
    yield "| item | count | unit price | price |"
    yield "|---|---|---|---|"
    for row in rows:
        unit = f"${row.price.dollars:f} per {row.price.unit} ({row.price.service})"
        yield f"| {row.item} | {_number(row.count)} | {unit} | {_money(row.dollars)} |"
    yield f"| **in all** | | | **{_money(total(rows))}** |"


def _number(count: Decimal) -> str:
    if count >= 100 or count == int(count):  # noqa: PLR2004 - no fraction tells from there
        return f"{count:,.0f}"
    return f"{count:.2g}"


def _money(dollars: Decimal, places: int = 2) -> str:
    """Return the rounded amount; a small amount is never shown as $0.00."""
    least = Decimal(1).scaleb(-places)
    return f"under ${least}" if 0 < dollars < least else f"${dollars:,.{places}f}"
