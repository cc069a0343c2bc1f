"""A notifier is one file, named by a line of the fleet file."""

import copy
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Event

import pytest

from firstline.adapters import notifiers, wiring
from firstline.adapters.notifiers.context import Contained
from firstline.config import fleet_file
from firstline.config.settings import Settings
from firstline.errors import InvalidInput
from firstline.lab.twin.aws import TwinAws
from firstline.lab.twin.clock import WorldClock
from firstline.lab.twin.world import World
from firstline.notifications.delivery import Accepted, Delivery, NotYet
from firstline.notifications.notification import Notification, digest
from tests.builders import PROFILE_FILE

MODULE = "firstline.adapters.notifiers.chat"
FILE = """
from firstline.notifications.delivery import Accepted, Delivery, NotYet

class Chat:
    def __init__(self, region):
        self.region = region
        self.received = []

    def deliver(self, notification):
        self.received.append(notification.summary)
        return Accepted()

def notifier(context):
    return Chat(context.settings.home.region)
"""
LINE = '\n[routes]\nP3 = ["team", "chat"]\n'


@pytest.fixture
def fleet(tmp_path: Path) -> Path:
    """A fleet file with the line."""
    path = tmp_path / "fleet.toml"
    path.write_text(PROFILE_FILE.read_text() + LINE)
    return path


def test_a_file_and_a_line_are_a_notifier(  # noqa: PLR0913, PLR0917 - its fixtures
    aws: TwinAws,
    settings: Settings,
    world: World,
    fleet: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The wiring makes it from the session and the settings that all have."""
    (tmp_path / "chat.py").write_text(FILE)
    monkeypatch.setattr(notifiers, "__path__", [*notifiers.__path__, str(tmp_path)])
    profile_path = tmp_path / "whole.toml"
    profile_path.write_bytes(fleet_file.expand(fleet.read_bytes(), str(fleet)))
    chosen = copy.replace(settings, profile_path=str(profile_path))
    system = wiring.system(chosen, aws.session, WorldClock(world))
    assert system.ports.notifier("chat").deliver(digest("chat", "f", ("- one",))) == Accepted()
    del sys.modules[MODULE]
    contained = system.ports.notifier("chat")
    assert isinstance(contained, Contained)
    assert vars(contained.notifier) == {
        "region": "us-east-1",
        "received": ["firstline: minor incidents of f, 1 in total"],
    }


def test_a_line_without_a_file_is_refused(fleet: Path) -> None:
    """Policy check and synth say so, with the line."""
    with pytest.raises(
        InvalidInput, match=r"routes.*'chat' is not a channel: use one of pager, team"
    ):
        fleet_file.load(fleet)


class Wild:
    """A notifier that does what no notifier may."""

    def __init__(self, act: Callable[[], Delivery]) -> None:
        self._act = act

    def deliver(self, notification: Notification) -> Delivery:
        """Do it."""
        del notification
        return self._act()


def test_a_notifier_of_others_cannot_raise_and_quotes_no_secret() -> None:
    """The page after it goes out all the same."""

    def act() -> Delivery:
        raise KeyError("token-of-the-chat")

    contained = Contained(Wild(act), "chat", 60)
    assert contained.deliver(digest("chat", "f", ())) == NotYet("chat failed: KeyError")


def test_a_notifier_of_others_cannot_hang() -> None:
    """It is left behind at its limit."""
    released = Event()

    def act() -> Delivery:
        released.wait()
        return Accepted()

    contained = Contained(Wild(act), "chat", 0.01)
    assert contained.deliver(digest("chat", "f", ())) == NotYet("chat did not answer in time")
    released.set()
