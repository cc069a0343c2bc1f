"""The layers and the functions as Lambda gets them, and the entry that makes it all."""

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import NamedTuple

import pytest

from firstline import version as code
from firstline.config import fleet_file
from firstline.config.settings import Settings
from infra import packaging
from tests.builders import PROFILE_FILE
from tests.infra.made import Made, Resource

ROOT = Path(packaging.__file__).parents[1]
LAYERS = ("Dependencies", "Firstline", "Profile")


class Synthesized(NamedTuple):
    """A real run of `app.py`, layers and all."""

    made: Made
    stdout: str
    stderr: str

    def asset(self, resource: Resource) -> Path:
        """Give the folder that would be uploaded as the layer's or the function's code."""
        code_of = resource.properties.get("Content") or resource.properties["Code"]
        return self.made.folder / f"asset.{code_of['S3Key'].removesuffix('.zip')}"

    def layer(self, name: str) -> Path:
        """Give the folder of the layer called *name*."""
        return self.asset(self.made.one("AWS::Lambda::LayerVersion", f"Runtime{name}"))


def run_app(
    folder: Path, context: dict[str, str], **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run `app.py` as the CDK does, with output folder and context in the environment."""
    given = {"fleet": str(PROFILE_FILE)} | context
    expected = {"CDK_OUTDIR": str(folder), "CDK_CONTEXT_JSON": json.dumps(given), **environment}
    return subprocess.run(
        [sys.executable, "app.py"],
        cwd=ROOT,
        env={**os.environ, **expected},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def synthesized(tmp_path_factory: pytest.TempPathFactory) -> Synthesized:
    """Run `app.py` once, for an account and Region that are known."""
    folder = tmp_path_factory.mktemp("synthesized")
    ran = run_app(folder, {"account": "111122223333", "region": "us-east-1"})
    assert ran.returncode == 0, ran.stderr
    return Synthesized(Made(folder), ran.stdout, ran.stderr)


def files(folder: Path) -> dict[str, bytes]:
    """Give every file of *folder* with its bytes."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_the_app_says_what_it_made_and_leaves_stdout_to_the_cdk(synthesized: Synthesized) -> None:
    """One line for each stack, on standard error."""
    lines = [line for line in synthesized.stderr.splitlines() if line.startswith("firstline-")]
    counts = {
        name: len(template["Resources"]) for name, template in synthesized.made.templates.items()
    }
    assert lines == [
        f"{name}: {counts[name]} resources"
        for name in ("firstline-vettid-records", "firstline-vettid-app")
    ]
    assert synthesized.stdout == ""


def test_the_layers_hold_what_a_handler_imports(synthesized: Synthesized) -> None:
    """Third parties for Lambda's processor, the package, the profile; nothing of this machine."""
    dependencies = files(synthesized.layer("Dependencies"))
    assert "python/msgspec/_core.cpython-313-aarch64-linux-gnu.so" in dependencies
    assert "python/aws_lambda_powertools/__init__.py" in dependencies
    pinned = ("boto3", "botocore", "urllib3")
    assert {f"python/{name}/__init__.py" for name in pinned} <= set(dependencies)
    assert not [name for name in dependencies if name.startswith("python/bin")]
    assert not [name for name in dependencies if "x86_64" in name]
    assert "python/firstline/config/settings.py" in files(synthesized.layer("Firstline"))
    functions = synthesized.made.of("AWS::Lambda::Function")
    for function in functions:
        module = function.properties["Handler"].rpartition(".")[0].replace(".", "/")
        assert (synthesized.asset(function) / f"{module}.py").is_file()


def test_the_laptops_part_stays_at_home(synthesized: Synthesized) -> None:
    """The command line, the past, the twin and the simulation are not in Lambda."""
    package = synthesized.layer("Firstline") / "python" / "firstline"
    assert not {each.name for each in package.iterdir()} & {"cli", "past", "twin", "simulation"}
    assert (package / "controller").is_dir()


@pytest.mark.parametrize("name", ["Dependencies", "Firstline"])
def test_every_module_ships_compiled(synthesized: Synthesized, name: str) -> None:
    """Each `.py` has its `.pyc`, which is never held against it: `/opt` has other times."""
    folder = synthesized.layer(name)
    sources = list(folder.rglob("*.py"))
    assert len(sources) > 20
    for each in sources:
        compiled = each.parent / "__pycache__" / f"{each.stem}.cpython-313.pyc"
        assert compiled.read_bytes()[4:8] == b"\x01\x00\x00\x00", each


def test_a_traceback_names_the_place_in_lambda(synthesized: Synthesized) -> None:
    """Compiled code knows `/opt`, and nothing of the machine that compiled it."""
    package = synthesized.layer("Firstline") / "python" / "firstline"
    compiled = (package / "config" / "__pycache__" / "settings.cpython-313.pyc").read_bytes()
    assert b"/opt/python/firstline/config/settings.py" in compiled
    assert str(ROOT).encode() not in compiled


def test_lambda_may_read_everything(synthesized: Synthesized) -> None:
    """Whatever the umask was, files are 644 and folders 755."""
    for name in LAYERS:
        modes = {
            (path.is_dir(), path.stat().st_mode & 0o777)
            for path in synthesized.layer(name).rglob("*")
        }
        assert modes == {(True, 0o755), (False, 0o644)}


def test_the_settings_name_the_code_and_the_profile_that_ship(synthesized: Synthesized) -> None:
    """The digest is that of the package in the layer; the profile lies where the settings say."""
    (function, *_) = synthesized.made.of("AWS::Lambda::Function")
    read = Settings.read(function.properties["Environment"]["Variables"])
    assert read.code == code.digest(synthesized.layer("Firstline") / "python" / "firstline")
    shipped = synthesized.layer("Profile") / Path(read.profile_path).relative_to("/opt")
    assert files(synthesized.layer("Profile")).keys() == {"profile/profile.toml"}
    assert shipped.read_bytes() == fleet_file.read(PROFILE_FILE)


def test_a_build_gives_the_same_bytes_again(synthesized: Synthesized, tmp_path: Path) -> None:
    """The layers that `app.py` built are those that are built now."""
    packaging.install_dependencies(tmp_path / "dependencies", "arm64")
    packaging.copy_firstline(tmp_path / "firstline")
    assert files(tmp_path / "dependencies") == files(synthesized.layer("Dependencies"))
    assert files(tmp_path / "firstline") == files(synthesized.layer("Firstline"))


def test_another_architecture_gets_its_own_wheels(tmp_path: Path) -> None:
    """The layer for x86_64 can be imported on it."""
    packaging.install_dependencies(tmp_path, "x86_64")
    assert (tmp_path / "python/msgspec/_core.cpython-313-x86_64-linux-gnu.so").is_file()


def test_the_digest_changes_with_what_ships_and_only_then(tmp_path: Path) -> None:
    """Code, profiles and their names count; caches and the laptop's part do not."""
    (tmp_path / "cli").mkdir()
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "a.py").write_text("x = 1\n")
    before = code.digest(tmp_path)
    (tmp_path / "cli" / "main.py").write_text("x = 2\n")
    (tmp_path / "__pycache__" / "a.cpython-313.pyc").write_bytes(b"x")
    assert code.digest(tmp_path) == before
    (tmp_path / "a.toml").write_text("")
    named = code.digest(tmp_path)
    (tmp_path / "a.toml").rename(tmp_path / "b.toml")
    renamed = code.digest(tmp_path)
    (tmp_path / "a.py").write_text("x = 3\n")
    assert len({before, named, renamed, code.digest(tmp_path)}) == 4


