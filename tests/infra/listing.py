"""``python -m tests.infra.listing``: tests/infra/stacks.*.txt, what a deployment would make.

For a reviewer: each resource with what a production account must like of it, and each statement of
each policy on a line of its own. Left out is what changes with every commit (hashes, assets), what
belongs to docs/IAM.md (what roles may do), and what is in tests/monitoring/alarms.*.txt (when the
profile's alarms fire). A script or a dashboard is told by its digest: it changed, or it did not.
"""

import hashlib
import json
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from aws_cdk import App

from app import compose
from tests.builders import PROFILE_FILE
from tests.infra.conftest import WITHOUT_BUNDLING
from tests.infra.made import HASH, Made

HERE = Path(__file__).parent
PROFILES = tuple(sorted(path.stem for path in PROFILE_FILE.parent.glob("*.toml")))
COMMAND = ".venv/bin/python -m tests.infra.listing"
BEHIND = re.compile(r"(?<=[A-Za-z])[0-9A-F]{8}(?=$|[^0-9A-Za-z]|[A-Z][a-z])")
"""The CDK's suffix of a name."""
DIGEST = re.compile(r"\b[0-9a-f]{64}\b")
STATEMENT = ("Effect", "Principal", "Action", "Resource", "NotResource", "Condition")
"""The elements of a statement, in display order."""
POLICIES = ("AssumeRolePolicyDocument", "KeyPolicy", "PolicyDocument")
LEFT_OUT: Mapping[str, tuple[str, ...]] = {
    "AWS::IAM::Role": ("Policies",),
    "AWS::Lambda::Function": ("Code", "Environment"),
    "AWS::Lambda::LayerVersion": ("Content",),
}
"""Properties that are shown elsewhere or change with the code."""


def assembled(profile: str, folder: Path) -> Made:
    """Return the assembly of the shipped *profile*."""
    path = PROFILE_FILE.with_name(f"{profile}.toml")
    app = App(outdir=str(folder), context={**WITHOUT_BUNDLING, "fleet": str(path)})
    compose(app)
    app.synth()
    return Made(folder)


def listing(made: Made) -> str:
    """Both stacks, their resources by name, and their outputs."""
    manifest = json.loads((made.folder / "manifest.json").read_text())["artifacts"]
    return "\n".join(
        line
        for stack, template in made.templates.items()
        for line in _stack(stack, template, manifest[stack]["properties"])
    )


def _stack(stack: str, template: Any, properties: Any) -> Iterator[str]:  # noqa: ANN401 - JSON
    protected = ", termination protection" if properties.get("terminationProtection") else ""
    yield f"{stack}: {template['Description']}{protected}"
    for name, resource in sorted(template["Resources"].items()):
        if resource["Type"] != "AWS::CDK::Metadata":
            yield from _resource(HASH.sub("", name), resource)
    for name, output in sorted(template.get("Outputs", {}).items()):
        if "Export" not in output:
            yield f"  output {name}: {_text(output['Value'])}"
    yield ""


def _resource(name: str, resource: Any) -> Iterator[str]:  # noqa: ANN401 - JSON
    kind, properties = resource["Type"], resource.get("Properties", {})
    kept = resource.get("DeletionPolicy")
    yield f"  {name} {kind.removeprefix('AWS::')}{f' ({kept})' if kept else ''}"
    if kind == "AWS::CloudWatch::Alarm":
        yield from _alarm(properties)
        return
    hidden = LEFT_OUT.get(kind, ())
    for key, value in sorted(properties.items()):
        if key in POLICIES:
            yield from (f"    {key}: {_statement(each)}" for each in value["Statement"])
        elif (kind, key) in BY_PARTS:
            yield from (f"    {key}: {each}" for each in BY_PARTS[kind, key](value))
        elif key not in hidden:
            yield f"    {key}: {_text(value)}"


