"""The probe: one function in the fleet's network for NATS, one outside it for the health URL.

Metrics leave as log lines (embedded metric format), which Lambda itself carries: the network needs
no endpoint for them.
"""

from collections.abc import Iterator

from aws_cdk import Duration, Stack
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from firstline.config.probe_section import NatsProbe, Probe
from firstline.monitoring import costs
from infra import roles, unscoped
from infra.runtime import Handler, Runtime
from infra.schedule import every_minute

HOURS_A_MONTH = 730
_SPARE_SECONDS = 10
"""The part of a function's timeout for its imports and metrics."""
_TOLD = "a failed probe sends no metric, and its alarm treats missing data as breaching"


class Probes(Construct):
    """The functions of the profile's ``[probe]``."""

    def __init__(
        self, scope: Construct, name: str, *, runtime: Runtime, probe: Probe, fleet: str
    ) -> None:
        super().__init__(scope, name)
        settings = probe.settings(fleet)
        environment = {settings.variable: settings.write()}
        if probe.nats:
            layer = runtime.probe_layer()
            handler = _nats(Stack.of(self), probe.nats)
            function = runtime.function(self, handler, environment, [layer])
            _into(function, probe.nats)
            unscoped.accept_network(self.node.find_child("Probe_NatsRole"))
            every_minute(self, "Nats", function, _TOLD)
        if probe.health:
            limit = Duration.seconds(probe.health.limit_seconds + _SPARE_SECONDS)
            handler = Handler("probe_health", limit, 256, {})
            every_minute(self, "Health", runtime.function(self, handler, environment), _TOLD)


def deployment_notes(probe: Probe) -> Iterator[str]:
    """Yield lines for the deployer about the network and its price."""
    if probe.nats is None:
        yield "no [probe.nats] in the fleet file: NATS and the enclaves are not probed (R07, R08)"
    elif not (probe.nats.credentials_parameter or probe.nats.system_credentials_parameter):
        yield "the NATS probe needs no VPC endpoint: it has no credentials to read"
    else:
        zones = len(probe.nats.network.subnets)
        dollars = zones * costs.ENDPOINT.dollars * HOURS_A_MONTH
        yield (
            f"the NATS probe reads its credentials through a VPC endpoint for ssm in {zones}"
            f" subnets, about ${dollars:.2f} a month (or through an existing NAT gateway);"
            " logs and metrics need none"
        )
    if probe.health is None:
        yield "no [probe.health] in the fleet file: the health address is not probed (R10)"


def _nats(stack: Stack, probe: NatsProbe) -> Handler:
    may = {"network": roles.join_network(stack)}
    names = (probe.credentials_parameter, probe.system_credentials_parameter)
    given = [roles.read_parameter(stack, name) for name in names if name]
    if given:
        may["credentials"] = given
    return Handler("probe_nats", Duration.seconds(probe.limit_seconds + _SPARE_SECONDS), 256, may)


def _into(function: lambda_.Function, probe: NatsProbe) -> None:
    """Place the function into the network by ids: a synth looks nothing up."""
    plain = function.node.default_child
    if not isinstance(plain, lambda_.CfnFunction):
        raise TypeError(plain)
    plain.vpc_config = lambda_.CfnFunction.VpcConfigProperty(
        subnet_ids=list(probe.network.subnets),
        security_group_ids=list(probe.network.security_groups),
    )
