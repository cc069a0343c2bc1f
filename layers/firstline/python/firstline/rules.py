"""Rules: which of the profile's rules a signal fits, and why the others do not."""

import msgspec

from firstline.profile import Profile, Rule
from firstline.signals import Signal


class Match(msgspec.Struct, frozen=True):
    """The rule that fits, or None, and each other one of the subject with its reason."""

    rule: Rule | None
    misses: tuple[tuple[str, str], ...]


def match(signal: Signal, profile: Profile) -> Match:
    """The first rule of the signal's source and subject whose ``when`` holds."""
    misses: list[tuple[str, str]] = []
    for rule in profile.rules:
        if (rule.source, rule.subject) != (signal.source, signal.subject):
            continue
        miss = _miss(rule, signal)
        if miss is None:
            return Match(rule, tuple(misses))
        misses.append((rule.name, miss))
    return Match(None, tuple(misses))


def _miss(rule: Rule, signal: Signal) -> str | None:
    """The first field of ``when`` that does not hold; never its value, which is outside text."""
    for field, wanted in rule.when.items():
        held = signal.metric if field == "metric" else signal.dimensions.get(field, "")
        values = (wanted,) if isinstance(wanted, str) else wanted
        if held not in values:
            return f"{field} is not {' or '.join(map(repr, values))}"
    return None
