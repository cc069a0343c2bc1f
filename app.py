"""The CDK's entry: the operator's profile in, two stacks out. Nothing here calls AWS."""

import os
import sys
from pathlib import Path

from aws_cdk import App, Environment, Validations
from cdk_nag import AwsSolutionsChecks, ServerlessChecks

from firstline import profile as profiles
from firstline.code import PACKAGE
from firstline.errors import Malformed
from infra import context, quotas
from infra.app_stack import AppStack
from infra.records import Records

DEFAULT_PROFILE = PACKAGE / "profiles" / "runbook.toml"


def compose(app: App) -> None:
    """Put both stacks into *app*, named after the profile's fleet; raises `Malformed`."""
    chosen = context.read(app.node.try_get_context)
    path = Path(chosen.profile) if chosen.profile else DEFAULT_PROFILE
    profile = profiles.load(path)
    quotas.check(profile, str(path))
    env = Environment(
        account=chosen.account or os.environ.get("CDK_DEFAULT_ACCOUNT"),
        region=chosen.region or os.environ.get("CDK_DEFAULT_REGION"),
    )
    name = f"firstline-{profile.fleet.name}"
    records = Records(app, f"{name}-records", env=env)
    AppStack(
        app,
        f"{name}-app",
        env=env,
        context=chosen,
        profile=profile,
        profile_path=path.resolve(),
        records=records,
    )
    Validations.of(app).add_plugins(AwsSolutionsChecks(app), ServerlessChecks(app))


def main() -> int:
    """Synthesize; say on standard error what was made, for the CDK owns standard output."""
    app = App(outdir=os.environ.get("CDK_OUTDIR", "cdk.out"))
    try:
        compose(app)
        assembly = app.synth()
    except Malformed as error:
        sys.stderr.write(f"app.py: {error}\n")
        return 2
    except RuntimeError as error:  # so jsii passes on what its other side threw
        return _refused(str(error))
    for stack in assembly.stacks:
        sys.stderr.write(f"{stack.stack_name}: {len(stack.template['Resources'])} resources\n")
    return 0


def _refused(message: str) -> int: ...


if __name__ == "__main__":
    sys.exit(main())
