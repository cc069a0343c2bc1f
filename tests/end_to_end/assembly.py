"""The CDK: its own command line, by the commands of `./dev`, against the cloud.

An assembly is synthesized once. Another version of it is a copy in which a layer was edited and
everything that names it was given the new hash, as a new synthesis would.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from firstline import version as code
from firstline.ids import digest
from tests.end_to_end.cloud import ACCOUNT, REGION, Cloud

FIRSTLINE = Path(sys.executable).parent / "firstline"
RECORDS, APP = "firstline-e2e-records", "firstline-e2e-app"


class Cdk:
    """The commands, run in a process of their own; the cloud is all that they know of AWS."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        self._environment = {**kept, **cloud.environment()}

    def run(self, *arguments: str, status: int = 0) -> str:
        """What ``firstline ARGUMENTS`` says; fails unless it ends with *status*."""
        ran = subprocess.run(
            [FIRSTLINE, *arguments],
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
        )
        result = ran.stdout + ran.stderr
        faults = "" if ran.returncode == status else self._cloud.faults.take()
        assert ran.returncode == status, (
            f"{arguments}: {ran.returncode}\n{result[-3000:]}\n{faults}"
        )
        return result

    def synth(self, folder: Path, fleet: Path) -> "Assembly":
        """The stacks of this checkout for the *fleet* of that file, in *folder*."""
        self.run("synth", "--fleet", str(fleet), "--output", str(folder))
        return Assembly(folder)

    def bootstrap(self, assembly: "Assembly") -> None:
        """Prepare the account, as its owner does once."""
        self.run("bootstrap", "--app", str(assembly.folder), f"aws://{ACCOUNT}/{REGION}")

    def deploy(self, assembly: "Assembly") -> str:
        """Deploy every stack: directly, for moto's change sets lose the outputs."""
        return self.run(
            *("deploy", "--all", "--require-approval=never", "--method=direct"),
            *("--app", str(assembly.folder)),
        )

    def destroy(self, assembly: "Assembly", *stacks: str, status: int = 0) -> str:
        """Destroy *stacks*, or what `./dev destroy` takes by itself, without asking."""
        app = f"--app={assembly.folder}"
        return self.run("destroy", *stacks, "--force", app, status=status)


class Assembly:
    """A cloud assembly: its templates, and its assets by the names of their layers."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.templates: dict[str, dict[str, Any]] = {
            name: json.loads((folder / each["properties"]["templateFile"]).read_text())
            for name, each in _artifacts(folder).items()
            if each["type"] == "aws:cloudformation:stack"
        }

    @property
    def code(self) -> str:
        """The digest of the package in it."""
        return code.digest(self.layer("RuntimeFirstline") / "python" / "firstline")

    def layer(self, name: str) -> Path:
        """The folder of the layer whose logical id begins with *name*."""
        (found,) = (
            each["Metadata"]["aws:asset:path"]
            for logical_id, each in self.templates[APP]["Resources"].items()
            if each["Type"] == "AWS::Lambda::LayerVersion" and logical_id.startswith(name)
        )
        return self.folder / str(found)

    def revised(self, folder: Path, edit: Callable[[Path], object]) -> "Assembly":
        """A copy in *folder* whose firstline package was edited: a new layer, a new digest."""
        shutil.copytree(self.folder, folder)
        layer = Assembly(folder).layer("RuntimeFirstline")
        package = layer / "python" / "firstline"
        before = code.digest(package)
        edit(package)
        compile_again(package)
        names: dict[str, str] = {before: code.digest(package)}
        old = layer.name.removeprefix("asset.")
        names[old] = digest(f"{old} {folder}".encode())
        layer.rename(layer.with_name(f"asset.{names[old]}"))
        manifest = _artifacts(folder)
        for stack in self.templates:
            # the template's own name in the bucket: what is there by that name is not sent again
            url = manifest[stack]["properties"]["stackTemplateAssetObjectUrl"]
            template = Path(url).stem
            names[template] = digest(f"{template} {folder}".encode())
        for path in folder.glob("*.json"):
            path.write_text(_renamed(path.read_text(), names))
        return Assembly(folder)


def compile_again(package: Path) -> None:
    """Compile what was edited, as it is deployed: a source that lies beside it is not read."""
    how = ("-m", "compileall", "-q", "-f", "--invalidation-mode", "unchecked-hash")
    beside = {name: it for name, it in os.environ.items() if name != "PYTHONPYCACHEPREFIX"}
    subprocess.run([sys.executable, *how, str(package)], check=True, env=beside)


def _artifacts(folder: Path) -> dict[str, dict[str, Any]]:
    return dict(json.loads((folder / "manifest.json").read_text())["artifacts"])


def _renamed(text: str, names: dict[str, str]) -> str:
    for old, new in names.items():
        text = text.replace(old, new)
    return text
