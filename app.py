"""The CDK's entry point: a profile in, two stacks out. It never calls AWS."""

import os
import sys

from aws_cdk import App, Environment, Validations
from cdk_nag import AwsSolutionsChecks, ServerlessChecks

from firstline.cli.output.terminal import printable
from firstline.doctor import alarm_inventory
from firstline.errors import InvalidInput
from infra import context, probe
from infra.app_stack import AppStack
from infra.records import Records


def compose(app: App) -> tuple[str, ...]:
    """Add both stacks to *app*; return notes for the deployer. Raises `InvalidInput`."""
    deployment = context.deployment(app.node.try_get_context)
    env = Environment(
        account=deployment.settings.account or os.environ.get("CDK_DEFAULT_ACCOUNT"),
        region=deployment.settings.region or os.environ.get("CDK_DEFAULT_REGION"),
    )
    name = f"firstline-{deployment.profile.fleet.name}"
    records = Records(app, f"{name}-records", env=env, settings=deployment.settings)
    AppStack(app, f"{name}-app", env=env, deployment=deployment, records=records)
    Validations.of(app).add_plugins(AwsSolutionsChecks(app), ServerlessChecks(app))
    return (
        *(f"detection: {line}" for line in alarm_inventory.omission_lines(deployment.profile)),
        *(f"probe: {line}" for line in probe.deployment_notes(deployment.profile.probe)),
    )


def main() -> int:
    """Synthesize; print to standard error, since the CDK owns standard output."""
    app = App(outdir=os.environ.get("CDK_OUTDIR", "cdk.out"))
    try:
        notes = compose(app)
        assembly = app.synth()
    except InvalidInput as error:
        sys.stderr.writelines(f"app.py: {printable(line)}\n" for line in error.lines)
        return 2
    except RuntimeError as error:  # jsii's generic name for an error of its other side
        return _refused(error)
    for line in notes:
        sys.stderr.write(f"{line}\n")
    for stack in assembly.stacks:
        sys.stderr.write(f"{stack.stack_name}: {len(stack.template['Resources'])} resources\n")
    return 0


def _refused(error: RuntimeError) -> int:
    """Print in one line why the synthesis stopped; raise *error* again if it is unexpected."""
    message = str(error)
    if message.startswith("ValidationFailed"):
        sys.stderr.write("app.py: mend the findings above, or accept them with infra.nag.accept\n")
        return 1
    if message.startswith("Failed to bundle asset"):
        sys.stderr.write(f"app.py: {message.rpartition('RuntimeError: ')[2]}\n")
        return 2
    raise error


if __name__ == "__main__":
    sys.exit(main())
