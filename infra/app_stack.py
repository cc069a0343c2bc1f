"""The app stack: everything that can be thrown away and deployed again."""

from pathlib import Path

from aws_cdk import CfnOutput, Environment, Stack
from constructs import Construct

from firstline import code
from firstline.profile import Profile
from firstline.settings import Home, Settings
from infra.context import Context
from infra.detection import Backstop, Detection
from infra.oversight import Oversight
from infra.packaging import PROFILE_PATH
from infra.queues import Queues
from infra.records import Records
from infra.response import Response, documents
from infra.routing_key import routing_key
from infra.runtime import Runtime

PAGER_URL = "https://events.pagerduty.com/v2/enqueue"


class AppStack(Stack):
    """Detection, response and oversight for the fleet of one profile."""

    def __init__(
        self,
        scope: Construct,
        name: str,
        *,
        env: Environment,
        context: Context,
        profile: Profile,
        profile_path: Path,
        records: Records,
    ) -> None:
        super().__init__(scope, name, env=env, description="firstline: detection and response")
        queues = Queues(self, "Queues")
        detection = Detection(self, "Detection", alarms=profile.alarms, queues=queues)
        oversight = Oversight(
            self, "Oversight", queues=queues, rule=detection.rule, email=context.emergency_email
        )
        guarded = {it.name: detection.alarms[it.name] for it in profile.alarms.made if it.backstop}
        Backstop(self, "Backstop", alarms=guarded, deaf=oversight.deaf, topic=oversight.topic)
        commands = documents(self, profile.fleet.units)
        secret = routing_key(self, context.routing_key_secret_arn)
        settings = Settings(
            home=Home(account=self.account, region=self.region),
            mode=context.mode,
            profile_path=PROFILE_PATH,
            incidents_table=records.incidents.table_name,
            ledger_table=records.ledger.table_name,
            signals_queue_url=queues.signals.queue_url,
            wakes_queue_url=queues.wakes.queue_url,
            routing_key_secret=secret.secret_arn,
            pager_url=PAGER_URL,
            documents=commands,
            alarms={alarm.alarm_arn: known_as for known_as, alarm in detection.alarms.items()},
            code=code.digest(),
        )
        runtime = Runtime(
            self,
            "Runtime",
            architecture=context.architecture,
            profile=profile_path,
            settings=settings,
        )
        Response(
            self,
            "Response",
            runtime=runtime,
            queues=queues,
            records=records,
            routing_key=secret,
            context=context,
            documents=commands,
            tags=profile.fleet.tags,
        )
        CfnOutput(self, "Mode", value=context.mode)
