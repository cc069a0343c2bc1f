import copy
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from firstline.adapters import wiring
from firstline.adapters.pagerduty.notifier import PagerDutyNotifier
from firstline.config.profile import Profile
from firstline.config.settings import Settings
from firstline.lab.twin.aws import TwinAws
from firstline.lab.twin.clock import WorldClock
from firstline.lab.twin.memory import ROUTING_KEY
from firstline.lab.twin.world import World
from firstline.signal import Condition
from tests.adapters.backends import Requests

PROGRAM = """
from firstline.adapters.wiring import from_environment
system = from_environment()
assert system is from_environment()
print(system.settings.mode, system.profile.fleet.group, type(system.ports.clock).__name__)
"""


def run(settings: Settings) -> subprocess.CompletedProcess[str]:
    """Wire a process as Lambda would, with no key and no Region."""
    environment = {
        "PATH": os.environ["PATH"],
        "AWS_EC2_METADATA_DISABLED": "true",
        settings.variable: settings.write(),
    }
    return subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_system_knows_its_policy_and_code(
    aws: TwinAws, settings: Settings, world: World, profile: Profile
) -> None:
    """The ledger names the digests of the profile's bytes and of the package."""
    system = wiring.system(copy.replace(settings, code="c0de"), aws.session, WorldClock(world))
    assert system.profile == profile
    assert (system.provenance().policy, system.provenance().code) == (profile.digest, "c0de")


def test_wiring_asks_nothing(
    aws: TwinAws, settings: Settings, world: World, requests: Requests
) -> None:
    """To make the system makes no request."""
    wiring.system(settings, aws.session, WorldClock(world))
    assert (requests.calls, requests.sends) == ([], [])


@pytest.mark.parametrize("text", [None, "name = 1", "\xff", "a = " + "[" * 5000])
def test_bad_profile_pages_and_fixes_nothing(
    aws: TwinAws, settings: Settings, world: World, tmp_path: Path, text: str | None
) -> None:
    """With a profile that is missing or unusable there is still a system, without any fix."""
    path = tmp_path / "profile.toml"
    if text is not None:
        path.write_bytes(text.encode("latin-1"))
    result = copy.replace(settings, profile_path=str(path))
    system = wiring.system(result, aws.session, WorldClock(world))
    assert system.profile.rules == ()
    assert [system.profile.rungs(each) for each in Condition] == [()] * len(Condition)
    assert system.profile.autonomy("restart_enclave", Condition.COMPLETE_OUTAGE) == "record-only"
    notifier = system.ports.notifier("pager")
    assert isinstance(notifier, PagerDutyNotifier)
    assert notifier.api.routing_key() == ROUTING_KEY


def test_process_is_wired_from_its_environment(settings: Settings) -> None:
    """One variable makes the whole system, once."""
    done = run(settings)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "enforce VettID-Nitro-EnclaveASG SystemClock\n"


def test_bad_profile_is_logged(settings: Settings, tmp_path: Path) -> None:
    """The log says once which profile it was, and the process goes on."""
    done = run(copy.replace(settings, profile_path=str(tmp_path / "none.toml")))
    assert (done.returncode, done.stderr) == (0, "")
    line, printed = done.stdout.splitlines()
    assert "none.toml: cannot be read" in json.loads(line)["message"]
    assert printed == "enforce unknown SystemClock"
