import json
import re
from pathlib import Path

import pytest

from firstline.config.probe_settings import (
    Consumer,
    HealthTarget,
    NatsTarget,
    ProbeSettings,
)
from firstline.diagnosis.probe_outcome import ProbeOutcome
from firstline.errors import InvalidInput
from firstline.monitoring.http_probe import HealthOutcome

NATS = NatsTarget(host="nats.internal.example", consumers=(Consumer("EVENTS", "worker"),))
HEALTH = HealthTarget(host="api.example.com", path="/vault/health")
VARIABLE = ProbeSettings.variable
SETTINGS = ProbeSettings(fleet="vettid", nats=NATS, health=HEALTH)


def test_what_a_stack_writes_is_what_a_function_reads() -> None:
    """One struct on both sides."""
    assert ProbeSettings.read({VARIABLE: SETTINGS.write()}) == SETTINGS


def nats(**fields: object) -> str:
    return json.dumps({"fleet": "vettid", "nats": {"host": "n.example"} | fields})


def health(**fields: object) -> str:
    target = {"host": "api.example.com", "path": "/health"} | fields
    return json.dumps({"fleet": "vettid", "health": target})


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, "FIRSTLINE_PROBE is not set: deploy with a stack that writes it"),
        ({VARIABLE: "{"}, "Input data was truncated"),
        ({VARIABLE: "{}"}, "missing required field `fleet`"),
        ({VARIABLE: nats(seed="x")}, "unknown field `seed`"),
        ({VARIABLE: nats(host="user:word@n.example")}, r"\$.nats.host"),
        ({VARIABLE: nats(port=0)}, r"\$.nats.port"),
        ({VARIABLE: nats(subject="enclave.>")}, r"\$.nats.subject"),
        ({VARIABLE: nats(inbox_prefix="a b")}, r"\$.nats.inbox_prefix"),
        ({VARIABLE: nats(gather_seconds=5)}, r"\$.nats.gather_seconds"),
        ({VARIABLE: nats(limit_seconds=0.1)}, r"\$.nats.limit_seconds"),
        ({VARIABLE: nats(tls="maybe")}, r"\$.nats.tls"),
        ({VARIABLE: health(host="api.example.com/@evil")}, r"\$.health.host"),
        ({VARIABLE: health(path="/health\n")}, r"\$.health.path"),
        ({VARIABLE: health(path="/health\r\nHost: evil")}, r"\$.health.path"),
        ({VARIABLE: health(bytes_max=10**9)}, r"\$.health.bytes_max"),
    ],
)
def test_settings_that_do_not_fit_are_refused(environment: dict[str, str], expected: str) -> None:
    """The line names the variable and the field, and repeats no value."""
    with pytest.raises(InvalidInput, match=expected) as refusal:
        ProbeSettings.read(environment)
    assert str(refusal.value).startswith(VARIABLE)
    assert "user:word" not in str(refusal.value)


PAGE = (Path(__file__).parents[2] / "docs" / "PROBE.md").read_text()


def test_the_documented_settings_can_be_read() -> None:
    """The example in docs/PROBE.md."""
    (example,) = re.findall(r"```\n(.*?)```", PAGE, re.DOTALL)
    settings = ProbeSettings.read({VARIABLE: example})
    assert settings.nats is not None
    assert settings.nats.consumers == (Consumer("EVENTS", "worker"),)


def test_every_outcome_is_documented() -> None:
    """Each value of an alarm's dimension is documented."""
    outcomes = {*ProbeOutcome, *HealthOutcome}
    assert {each.value for each in outcomes if f"`{each.value}`" not in PAGE} == set()
