"""CloudFormation's own rules, held against what each profile that ships makes."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.infra.listing import PROFILES, assembled


@pytest.mark.parametrize("profile", PROFILES)
def test_cfn_lint_finds_neither_errors_nor_warnings(profile: str, tmp_path: Path) -> None:
    """But W3005: the CDK orders a function after its role although the reference does."""
    made = assembled(profile, tmp_path)
    lint = Path(sys.executable).with_name("cfn-lint")
    command = [str(lint), "--ignore-checks", "W3005", "--", *map(str, made.paths)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout) == (0, "")
