"""The other shipped profile, whose probe stands in the fleet's network: deployed, and not driven.

After all that is at work: queues and schedules are asked of the cloud, whosever they are.
"""

import shutil

from infra.context import DEFAULT_PROFILE
from tests.end_to_end.deployment import Deployment
from tests.end_to_end.test_deployed import unlike


def test_vettid_is_there_as_its_templates_have_it(deployment: Deployment) -> None:
    """Beside the first fleet, of whose names none collides with its own."""
    folder = deployment.folder / "vettid"
    shutil.copytree(deployment.assembly.folder, folder)  # what is bundled is not bundled again
    profile = str(DEFAULT_PROFILE.with_name("vettid.toml"))
    assembly = deployment.cdk.synth(folder, {**deployment.context, "profile": profile})
    deployment.cdk.deploy(assembly)
    stacks = ["firstline-vettid-records", "firstline-vettid-app"]
    assert sorted(assembly.templates) == sorted(stacks)
    vettid = deployment._replace(assembly=assembly)
    assert [each for stack in stacks for each in unlike(vettid, stack)] == []
    (probe,) = (
        each["Properties"]["VpcConfig"]
        for each in assembly.templates[stacks[1]]["Resources"].values()
        if "VpcConfig" in each.get("Properties", {})
    )
    assert probe["SubnetIds"]
