"""The functions' common parts: code, layers, architecture, environment."""

import copy
from collections.abc import Sequence
from typing import NamedTuple

import msgspec
from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from firstline.config.deployment_section import Architecture
from firstline.config.settings import Settings
from infra import denials, packaging, roles
from infra.context import Deployment
from infra.nag import accept

_ARCHITECTURES: dict[Architecture, lambda_.Architecture] = {
    "arm64": lambda_.Architecture.ARM_64,
    "x86_64": lambda_.Architecture.X86_64,
}


class Handler(NamedTuple):
    """``functions.NAME.handler``: its limits and its permissions besides logging.

    ``recursive`` allows it to feed its own queue, which Lambda would stop after about 16
    rounds.
    """

    name: str
    timeout: Duration
    memory_mb: int
    may: roles.Policies
    reserved: int | None = None
    recursive: bool = False


class Runtime(Construct):
    """Creates the function of a handler."""

    def __init__(
        self, scope: Construct, name: str, *, deployment: Deployment, settings: Settings
    ) -> None:
        super().__init__(scope, name)
        architecture = deployment.settings.architecture
        self._enclave_key = deployment.profile.fleet.kms_key
        self._named = architecture
        self._architecture = _ARCHITECTURES[architecture]
        self._code = packaging.functions()
        self._environment = _environment(Stack.of(self), settings)
        self._layers = [
            self._layer("Dependencies", packaging.dependencies(architecture)),
            self._layer("Firstline", packaging.firstline()),
            self._layer("Profile", packaging.profile(deployment.path)),
        ]

    def probe_layer(self) -> lambda_.LayerVersion:
        """The additional layer of the NATS probe, created on first use."""
        return self._layer("ProbeDependencies", packaging.probe(self._named))

    def reading(self, settings: Settings) -> dict[str, str]:
        """Return the environment of a function with its own *settings*."""
        return _environment(Stack.of(self), settings)

    def function(
        self,
        scope: Construct,
        handler: Handler,
        environment: dict[str, str] | None = None,
        layers: Sequence[lambda_.LayerVersion] = (),
    ) -> lambda_.Function:
        """Return the function of *handler*, with its own role and log group.

        By default it reads the settings; *layers* are in addition to the common ones.
        """
        name = handler.name.title()
        group = _log_group(scope, f"{name}Logs")
        may = {"logs": roles.write_logs(group), **handler.may}
        allowed = [each for statements in may.values() for each in statements]
        may["never"] = denials.denials(allowed, self._enclave_key)
        service = iam.ServicePrincipal("lambda.amazonaws.com")
        function = lambda_.Function(
            scope,
            name,
            code=self._code,
            handler=f"functions.{handler.name}.handler",
            runtime=packaging.RUNTIME,
            architecture=self._architecture,
            layers=[*self._layers, *layers],
            environment=self._environment if environment is None else environment,
            timeout=handler.timeout,
            memory_size=handler.memory_mb,
            role=roles.role(scope, f"{name}Role", service, may),
            log_group=group,
            recursive_loop=lambda_.RecursiveLoop.ALLOW if handler.recursive else None,
            reserved_concurrent_executions=handler.reserved,
        )
        _accept(function)
        return function

    def _layer(self, name: str, content: lambda_.Code) -> lambda_.LayerVersion:
        return lambda_.LayerVersion(
            self,
            name,
            code=content,
            compatible_runtimes=[packaging.RUNTIME],
            compatible_architectures=[self._architecture],
        )


def _environment(stack: Stack, settings: Settings) -> dict[str, str]:
    """Return the settings and, separately, the pseudonym key, which could break their JSON."""
    values = msgspec.to_builtins(copy.replace(settings, hash_key=""))
    key = {Settings.key_variable: settings.hash_key} if settings.hash_key else {}
    return {Settings.variable: stack.to_json_string(values), **key}


def _log_group(scope: Construct, name: str) -> logs.LogGroup:
    """Return the log group, which goes with the stack: the record is the ledger."""
    return logs.LogGroup(
        scope,
        name,
        retention=logs.RetentionDays.THREE_MONTHS,
        removal_policy=RemovalPolicy.DESTROY,
    )


def _accept(function: lambda_.Function) -> None:
    runtime = "the layers are compiled for 3.13, on which everything here is tested"
    accept(function, "AwsSolutions-L1", runtime)
    accept(function, "Serverless-LambdaLatestVersion", runtime)
    accept(
        function,
        "Serverless-LambdaDLQ",
        "no asynchronous call of it must be kept: signals and wakes have their"
        " queue's dead letters, and a sweep that fails is followed by another within a minute",
    )
    accept(
        function,
        "Serverless-LambdaTracing",
        "tracing would add a fifth to the imports that delay a page; the ledger has more detail",
    )
