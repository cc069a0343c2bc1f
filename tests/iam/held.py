"""Held: whatever test has a function ask AWS of the twin for what is not kept, fails.

A plugin of pytest. IAM's proof rests on docs/calls.jsonl, so nothing may be asked beside it; what a
fixture of several tests has a function ask counts for the first of them.
"""

from collections.abc import Generator

import pytest

from tests.iam.calls import COMMAND, Recorder, recording, unkept

RECORDER = pytest.StashKey[Recorder]()


@pytest.hookimpl(wrapper=True)
def pytest_runtestloop(session: pytest.Session) -> Generator[None, object, object]:
    """Record as long as tests run."""
    with recording() as recorder:
        session.config.stash[RECORDER] = recorder
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    """Hold what was recorded since the last test against what is kept."""
    recorder = pyfuncitem.config.stash[RECORDER]
    try:
        result = yield
    finally:
        asked, recorder.calls = recorder.calls, set()
    if new := unkept(asked):
        output = "; ".join(f"{each.function} {each.action} {each.resource}" for each in new)
        why = f"asked of AWS and not in docs/calls.jsonl: {output}. Record: {COMMAND}"
        pytest.fail(why, pytrace=False)
    return result
