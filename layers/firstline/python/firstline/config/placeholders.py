"""Placeholders: what the shipped examples have in place of a fleet's own names.

One that is left in another fleet's file is a danger: a probe of the example's host proves nothing
of the fleet, and an answer from there would keep an alarm green.
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
"""What is one fleet's alone."""
FORMER = {
    NATS: frozenset({"nats.internal.vettid.dev"}),
    NATS_PROBE: frozenset({"nats.internal.vettid.dev"}),
    HEALTH_PROBE: frozenset({"api.vettid.dev"}),
}
"""What earlier examples had, of which there are copies."""


def faults(path: Path) -> tuple[str, ...]:
    """A line for each placeholder that the file of another fleet, at *path*, has left.

    Raises `InvalidInput` where it cannot be read. A file with the group of an example is the
    example.
    """
    document = toml_document.read(profile_file.read(path), str(path))
    table = document.table
    examples = _examples()
    if _values(table, GROUP) <= examples[GROUP]:
        return ()
    left = {key: sorted(_values(table, key) & examples[key]) for key in KEYS}
    why = "is the shipped example's: write your own"
    found = [Fault(key, f"{', '.join(names)} {why}") for key, names in left.items() if names]
    return document.refusal(found).lines


def is_example(path: Path) -> bool:
    """Whether all that is one fleet's alone is the example's in the file at *path*."""
    table = toml_document.read(profile_file.read(path), str(path)).table
    given = {key: values for key in KEYS if (values := _values(table, key))}
    examples = _examples()
    return bool(given) and all(values <= examples[key] for key, values in given.items())


def _examples() -> dict[Key, frozenset[str]]:
    """Each key's values in the shipped examples, present and former."""
    paths = sorted(EXAMPLES.glob("*.toml"))
    tables = [toml_document.read(path.read_bytes(), path.name).table for path in paths]
    former = (FORMER.get(key, frozenset()) for key in KEYS)
    present = (frozenset().union(*(_values(each, key) for each in tables)) for key in KEYS)
    return {key: now | then for key, now, then in zip(KEYS, present, former, strict=True)}


def _values(table: dict[str, Any], key: Key) -> frozenset[str]:
    """The texts at *key*: one, or those of a list."""
    found = toml_document.at(table, key)
    listed = found if isinstance(found, list) else [found]
    return frozenset(each for each in listed if isinstance(each, str))
