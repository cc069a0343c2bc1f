"""The dashboard of one fleet, for operations reviews and for incidents at night.

It is generated from the profile: its alarms, its probe, and its name as the dimension of every
metric, so that two fleets in one account share nothing.
"""

from collections.abc import Sequence
from typing import NamedTuple

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from firstline.actions.catalogue import FIXES
from firstline.config.profile import Profile
from firstline.controller import metrics as measures
from firstline.incidents.incident import ENDED
from firstline.notifications.origin import dashboard_name
from firstline.signal import Severity
from infra.alarms import MINUTE, own_metric
from infra.queues import Queues
from infra.widgets import HEIGHT, HOUR, graph, hourly, ratio, search

_HALF, _THIRD = 12, 8


class DashboardSources(NamedTuple):
    """The dashboard's contents besides firstline's metrics."""

    profile: Profile
    detection: Sequence[cloudwatch.IAlarm]
    oversight: Sequence[cloudwatch.IAlarm]
    queues: Queues
    functions: Sequence[lambda_.Function]
    console: lambda_.Function


def dashboard(scope: Construct, name: str, shown: DashboardSources) -> cloudwatch.Dashboard:
    """Return the dashboard, with the present state first and history last."""
    fleet = shown.profile.fleet.name
    made = cloudwatch.Dashboard(scope, name, dashboard_name=dashboard_name(fleet))
    made.add_widgets(_console(shown.console))
    made.add_widgets(
        _alarms("Alarms of the fleet file", shown.detection),
        _alarms("firstline itself: these alarms notify the emergency topic", shown.oversight),
    )
    made.add_widgets(*_incidents(fleet))
    made.add_widgets(*_times(fleet))
    made.add_widgets(*_fixes(fleet))
    made.add_widgets(*_ways_in(fleet, shown.queues))
    made.add_widgets(*_machine(fleet, shown.functions))
    if shown.profile.probe.nats or shown.profile.probe.health:
        made.add_widgets(*_probes(fleet))
    return made


def _console(function: lambda_.Function) -> cloudwatch.IWidget:
    """Return the console's widget, which runs on refresh and not on every layout change."""
    return cloudwatch.CustomWidget(
        title="Incidents",
        function_arn=function.function_arn,
        width=24,
        height=12,
        update_on_resize=False,
        update_on_time_range_change=False,
    )


def _alarms(title: str, alarms: Sequence[cloudwatch.IAlarm]) -> cloudwatch.IWidget:
    return cloudwatch.AlarmStatusWidget(
        title=title, alarms=alarms, width=_HALF, height=HEIGHT, sort_by=_BY_STATE
    )


_BY_STATE = cloudwatch.AlarmStatusWidgetSortBy.STATE_UPDATED_TIMESTAMP


def _incidents(fleet: str) -> tuple[cloudwatch.IWidget, ...]:
    opened = [hourly(measures.OPENED, fleet, severity=each.value) for each in Severity]
    ended = [hourly(measures.ENDED, fleet, outcome=each.value) for each in sorted(ENDED)]
    mended = own_metric(measures.RESOLVED_ALONE, "Average", fleet).with_(period=HOUR)
    alone = ratio(
        "100 * alone",
        {"alone": mended},
        ("Incidents fixed without a person, percent of those that needed a fix"),
    )
    return (
        graph("Incidents open", [own_metric(measures.INCIDENTS_OPEN, "Maximum", fleet)], _THIRD),
        graph("Incidents opened in an hour", opened, _THIRD, stacked=True),
        graph("Incidents ended in an hour", ended, _THIRD, right=[alone]),
    )


def _times(fleet: str) -> tuple[cloudwatch.IWidget, ...]:
    """Yield medians and maxima; a missed response is one after its target."""
    named = {
        "Time to page": measures.TO_PAGE,
        "Time to the first fix": measures.TO_FIX,
        "Time to recovery by a fix": measures.TO_RECOVER,
    }
    graphs = [
        graph(
            f"{title}, seconds",
            [own_metric(metric, each, fleet).with_(period=HOUR) for each in ("p50", "Maximum")],
            6,
        )
        for title, metric in named.items()
    ]
    responses = [hourly(each, fleet) for each in (measures.RESPONSES, measures.RESPONSES_MISSED)]
    return (*graphs, graph("Responses in an hour, and missed ones", responses, 6))


