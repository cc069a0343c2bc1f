"""A fleet file says of each topic who reads it, or that it names none."""

from pathlib import Path

import pytest

from firstline.cli.main import dispatch
from firstline.config import recipients
from tests.builders import PROFILE_FILE, deployable
from tests.config.test_fleet_file import USUAL

GIVEN = '\n[deployment]\nemergency_email = "on-call@acme.org"\n'


def of(folder: Path, text: str) -> Path:
    path = folder / "my-fleet.toml"
    path.write_text(text)
    return path


def test_a_topic_that_is_not_spoken_of_is_named(tmp_path: Path) -> None:
    """With the section's line, or the file where there is none."""
    path = of(tmp_path, USUAL + GIVEN)
    security, team = recipients.faults(path)
    line = USUAL.count("\n") + 2
    assert security.startswith(f"{path}:{line}: deployment.security_email: is not given")
    assert team.startswith(f"{path}:{line}: deployment.team_email: is not given")
    assert len(recipients.faults(of(tmp_path, USUAL))) == 3


@pytest.mark.parametrize(
    "text", [PROFILE_FILE.read_text(), deployable(USUAL)], ids=["named", "none"]
)
def test_a_file_that_speaks_of_each_is_taken(text: str, tmp_path: Path) -> None:
    """An empty text states that the topic is subscribed to by other means."""
    assert recipients.faults(of(tmp_path, text)) == ()


def test_the_check_refuses_what_synth_refuses(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = of(tmp_path, USUAL)
    assert dispatch(["policy", "check", str(path)]) == 2
    assert "deployment.emergency_email: is not given" in capsys.readouterr().err
