"""One deployment for all tests of this folder, by the real CDK; they use it one after another."""

import platform
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from firstline.config import fleet_file as profiles
from firstline.lab.twin.pager.pagerduty import PagerDutyServer
from tests.end_to_end import kinds, pace, quick, stand_ins
from tests.end_to_end.assembly import Cdk
from tests.end_to_end.cloud import ACCOUNT, REGION, Cloud
from tests.end_to_end.deployment import Deployment
from tests.end_to_end.faults import Faults
from tests.end_to_end.fleet import Fleet
from tests.end_to_end.function_urls import FunctionUrls
from tests.end_to_end.judge import Judge
from tests.end_to_end.lambdas import Lambdas
from tests.end_to_end.mended import mended
from tests.end_to_end.metrics import Metrics
from tests.end_to_end.spent import Begun
from tests.probe.servers import nats_server

READ_BY_MAIL = ("emergency", "security", "team")
ARCHITECTURES = {"x86_64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}


@pytest.fixture(scope="package")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """Bootstrap an account, deploy both stacks in ``enforce``, and set the routing key."""
    begun, folder = Begun.now(), tmp_path_factory.mktemp("deployment")
    faults, metrics = Faults(), Metrics()
    with ExitStack() as stack:
        stack.enter_context(faults.of_threads())
        stack.enter_context(faults.of_moto())
        cloud = stack.enter_context(Cloud(faults))
        stack.enter_context(mended())
        stand_ins.install(cloud, kinds.KINDS)
        pager = stack.enter_context(PagerDutyServer(pace.now))
        nats_port = stack.enter_context(nats_server(folder / "nats", jetstream=False))
        fleet = Fleet(cloud, metrics, quick.GROUP)
        cloud.client("logs").create_log_group(logGroupName=quick.PARENT_LOG_GROUP)
        cdk = Cdk(cloud)
        profile = quick.write(
            folder / "e2e.toml",
            nats_port,
            mode="enforce",
            account=ACCOUNT,
            region=REGION,
            architecture=ARCHITECTURES[platform.machine()],
            pager_url=pager.url,
            **{f"{whose}_email": f"{whose}@example.com" for whose in READ_BY_MAIL},
        )
        judge = Judge(cloud, profiles.load(profile).fleet, fleet.has)
        assembly = cdk.synth(folder / "cdk.out", profile)
        cdk.bootstrap(assembly)
        cdk.deploy(assembly)
        lambdas = Lambdas(cloud, metrics, folder)
        stack.callback(lambdas.close)
        FunctionUrls(cloud, lambdas)
        deployed = Deployment(
            cloud=cloud,
            cdk=cdk,
            assembly=assembly,
            fleet=fleet,
            metrics=metrics,
            lambdas=lambdas,
            pager=pager,
            nats_port=nats_port,
            folder=folder,
            profile=profile,
            streamed={},
            begun=begun,
            making=begun.spent(),
            judge=judge,
        )
        deployed.set_routing_key()
        assert faults.take() == []  # nothing was asked for that the cloud does not have
        yield deployed
    assert faults.take() == []


@pytest.fixture(autouse=True)
def nothing_fails_in_silence(deployment: Deployment) -> Iterator[None]:
    """What failed where no test was looking fails the test in which it did."""
    yield
    assert deployment.cloud.faults.take() == []
