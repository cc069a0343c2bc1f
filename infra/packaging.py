"""Lambda's packages: the functions and three layers, built here without Docker.

Code ships compiled: Lambda's directories are read-only, so that a module without its `.pyc` would
be compiled again in every new execution environment.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import jsii
from aws_cdk import BundlingOptions, DockerImage, IgnoreMode, ILocalBundling
from aws_cdk import aws_lambda as lambda_

from firstline import version as code
from firstline.config import fleet_file
from firstline.config.deployment_section import Architecture
from firstline.errors import InvalidInput
from firstline.ids import digest

ROOT = Path(__file__).parents[1]
RUNTIME = lambda_.Runtime.PYTHON_3_13
PROFILE_PATH = "/opt/profile/profile.toml"

_LAYER, _TASK = "/opt", "/var/task"  # where Lambda unpacks a layer, and a function
_DEPENDENCIES = ROOT / "layers" / "dependencies"
_PROBE = ROOT / "layers" / "probe"
_PLATFORMS: dict[Architecture, str] = {
    "arm64": "aarch64-manylinux2014",
    "x86_64": "x86_64-manylinux2014",
}
_COMPILE = ("-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash")


def dependencies(architecture: Architecture) -> lambda_.Code:
    """The layer of third-party packages: wheels of *architecture*, every hash checked."""
    return _packages(_DEPENDENCIES, architecture)


def probe(architecture: Architecture) -> lambda_.Code:
    """The layer of packages that only the NATS probe needs."""
    return _packages(_PROBE, architecture)


def firstline() -> lambda_.Code:
    """The layer of the firstline package, without the modules for operators' machines."""
    left_out = [f"/python/firstline/{name}/" for name in code.UNSHIPPED_FOLDERS]
    return _built(ROOT / "layers" / "firstline", copy_firstline, _COMPILE, left_out)


def profile(path: Path) -> lambda_.Code:
    """The layer with the expanded profile at `PROFILE_PATH`."""
    recipe = [PROFILE_PATH, digest(fleet_file.read(path))]
    return _built(path.parent, lambda out: copy_profile(path, out), recipe, ["*"])


def functions() -> lambda_.Code:
    """The handlers, under the import path that the tests use."""
    return _built(ROOT / "functions", copy_functions, _COMPILE)


def install_dependencies(
    out: Path, architecture: Architecture, source: Path = _DEPENDENCIES
) -> None:
    """Install the locked packages of *source* into *out*; raises `InvalidInput` when uv cannot."""
    target = out / "python"
    here = ("--python", sys.executable, "--target", str(target))
    _check(source, sys.executable, "-m", "uv", *_install(architecture), *here)
    shutil.rmtree(target / "bin", ignore_errors=True)  # scripts that name this machine's Python
    (target / ".lock").unlink(missing_ok=True)
    _compile(out, _LAYER)


def copy_firstline(out: Path) -> None:
    """Copy the package into *out*."""
    package = code.PACKAGE

    def ignore(folder: str, _: list[str]) -> set[str]:
        return {"__pycache__", *(code.UNSHIPPED_FOLDERS if Path(folder) == package else ())}

    shutil.copytree(package, out / "python" / package.name, ignore=ignore)
    _compile(out, _LAYER)


def copy_profile(path: Path, out: Path) -> None:
    """Write the expanded profile into *out*."""
    target = out / Path(PROFILE_PATH).relative_to(_LAYER)
    target.parent.mkdir(parents=True)
    target.write_bytes(fleet_file.read(path))
    _open_up(out)


def copy_functions(out: Path) -> None:
    """Copy the handlers into *out*."""
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "functions", out / "functions", ignore=ignore)
    _compile(out, _TASK)


def _packages(source: Path, architecture: Architecture) -> lambda_.Code:
    recipe = [*_install(architecture), *_COMPILE]
    return _built(source, lambda out: install_dependencies(out, architecture, source), recipe)


def _install(architecture: Architecture) -> list[str]:
    """Return uv's arguments, which determine the layer's content."""
    return [
        *("pip", "install", "--quiet", "--no-config", "--requirements", "requirements.txt"),
        *("--require-hashes", "--only-binary", ":all:", "--no-installer-metadata"),
        *("--no-binary", "nkeys"),  # pure Python, and published as source alone
        *("--no-compile-bytecode", "--link-mode", "copy"),
        *("--python-version", "3.13", "--python-platform", _PLATFORMS[architecture]),
    ]


def _compile(out: Path, unpacked_at: str) -> None:
    """Compile *out* with the paths of *unpacked_at*: equal sources give equal bytes."""
    _check(out, sys.executable, *_COMPILE, "-s", str(out), "-p", unpacked_at, str(out))
    _open_up(out)


def _open_up(out: Path) -> None:
    """Let Lambda's user read everything, whatever the local umask is."""
    for path in (out, *out.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)


def _check(where: Path, *command: str) -> None:
    # compiled files belong beside their sources, whatever the caller's own cache
    inherited = {name: it for name, it in os.environ.items() if name != "PYTHONPYCACHEPREFIX"}
    environment = {**inherited, "PYTHONHASHSEED": "0"}
    ran = subprocess.run(  # noqa: S603 - the commands are those above
        command, cwd=where, env=environment, capture_output=True, text=True, check=False
    )
    if ran.returncode:
        output = " ".join((ran.stderr or ran.stdout).split())
        raise InvalidInput(f"cannot build a layer; is the package index reachable? {output[:600]}")


def _built(
    source: Path,
    build: Callable[[Path], None],
    recipe: Sequence[str],
    left_out: Sequence[str] = (),
) -> lambda_.Code:
    """Return the output of *build*; a change of *source* or *recipe* makes a new version."""
    return lambda_.Code.from_asset(
        str(source),
        exclude=[*left_out, "__pycache__/"],
        ignore_mode=IgnoreMode.GIT,
        bundling=BundlingOptions(
            image=DockerImage.from_registry("none"),  # asked for by the type, never run
            command=list(recipe),  # hashed, unlike the state of a local bundler
            local=_Local(build),
        ),
    )


@jsii.implements(ILocalBundling)
class _Local:
    def __init__(self, build: Callable[[Path], None]) -> None:
        self._build = build

    # called with (output_dir, options), although the type says that the options are keywords
    def try_bundle(self, output_dir: str, *_: object, **__: object) -> bool:
        """Build into *output_dir*. A failure raises: False would send the CDK to Docker."""
        self._build(Path(output_dir))
        return True
