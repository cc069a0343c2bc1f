"""EventBridge Scheduler: the deployed schedules, a minute of which takes a second or two."""

import json
from threading import Event, Thread
from typing import Any, Self

from botocore import xform_name

from tests.end_to_end import pace
from tests.end_to_end.cloud import ACCOUNT, REGION, Cloud
from tests.end_to_end.lambdas import Lambdas

EVERY_MINUTE = "rate(1 minute)"
RARE = frozenset({"rate(1 hour)", "rate(6 days)"})
"""For which no test here lasts: `run` has them done once."""
CALL = "arn:aws:scheduler:::aws-sdk:"
"""How a target begins that is a call of AWS, and no function."""


class Schedules:
    """Each schedule's target is invoked once a minute while it is entered, and once before that.

    So on a busy machine, too, a probe has asked before what ails the fleet is mended.
    """

    def __init__(self, cloud: Cloud, lambdas: Lambdas) -> None:
        self._cloud = cloud
        self._lambdas = lambdas
        self._over = Event()
        self._threads: list[Thread] = []

    def __enter__(self) -> Self:
        schedules = deployed(self._cloud)
        others = {each["ScheduleExpression"] for each in schedules} - RARE - {EVERY_MINUTE}
        if others:
            raise NotImplementedError(others)
        often = [each for each in schedules if each["ScheduleExpression"] == EVERY_MINUTE]
        begun = [Event() for _ in often]
        self._threads = [
            Thread(target=self._repeat, args=each, name="schedule")
            for each in zip(often, begun, strict=True)
        ]
        for thread in self._threads:
            thread.start()
        for each in begun:
            each.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _repeat(self, schedule: dict[str, Any], begun: Event) -> None:
        try:
            run(schedule, self._cloud, self._lambdas)
        finally:
            begun.set()
        while not self._over.wait(pace.MINUTE.total_seconds()):
            run(schedule, self._cloud, self._lambdas)


def deployed(cloud: Cloud) -> list[dict[str, Any]]:
    """Every schedule as Scheduler describes it."""
    schedules = cloud.client("scheduler")
    names = [each["Name"] for each in schedules.list_schedules()["Schedules"]]
    return [schedules.get_schedule(Name=name) for name in names]


def run(schedule: dict[str, Any], cloud: Cloud, lambdas: Lambdas) -> None:
    """Do once what *schedule* orders, as it orders it: call a function, or AWS."""
    target = schedule["Target"]
    given = json.loads(target["Input"]) if "Input" in target else _told_by_default(schedule)
    if target["Arn"].startswith(CALL):
        service, operation = target["Arn"].removeprefix(CALL).split(":")
        getattr(cloud.client(service), xform_name(operation))(**given)
    else:
        lambdas.invoke(target["Arn"], given)


def _told_by_default(schedule: dict[str, Any]) -> dict[str, Any]:
    """What a target is told by a schedule that names no input."""
    return {
        "version": "0",
        "id": "00000000-0000-4000-8000-000000000000",
        "detail-type": "Scheduled Event",
        "source": "aws.scheduler",
        "account": ACCOUNT,
        "time": pace.now().strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": REGION,
        "resources": [schedule["Arn"]],
        "detail": "{}",
    }
