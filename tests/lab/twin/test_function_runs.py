"""What a function asked of AWS is counted; what whoever drives the world asks is not."""

from firstline.lab.twin.aws import TwinAws
from firstline.lab.twin.clock import WorldClock
from firstline.lab.twin.function_runs import RunRecorder, usage_by_function
from firstline.lab.twin.replay_result import FunctionRun
from firstline.lab.twin.scenario import Scenario
from firstline.lab.twin.world import World
from tests.builders import PROFILE
from tests.controller.rig import START


def test_calls_are_those_of_the_function_that_runs() -> None:
    """Whether the world answers or moto does; by name, in order, each with its price."""
    world = World(Scenario(name="tally"), START, PROFILE.fleet.group)
    tally = RunRecorder()
    with TwinAws(world, WorldClock(world).sleep) as aws:
        tally.listen(aws.session)
        queues, alarms = aws.session.client("sqs"), aws.session.client("cloudwatch")

        def handler(times: int) -> int:
            for _ in range(times):
                queues.list_queues()
            alarms.describe_alarms(AlarmNames=["none"])
            return times

        queues.list_queues()
        assert [tally.of("ingest", handler)(2), tally.of("ingest", handler)(1)] == [2, 1]
        tally.of("sweep", lambda: None)()
    assert tally.ran == [
        FunctionRun(
            "ingest", ("sqs.ListQueues", "sqs.ListQueues", "cloudwatch.DescribeAlarms"), 10_800
        ),
        FunctionRun("ingest", ("sqs.ListQueues", "cloudwatch.DescribeAlarms"), 10_400),
        FunctionRun("sweep", (), 0),
    ]
    ingest = usage_by_function(tally.ran)["ingest"]
    assert (ingest.invocations, ingest.nanodollars) == (2, 21_200)
    assert ingest.calls == {"sqs.ListQueues": 3, "cloudwatch.DescribeAlarms": 2}
