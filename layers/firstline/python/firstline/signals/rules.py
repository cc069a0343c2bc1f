"""Rules: which of the profile's rules a signal fits, and why the others do not.

``when`` holds field = value, a list of values, or ``{prefix = "..."}``: no expressions, no
negation, no regular expressions. What needs more is a named function.
"""

import re

import msgspec

from firstline.config.profile import Matcher, Prefix, Profile, Rule, matches
from firstline.ids import INSTANCE_ID, digest
from firstline.signal import Signal


class Match(msgspec.Struct, frozen=True):
    """The rule that fits, or None, and each one asked before it with the field that missed."""

    rule: Rule | None
    missed: tuple[tuple[Rule, str], ...]

    @property
    def misses(self) -> tuple[tuple[str, str], ...]:
        """Why each of them did not fit; never the value, which is outside text."""
        return tuple(
            (rule.name, f"{field} {_not(rule.when[field])}") for rule, field in self.missed
        )


def match(signal: Signal, profile: Profile) -> Match:
    """The first rule of the signal's source and subject whose ``when`` holds."""
    missed: list[tuple[Rule, str]] = []
    for rule in profile.rules_of.get((signal.source, signal.subject), ()):
        miss = _miss(rule, signal)
        if miss is None:
            return Match(rule, tuple(missed))
        missed.append((rule, miss))
    return Match(None, tuple(missed))


def _miss(rule: Rule, signal: Signal) -> str | None:
    """The first field of ``when`` that does not hold."""
    for field, wanted in rule.when.items():
        if not matches(_held(field, signal), wanted):
            return field
    return None


def _held(field: str, signal: Signal) -> str:
    if field == "metric":
        return signal.metric
    return signal.state if field == "state" else signal.dimensions.get(field, "")


def _not(wanted: Matcher) -> str:
    if isinstance(wanted, str):
        return f"is not {wanted!r}"
    if isinstance(wanted, tuple):
        return f"is not {' or '.join(map(repr, wanted))}"
    return f"does not begin with {wanted.prefix!r}"


def known_words(signal: Signal, profile: Profile) -> dict[str, str]:
    """What rules ask of *signal*, by field, as far as it is what some rule wants.

    Those are words of the operator's. Whatever else an event says there is told to nobody, so that
    the same rules fit these words as fit the signal. The value that tells scopes apart stands as a
    digest of it, unless it is an instance or a pseudonym.
    """
    words = {field: _word(_held(field, signal), asked) for field, asked in profile.matchers.items()}
    scopes = {
        field: value if _NAMES_NOBODY.fullmatch(value) else f"#{digest(value.encode())[:20]}"
        for field in profile.scopes
        if (value := signal.dimensions.get(field, ""))
    }
    return {field: word for field, word in {**words, **scopes}.items() if word}


_NAMES_NOBODY = re.compile(rf"{INSTANCE_ID}|[0-9a-f]{{16}}")
"""An instance's id, or the keyed hash of a user (`sources.user.pseudonym`)."""


def _word(held: str, asked: tuple[Matcher, ...]) -> str:
    for wanted in asked:
        if matches(held, wanted):
            return wanted.prefix if isinstance(wanted, Prefix) else held
    return ""
