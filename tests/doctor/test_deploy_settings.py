"""The line of a remedy that deploys, and a file that does not say what stands."""

import copy
import shlex
from typing import Any

import pytest

from firstline import command_lines
from firstline.config.deployment_section import Deployment
from firstline.doctor import deploy_settings
from firstline.doctor import run as doctor
from firstline.doctor.result import DoctorResult
from tests.doctor.accounts import ACCOUNT, DEPLOYED, WELL

STANDS = Deployment(
    mode="enforce",
    emergency_email="on-call@vettid.example",
    security_email="security@vettid.example",
    team_email="team@vettid.example",
    archive_lock_days=400,
)
"""The settings of the deployed stack."""


def found(settings: Deployment | None, output: str | None = None) -> list[DoctorResult]:
    """Return the differences between the file and the deployment."""
    text = {} if output is None else {deploy_settings.CONTEXT_OUTPUT: output}
    deployed = copy.replace(DEPLOYED, outputs=DEPLOYED.outputs | text)
    account = copy.replace(ACCOUNT, deployed=deployed)
    seen = doctor.examine(WELL, account, "mine.toml", settings)
    return [each for each in seen if each.check == "deployment-settings"]


def test_a_file_that_says_what_stands_is_well() -> None:
    assert found(STANDS) == []
    assert found(None) == []
    assert deploy_settings.decode_settings(DEPLOYED) == STANDS.explicit_settings()


def test_a_deployment_of_schema_1_is_read_in_the_words_of_today() -> None:
    """A dry run of version 0.1 differs in nothing from one of today."""
    outputs = DEPLOYED.outputs | {"Context": '{"mode": "observe"}'}
    deployed = copy.replace(DEPLOYED, outputs=outputs)
    assert deploy_settings.decode_settings(deployed) == {"mode": "dry-run"}


def test_what_the_file_lacks_would_go_with_the_next_deployment() -> None:
    """A reader of a topic, as the mode, with the line to write."""
    lacking = copy.replace(STANDS, emergency_email="", mode="dry-run", archive_lock_days=1)
    days, email, mode = sorted(found(lacking), key=lambda each: each.subject)
    assert [each.severity for each in (days, email, mode)] == ["warning", "critical", "warning"]
    assert email.what == "was deployed as on-call@vettid.example, and mine.toml says nothing"
    assert email.remedy == (
        'write emergency_email = "on-call@vettid.example" under [deployment] to keep it;'
        " firstline deploy --fleet mine.toml to apply the file"
    )
    assert days.remedy.startswith("write archive_lock_days = 400 under [deployment]")
    assert mode.what == "was deployed as enforce, and mine.toml says dry-run"


def test_what_only_the_file_says_is_a_warning() -> None:
    """It comes with the next deployment."""
    (one,) = found(copy.replace(STANDS, pager_region="eu"))
    assert (one.subject, one.severity) == ("pager_region", "warning")
    assert one.what == "was deployed as not given, and mine.toml says eu"
    assert one.remedy.startswith("remove pager_region under [deployment]")


def test_an_earlier_deployment_has_the_service_region_by_its_address() -> None:
    """A file that names the region has the same pager."""
    settings = Deployment(mode="enforce", pager_region="eu")
    earlier = '{"mode":"enforce","pager_url":"https://events.eu.pagerduty.com/v2/enqueue"}'
    assert found(settings, earlier) == []


@pytest.mark.parametrize("output", ["", "{", '{"mode":1}', '{"mode":"\\u001b[2J"}', "{}"])
def test_what_cannot_be_read_is_not_compared(output: str) -> None:
    assert found(STANDS, output) == []


def test_what_is_recorded_is_read_again() -> None:
    outputs = {deploy_settings.CONTEXT_OUTPUT: deploy_settings.encode_settings(STANDS)}
    assert (
        deploy_settings.decode_settings(copy.replace(DEPLOYED, outputs=outputs))
        == STANDS.explicit_settings()
    )


def test_a_shell_reads_the_line_as_it_is_meant() -> None:
    words = shlex.split(command_lines.deploy("my fleet;x.toml"))
    assert words == ["firstline", "deploy", "--fleet", "my fleet;x.toml"]


def test_a_finding_has_the_line() -> None:
    """With the path of the file that was judged."""
    changed: dict[str, Any] = {"status": "UPDATE_FAILED"}
    broken = copy.replace(ACCOUNT, deployed=copy.replace(DEPLOYED, **changed))
    seen = doctor.examine(WELL, broken, "fleets/mine.toml")
    (one,) = [each for each in seen if each.check == "stack"]
    assert one.remedy.startswith("firstline deploy --fleet fleets/mine.toml; see")