def _fixes(fleet: str) -> tuple[cloudwatch.IWidget, ...]:
    fixes = [hourly(measures.FIXES, fleet, action=each) for each in FIXES]
    failed = [hourly(measures.FIXES_FAILED, fleet, action=each) for each in FIXES]
    denied = search(measures.DENIALS, "guard", fleet, HOUR)
    return (
        graph("Fixes in an hour", fixes, _THIRD, stacked=True),
        graph("Fixes that did not help", failed, _THIRD, stacked=True),
        graph("Denials by guard", [denied], _THIRD, stacked=True),
    )


def _ways_in(fleet: str, queues: Queues) -> tuple[cloudwatch.IWidget, ...]:
    signals = [
        queues.signals.metric_number_of_messages_sent(period=MINUTE),
        queues.signals.metric_number_of_messages_deleted(period=MINUTE),
    ]
    dead = [
        each.metric_approximate_number_of_messages_visible(period=MINUTE)
        for each in (queues.undelivered, queues.signals_dead, queues.wakes_dead)
    ]
    dead.append(own_metric(measures.UNREADABLE, "Maximum", fleet))
    dead.append(own_metric(measures.ALARM_POLLS_FAILED, "Maximum", fleet))
    late = [
        queues.signals.metric_approximate_age_of_oldest_message(period=MINUTE),
        queues.wakes.metric_approximate_age_of_oldest_message(period=MINUTE),
        own_metric(measures.WAKES_OVERDUE, "Maximum", fleet),
        own_metric(measures.PAGES_PENDING, "Maximum", fleet),
    ]
    pages = [
        own_metric(each, "Sum", fleet) for each in (measures.PAGES_FAILED, measures.DRILLS_PASSED)
    ]
    return (
        graph("Signals received and processed", signals, 6),
        graph("Waiting, seconds: signals, wakes, pages", late, 6),
        graph("Dead letters, and incidents that cannot be read", dead, 6),
        graph("Pages that needed retries, and accepted drills", pages, 6),
    )


def _machine(fleet: str, functions: Sequence[lambda_.Function]) -> tuple[cloudwatch.IWidget, ...]:
    calls = hourly(measures.CALLS, fleet)
    cost = hourly(measures.CALLS_COST, fleet)
    opened = {
        each.value.lower(): hourly(measures.OPENED, fleet, severity=each.value) for each in Severity
    }
    incidents = " + ".join(f"FILL({each}, 0)" for each in opened)
    per = [
        ratio(f"calls / ({incidents})", {"calls": calls, **opened}, "AWS calls for an incident"),
        ratio(
            f"cost / 1000000000 / ({incidents})",
            {"cost": cost, **opened},
            "dollars of AWS calls for an incident",
        ),
    ]
    took = [each.metric_duration(period=HOUR, statistic="p99") for each in functions]
    dollars = f"sum(`{measures.CALLS_COST}.0`) / 1000000000 as dollars"
    asked = [
        "filter ispresent(incident)",
        f"stats sum(`{measures.CALLS}.0`) as calls, {dollars} by incident",
        "sort calls desc",
        "limit 20",
    ]
    return (
        graph("Sweeps in a minute", [own_metric(measures.HEARTBEAT, "Sum", fleet)], 6),
        graph("Duration of functions, p99", took, 6),
        graph("An incident's calls, and their cost", per[:1], 6, right=per[1:]),
        cloudwatch.LogQueryWidget(
            title="Incidents with the most calls",
            log_group_names=[each.log_group.log_group_name for each in functions],
            query_lines=asked,
            width=6,
            height=HEIGHT,
        ),
    )


def _probes(fleet: str) -> tuple[cloudwatch.IWidget, ...]:
    answering = [
        own_metric(each, "Minimum", fleet)
        for each in ("EnclaveAnswering", "HealthAnswering", "NatsConnected")
    ]
    took = [
        own_metric(each, "p99", fleet)
        for each in ("ProbeLatency", "NatsRoundTrip", "HealthLatency")
    ]
    outcomes = search("Probe", "outcome", fleet, Duration.minutes(5))
    return (
        graph("The probe: 1 answers, 0 does not", answering, _THIRD),
        graph("The probe: milliseconds, p99", took, _THIRD),
        graph("The probe: results", [outcomes], _THIRD, stacked=True),
    )