def test_each_fault_of_a_profile_is_one_line_and_no_traceback(tmp_path: Path) -> None:
    """The operator's mistake ends with exit status 2, and nothing is made."""
    bad = tmp_path / "fleet.toml"
    bad.write_text(
        fleet_file.read(PROFILE_FILE).decode().replace('autonomy = "auto"', 'autonomy = "maybe"')
    )
    assert tomllib.loads(bad.read_text())["actions"][0]["autonomy"] == "maybe"
    ran = run_app(tmp_path / "assembly", {"fleet": str(bad)})
    text = ran.stderr.splitlines()
    line, *more = [each for each in text if each.startswith("app.py: ")]
    assert ran.returncode == 2
    expected = "actions[\"restart_parent\"].autonomy: is 'maybe'"
    assert re.match(f"app.py: {re.escape(str(bad))}:[0-9]+: {re.escape(expected)}", line)
    assert more
    assert all(each.startswith(f"app.py: {bad}:") for each in more)
    assert "Traceback" not in ran.stderr
    assert ran.stdout == ""
    assert not list((tmp_path / "assembly").glob("*.template.json"))


def test_a_name_steers_no_terminal(tmp_path: Path) -> None:
    """A path comes from a variable of the environment, or from a line of CI."""
    ran = run_app(tmp_path / "assembly", {"fleet": "x\x1b[2J.toml"})
    assert ran.returncode == 2
    assert "\x1b" not in ran.stderr
    assert "x\N{REPLACEMENT CHARACTER}[2J.toml: cannot be read" in ran.stderr


def test_a_layer_that_cannot_be_built_is_one_line_and_no_docker(tmp_path: Path) -> None:
    """Without a package index the synthesis ends with exit status 2 and says why."""
    nowhere = "http://127.0.0.1:9/"
    ran = run_app(
        tmp_path / "assembly",
        {},
        UV_DEFAULT_INDEX=nowhere,
        UV_INDEX_URL=nowhere,
        UV_CACHE_DIR=str(tmp_path / "cache"),
        UV_HTTP_RETRIES="0",
    )
    (line,) = [line for line in ran.stderr.splitlines() if line.startswith("app.py: ")]
    assert ran.returncode == 2
    assert line.startswith("app.py: cannot build a layer; is the package index reachable?")
    assert "Traceback" not in ran.stderr
    assert "docker" not in ran.stderr.lower()
