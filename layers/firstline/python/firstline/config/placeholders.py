"""Detects values of the shipped examples that a fleet file still has.

A left placeholder is dangerous: a probe of the example's host shows nothing about the fleet, but
its response keeps an alarm green.
"""

from pathlib import Path
from typing import Any

from firstline.config import profile_file, recipients, toml_document
from firstline.config.toml_document import Fault, Key

EXAMPLES = Path(__file__).parents[1] / "profiles"
GROUP: Key = ("fleet", "group")
NATS: Key = ("fleet", "nats", "host")
NATS_PROBE: Key = ("probe", "nats", "host")
HEALTH_PROBE: Key = ("probe", "health", "host")
KEYS = (
    GROUP,
    ("fleet", "target_group"),
    ("fleet", "load_balancer"),
    ("fleet", "http_api"),
    NATS,
    NATS_PROBE,
    ("probe", "nats", "network", "vpc"),
    ("probe", "nats", "network", "subnets"),
    ("probe", "nats", "network", "security_groups"),
    HEALTH_PROBE,
    *(("deployment", key) for key in recipients.KEYS),
)
"""The keys whose values are unique to a fleet."""
FORMER_VALUES = {
    NATS: frozenset({"nats.internal.vettid.dev"}),
    NATS_PROBE: frozenset({"nats.internal.vettid.dev"}),
    HEALTH_PROBE: frozenset({"api.vettid.dev"}),
}
"""Values of earlier examples, of which copies exist."""


def faults(path: Path) -> tuple[str, ...]:
    """Return a line for each placeholder that is left in the file at *path*.

    Raises `InvalidInput` if it cannot be read. A file with an example's group is the example
    itself, and has no faults.
    """
    document = toml_document.parse_toml(profile_file.read(path), str(path))
    table = document.table
    examples = _examples()
    if _values(table, GROUP) <= examples[GROUP]:
        return ()
    left = {key: sorted(_values(table, key) & examples[key]) for key in KEYS}
    why = "is the shipped example's: write your own"
    found = [Fault(key, f"{', '.join(names)} {why}") for key, names in left.items() if names]
    return document.to_error(found).lines


def is_example(path: Path) -> bool:
    """Return True if all fleet-specific values in the file at *path* are an example's."""
    table = toml_document.parse_toml(profile_file.read(path), str(path)).table
    values_by_key = {key: values for key in KEYS if (values := _values(table, key))}
    examples = _examples()
    return bool(values_by_key) and all(
        values <= examples[key] for key, values in values_by_key.items()
    )


def _examples() -> dict[Key, frozenset[str]]:
    """Return each key's values in the shipped examples, present and former."""
    paths = sorted(EXAMPLES.glob("*.toml"))
    tables = [toml_document.parse_toml(path.read_bytes(), path.name).table for path in paths]
    former = (FORMER_VALUES.get(key, frozenset()) for key in KEYS)
    present = (frozenset().union(*(_values(each, key) for each in tables)) for key in KEYS)
    return {key: now | then for key, now, then in zip(KEYS, present, former, strict=True)}


def _values(table: dict[str, Any], key: Key) -> frozenset[str]:
    """Return the texts at *key*: one, or those of a list."""
    found = toml_document.value_at(table, key)
    listed = found if isinstance(found, list) else [found]
    return frozenset(each for each in listed if isinstance(each, str))
