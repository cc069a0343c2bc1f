"""The app stack: everything that can be deleted and deployed again."""

from collections.abc import Mapping

from aws_cdk import CfnOutput, Environment, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from firstline import version as code
from firstline.actions.look_host import LOOK_HOST
from firstline.config.settings import Home, Settings
from firstline.doctor import deploy_settings
from firstline.signal import DRILL_ALARM
from infra.archive import Archive
from infra.bus import Bus, event_rules
from infra.console import console
from infra.context import Deployment
from infra.dashboard import DashboardSources, dashboard
from infra.detection import Backstop, Detection
from infra.drills import Drills
from infra.hash_key import hash_key
from infra.operator_access import OperatorAccess
from infra.oversight import Oversight
from infra.packaging import PROFILE_PATH
from infra.probe import Probes
from infra.queues import Queues
from infra.records import Records
from infra.response import Resources, Response, documents, schedule_inspections
from infra.routing_key import routing_key
from infra.runtime import Runtime
from infra.topics import topic_for


class AppStack(Stack):
    """Detection, response and oversight for the fleet of one profile."""

    def __init__(
        self,
        scope: Construct,
        name: str,
        *,
        env: Environment,
        deployment: Deployment,
        records: Records,
    ) -> None:
        super().__init__(scope, name, env=env, description="firstline: detection and response")
        queues = Queues(self, "Queues")
        detection, oversight = self._detect(deployment, queues)
        resources = Resources(
            queues=queues,
            records=records,
            routing_key=routing_key(self, deployment.settings.routing_key_secret_arn),
            team=topic_for(self, "Team", deployment.settings.team_email),
            documents=documents(self, deployment.profile.fleet.units),
            fleet=deployment.profile.fleet,
        )
        Bus(
            self,
            "Bus",
            hears=event_rules(deployment.profile, list(resources.documents.values())),
            queues=queues,
            security_email=deployment.settings.security_email,
        )
        heard_as = {**detection.alarms, DRILL_ALARM: detection.drill}
        settings = self._settings(deployment, resources, heard_as)
        runtime = Runtime(self, "Runtime", deployment=deployment, settings=settings)
        Response(
            self, "Response", runtime=runtime, resources=resources, settings=deployment.settings
        )
        schedule_inspections(self, resources.documents[LOOK_HOST.name], resources.fleet)
        OperatorAccess(self, "Levers", runtime=runtime, resources=resources)
        oversight.notify(*Archive(self, "Archive", runtime=runtime, resources=resources).alarms)
        profile = deployment.profile
        Probes(self, "Probes", runtime=runtime, probe=profile.probe, fleet=profile.fleet.name)
        widget = console(self, "Console", runtime=runtime, resources=resources, settings=settings)
        functions = [each for each in self.node.find_all() if isinstance(each, lambda_.Function)]
        for each in functions:
            oversight.watch(each)
        drills = Drills(self, "Drills", alarm=detection.drill, fleet=profile.fleet.name)
        oversight.notify(drills.missed)
        alarms = [*detection.alarms.values(), detection.drill]
        shown = DashboardSources(profile, alarms, oversight.alarms, queues, functions, widget)
        dashboard(self, "Dashboard", shown)
        CfnOutput(self, "Mode", value=deployment.settings.mode)
        CfnOutput(
            self,
            deploy_settings.CONTEXT_OUTPUT,
            value=deploy_settings.encode_settings(deployment.settings),
        )
        CfnOutput(self, "ProfileDigest", value=deployment.profile.digest)
        CfnOutput(self, "RoutingKeySecret", value=resources.routing_key.secret_arn)

    def _detect(self, deployment: Deployment, queues: Queues) -> tuple[Detection, Oversight]:
        """Create detection and its oversight."""
        detection = Detection(self, "Detection", profile=deployment.profile, queues=queues)
        oversight = Oversight(
            self, "Oversight", queues=queues, rule=detection.rule, deployment=deployment
        )
        guarded = detection.guarded()
        Backstop(self, "Backstop", alarms=guarded, deaf=oversight.deaf, topic=oversight.topic)
        return detection, oversight

    def _settings(
        self, deployment: Deployment, resources: Resources, alarms: Mapping[str, cloudwatch.Alarm]
    ) -> Settings:
        return Settings(
            home=Home(account=self.account, region=self.region),
            mode=deployment.settings.mode,
            profile_path=PROFILE_PATH,
            incidents_table=resources.records.incidents.table_name,
            ledger_table=resources.records.ledger.table_name,
            archive_bucket=resources.records.archive.bucket_name,
            signing_key=resources.records.signing_key.key_arn,
            signals_queue_url=resources.queues.signals.queue_url,
            wakes_queue_url=resources.queues.wakes.queue_url,
            routing_key_secret=resources.routing_key.secret_arn,
            pager_url=deployment.settings.pager,
            pager_notes_from=deployment.settings.pager_notes_from,
            team_topic=resources.team.topic_arn,
            documents=resources.documents,
            alarms={alarm.alarm_arn: known_as for known_as, alarm in alarms.items()},
            hash_key=hash_key(self),
            code=code.digest(),
        )