def _alarm(properties: Any) -> Iterator[str]:  # noqa: ANN401 - JSON
    """Whom it tells and when, for firstline's own; the profile's are read by their events."""
    if "AlarmActions" not in properties:
        return
    yield f"    means: {properties['AlarmDescription'].removeprefix('firstline: ')}"
    metric = properties.get("MetricName") or _text(properties["Metrics"])
    missing, comparison = properties["TreatMissingData"], properties["ComparisonOperator"]
    periods, threshold = properties["EvaluationPeriods"], properties["Threshold"]
    breaching = properties.get("DatapointsToAlarm", periods)
    every = f" x {properties['Period']} s" if "Period" in properties else ""
    yield f"    fires: {metric} {comparison} {threshold}, {breaching} of {periods}{every}"
    yield f"    missing: {missing}"
    for key in ("AlarmActions", "OKActions", "WarmUpConfiguration"):
        if key in properties:
            yield f"    {key}: {_text(properties[key])}"


def _statement(statement: Mapping[str, Any]) -> str:
    """Return effect, actions, resources and conditions."""
    text = {key: _text(statement[key]) for key in STATEMENT if key in statement}
    assert statement.keys() - {"Sid"} <= set(STATEMENT), statement
    return ", ".join(f"{key}: {each}" for key, each in text.items())


def _document(content: Any) -> Iterator[str]:  # noqa: ANN401 - JSON
    """Yield a document's parameters and steps; of a script its digest."""
    for name, parameter in sorted(content["parameters"].items()):
        yield f"takes {name}: {_text({key: parameter[key] for key in sorted(parameter)})}"
    for step in content["mainSteps"]:
        inputs = dict(step["inputs"])
        script = _digest(inputs.pop("runCommand"))
        yield f"runs {step['name']}: {step['action']}, {_text(inputs)}, script {script}"


def _dashboard(body: Any) -> Iterator[str]:  # noqa: ANN401 - JSON
    """Its widgets by their titles, and the digest of the whole."""
    text = _text(body)
    for widget in json.loads(text)["widgets"]:
        properties = widget["properties"]
        yield f"{widget['type']}: {properties.get('title') or properties['markdown'][:60]!r}"
    yield f"digest {_digest(text)}"


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]


BY_PARTS: Mapping[tuple[str, str], Callable[[Any], Iterator[str]]] = {
    ("AWS::CloudWatch::Dashboard", "DashboardBody"): _dashboard,
    ("AWS::SSM::Document", "Content"): _document,
}
"""Kinds that are shown in parts."""


def _text(value: Any) -> str:  # noqa: ANN401 - JSON
    """One line, in which a reference is the name of what it refers to."""
    match value:
        case {"Ref": str(name)} | {"Fn::ImportValue": str(name)}:
            text = f"<{_named(name)}>"
        case {"Fn::GetAtt": [str(name), str(attribute)]}:
            text = f"<{_named(name)}.{attribute}>"
        case {"Fn::Join": [str(between), list(parts)]}:
            text = between.join(_text(each) for each in parts)
        case dict():
            text = "{" + ", ".join(f"{key}: {_text(each)}" for key, each in value.items()) + "}"
        case list():
            text = "[" + ", ".join(_text(each) for each in value) + "]"
        case str():
            text = BEHIND.sub("", DIGEST.sub("<sha256>", value))
        case _:
            text = json.dumps(value)
    return text


def _named(name: str) -> str:
    """A logical id, or an export made of one, without what the CDK puts behind it."""
    return BEHIND.sub("", HASH.sub("", name.rpartition(":Exports")[2] or name))


def approved(profile: str) -> Path:
    """The file that people approved."""
    return HERE / f"stacks.{profile}.txt"


def main() -> None:
    """Write the files again."""
    for profile in PROFILES:
        with tempfile.TemporaryDirectory() as folder:
            approved(profile).write_text(listing(assembled(profile, Path(folder))))


if __name__ == "__main__":
    main()
