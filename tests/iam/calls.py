"""Calls: what each function asks of AWS, recorded in one place and kept in docs/calls.jsonl."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import pytest
from boto3.session import Session

from firstline.config.settings import Mode, Settings
from firstline.lab.twin.aws import TwinAws
from tests.iam import names
from tests.iam.names import Names
from tests.iam.requests import Given, asked
from tests.iam.running import function

KEPT = Path(__file__).parents[2] / "docs" / "calls.jsonl"
COMMAND = ".venv/bin/python -m tests.iam.record"


class Call(msgspec.Struct, frozen=True, order=True, omit_defaults=True):
    """What a function, deployed with a profile, asked of IAM by one call; by `names`.

    ``given`` are the condition keys that the call carried. Of a profile that is not shipped the
    name is empty.
    """

    profile: str
    function: str
    action: str
    resource: str
    given: Given = ()


@dataclass
class Recorder:
    """Every call of its sessions while a function runs; what runs outside of one is not ours."""

    calls: set[Call] = field(default_factory=set)

    def listen(self, session: Session, known: Names) -> Session:
        """Record what clients of *session* ask from now on, by the names of *known*."""

        def keep(params: dict[str, Any], event_name: str, **_: object) -> None:
            running = function()
            if running:
                call = event_name.removeprefix("before-parameter-build.")
                for each in asked(call, params):
                    about = known.of(each.resource)
                    self.calls.add(Call(known.profile, running, each.action, about, each.given))

        events: Any = session.events  # its stubs say that no handler answers
        events.register_first("before-parameter-build", keep)
        return session


@contextmanager
def recording() -> Iterator[Recorder]:
    """Record what functions ask of every twin that is told to them while it is entered."""
    recorder, tell = Recorder(), TwinAws.settings

    def settings(twin: TwinAws, profile: bytes, mode: Mode, pager_url: str) -> Settings:
        result = tell(twin, profile, mode, pager_url)
        recorder.listen(twin.session, names.of_twin(result, profile, twin.world))
        return result

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TwinAws, "settings", settings)
        yield recorder


def kept() -> tuple[Call, ...]:
    """Every call that was recorded when the file was written."""
    lines = KEPT.read_bytes().splitlines()
    return tuple(msgspec.json.decode(each, type=Call) for each in lines)


def unkept(calls: set[Call]) -> list[Call]:
    """Those of *calls* that the file does not hold.

    Of a profile that nobody ships the names are its own: there function and action count.
    """
    known = set(kept())
    done = {(each.function, each.action) for each in known}
    return sorted(
        each
        for each in calls
        if (each not in known if each.profile else (each.function, each.action) not in done)
    )


def keep(calls: set[Call]) -> None:
    """Write the file anew."""
    encoded = (msgspec.json.encode(each) + b"\n" for each in sorted(calls))
    KEPT.write_bytes(b"".join(encoded))
