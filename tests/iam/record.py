"""``python -m tests.iam.record``: write docs/calls.jsonl anew, from every scenario."""

import contextlib
import os
from pathlib import Path

from firstline.cli.replay import read
from firstline.config.settings import Home
from firstline.lab.twin.replay import replay
from tests.iam.calls import Call, keep, recording
from tests.iam.others import others

SCENARIOS = sorted((Path(__file__).parents[2] / "events" / "scenarios").glob("*.toml"))
HOME = Home("111122223333", "us-east-1")


def of_scenario(path: Path) -> set[Call]:
    """What the functions ask for while the scenario at *path* is replayed."""
    scenario, events, profile = read(path, HOME)
    with recording() as recorder:
        replay(scenario, events, profile, HOME, lambda _: None)
    return recorder.calls


def main() -> None:
    """Record them all; what the functions print goes nowhere."""
    with Path(os.devnull).open("w") as nowhere, contextlib.redirect_stdout(nowhere):
        calls = {call for path in SCENARIOS for call in of_scenario(path)}
        calls |= others()
    keep(calls)


if __name__ == "__main__":
    main()
