"""CloudFormation's own rules, held against what each profile that ships makes."""

import subprocess
import sys
from pathlib import Path

import pytest
from aws_cdk import App

from app import compose
from infra.context import DEFAULT_PROFILE
from tests.infra.conftest import WITHOUT_BUNDLING
from tests.infra.made import Made

PROFILES = sorted(DEFAULT_PROFILE.parent.glob("*.toml"))


@pytest.mark.parametrize("profile", PROFILES, ids=lambda each: each.stem)
def test_cfn_lint_finds_neither_errors_nor_warnings(profile: Path, tmp_path: Path) -> None:
    """But W3005: the CDK orders a function after its role although the reference does."""
    app = App(outdir=str(tmp_path), context={**WITHOUT_BUNDLING, "profile": str(profile)})
    compose(app)
    app.synth()
    lint = Path(sys.executable).with_name("cfn-lint")
    command = [str(lint), "--ignore-checks", "W3005", "--", *map(str, Made(tmp_path).paths)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout) == (0, "")
