"""EventBridge Scheduler: the deployed schedules, a minute of which takes a second or two."""

from threading import Event, Thread
from typing import Any, Self

from tests.end_to_end import pace
from tests.end_to_end.cloud import Cloud
from tests.end_to_end.lambdas import Lambdas

EVERY_MINUTE = "rate(1 minute)"
RARE = (" hour)", " hours)", " day)", " days)")
"""What no test here lasts for."""


class Schedules:
    """Each schedule's target is invoked once a minute while it is entered."""

    def __init__(self, cloud: Cloud, lambdas: Lambdas) -> None:
        self._cloud = cloud
        self._lambdas = lambdas
        self._over = Event()
        self._threads: list[Thread] = []

    def __enter__(self) -> Self:
        self._threads = [
            Thread(target=self._run, args=(each,), name="schedule")
            for each in deployed(self._cloud)
            if not each["ScheduleExpression"].endswith(RARE)
        ]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _run(self, schedule: dict[str, Any]) -> None:
        if schedule["ScheduleExpression"] != EVERY_MINUTE:
            raise NotImplementedError(schedule["ScheduleExpression"])
        while not self._over.wait(pace.MINUTE.total_seconds()):
            self._lambdas.invoke(schedule["Target"]["Arn"], {})


def deployed(cloud: Cloud) -> list[dict[str, Any]]:
    """Every schedule as Scheduler describes it."""
    schedules = cloud.client("scheduler")
    names = [each["Name"] for each in schedules.list_schedules()["Schedules"]]
    return [schedules.get_schedule(Name=name) for name in names]
