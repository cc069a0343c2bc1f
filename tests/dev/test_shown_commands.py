"""Each command line that firstline shows a person is one that the real command line takes."""

import shlex

import pytest

from firstline import command_lines
from tests.dev.parsed import fault

WHERE = command_lines.deployment("vaults", "us-east-1")
SHOWN = {
    "approve": command_lines.approve("inc-0123456789abcdef0123", "5f1c09ab", WHERE),
    "deny": command_lines.deny("inc-0123456789abcdef0123", "5f1c09ab", WHERE),
    "promote": command_lines.promote("restart_enclave", WHERE),
    "promote, by a file": command_lines.promote(
        "restart_enclave", command_lines.deployment("my fleet.toml")
    ),
    "deploy": command_lines.deploy("my fleet.toml"),
    "look": command_lines.look("my fleet.toml"),
}


@pytest.mark.parametrize("line", SHOWN.values(), ids=SHOWN)
def test_the_command_line_takes_it_as_it_stands(line: str) -> None:
    """With its reason, and a path that a shell would split."""
    program, *words = shlex.split(line)
    assert program == "firstline"
    assert fault(*words) == ""


def test_each_of_them_is_tried() -> None:
    made = {each for each in vars(command_lines) if each.islower() and not each.startswith("_")}
    assert made - {"shlex", "deployment"} == {each.partition(",")[0] for each in SHOWN}
