"""A deployment that would take something from the deployed stacks stops and changes nothing."""

import json
import shutil
from pathlib import Path
from typing import Any

from tests.end_to_end.deployment import APP, Deployment


def without(template: dict[str, Any]) -> set[str]:
    """Take the first P1's backstop, one subscriber and *enforce* from *template*; their names."""
    resources = template["Resources"]
    for kind in ("AWS::CloudWatch::CompositeAlarm", "AWS::SNS::Subscription"):
        del resources[next(key for key, each in resources.items() if each["Type"] == kind)]
    context = template["Outputs"]["Context"]
    context["Value"] = json.dumps(json.loads(context["Value"]) | {"mode": "dry-run"})
    return {"backstop:", "subscriber:", "mode:enforce"}


def test_what_would_be_lost_is_named_and_stays(deployment: Deployment, tmp_path: Path) -> None:
    """As deployed nothing is lost; without three things each is a line."""
    same = str(deployment.assembly.folder)
    assert "compare recipients" in deployment.cdk.run("diff", "--app", same, "--no-change-set")
    folder = tmp_path / "less"
    shutil.copytree(deployment.assembly.folder, folder)
    path = folder / f"{APP}.template.json"
    template = json.loads(path.read_text())
    kinds = without(template)
    path.write_text(json.dumps(template))
    before = deployment.resources()
    text = deployment.cdk.run("deploy", "--app", str(folder), status=2)
    lost = {line.partition("would be lost: ")[2] for line in text.splitlines()} - {""}
    assert {each[: len(kind)] for each in lost for kind in kinds if each.startswith(kind)} == kinds
    assert len(lost) == len(kinds)
    assert deployment.resources() == before
    assert deployment.outputs()["Mode"] == "enforce"
