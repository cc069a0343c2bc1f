"""The line of a remedy that deploys: as it stands, with every key, quoted."""

import copy
import shlex
from typing import Any

import pytest

from firstline.doctor import deploying
from firstline.doctor import run as doctor
from firstline.doctor.facts import Unread
from tests.doctor.accounts import ACCOUNT, DEPLOYED, WELL

AS_IT_STANDS = (
    "-c mode=enforce -c emergency_email=on-call@vettid.example"
    " -c security_email=security@vettid.example -c team_email=team@vettid.example"
    " -c archive_lock_days=400"
)
OTHERS = (
    "-c emergency_email=you@example.com -c security_email=security@example.com"
    " -c team_email=team@example.com"
)


def line(path: str = "my-fleet.toml", **changes: Any) -> str:  # noqa: ANN401 - as `Account`
    return deploying.lines(path, copy.replace(ACCOUNT, **changes))["deploy"]


def told(context: str | None) -> dict[str, Any]:
    """A deployment whose output says so of its keys."""
    outputs = {key: each for key, each in DEPLOYED.outputs.items() if key != deploying.OUTPUT}
    said = {} if context is None else {deploying.OUTPUT: context}
    return {"deployed": copy.replace(DEPLOYED, outputs=outputs | said)}


def test_what_stands_is_deployed_again_with_every_key() -> None:
    """Those that no document names too."""
    assert line() == f"firstline deploy -c profile=my-fleet.toml {AS_IT_STANDS}"


def test_only_the_mode_changes_where_it_is_promoted() -> None:
    """The readers of the topics stay."""
    watching = told('{"mode":"observe","team_email":"team@vettid.example"}')
    lines = deploying.lines("my-fleet.toml", copy.replace(ACCOUNT, **watching))
    assert lines["enforce"] == lines["deploy"].replace("mode=observe", "mode=enforce")


def test_before_the_first_deployment_it_is_the_documents_line() -> None:
    """It observes; the addresses stand for the operator's."""
    assert (
        line(deployed=None) == f"firstline deploy -c profile=my-fleet.toml -c mode=observe {OTHERS}"
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"deployed": Unread("cloudformation:DescribeStacks", "AccessDenied")},
        told(None),
        told("{"),
        told('{"mode":1}'),
        told("{}"),
        told('{"mode":"\\u001b[2J"}'),
        told('{"mode":"enforce","x\\n":"1"}'),
    ],
)
def test_what_cannot_be_read_is_left_to_a_person(changes: dict[str, Any]) -> None:
    """The CDK refuses such a mode: nothing is deployed before somebody put the own keys."""
    assert line(**changes) == f"firstline deploy -c profile=my-fleet.toml -c mode=MODE {OTHERS}"


def test_a_shell_reads_it_as_it_is_meant() -> None:
    """Whatever stands in a path or in a value."""
    words = shlex.split(line("my fleet;x.toml", **told('{"mode":"$(rm) \'x"}')))
    assert words == ["firstline", "deploy", "-c", "profile=my fleet;x.toml", "-c", "mode=$(rm) 'x"]


def test_a_finding_has_the_line() -> None:
    """With the path of the profile that was judged."""
    broken = copy.replace(ACCOUNT, deployed=copy.replace(DEPLOYED, status="UPDATE_FAILED"))
    found = doctor.examine(WELL, broken, "fleets/mine.toml")
    (one,) = [each for each in found if each.check == "stack"]
    assert one.remedy.startswith(
        f"firstline deploy -c profile=fleets/mine.toml {AS_IT_STANDS}; see"
    )
