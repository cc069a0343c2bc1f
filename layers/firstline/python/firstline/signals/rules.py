"""Rules: the profile's rule that a signal matches, and why the others do not match.

``when`` holds field = value, a list of values, or ``{prefix = "..."}``: no expressions, no
negation, no regular expressions. Anything more complex is a named function.
"""

import re

import msgspec

from firstline.config.profile import Matcher, Prefix, Profile, Rule, matches
from firstline.ids import INSTANCE_ID, digest
from firstline.signal import Signal


class Match(msgspec.Struct, frozen=True):
    """The matching rule, or None, and the rules tried before it, each with its first mismatch."""

    rule: Rule | None
    missed: tuple[tuple[Rule, str], ...]

    @property
    def misses(self) -> tuple[tuple[str, str], ...]:
        """The reasons of the others; never the value, which is text from outside."""
        return tuple(
            (rule.name, f"{field} {_describe_mismatch(rule.when[field])}")
            for rule, field in self.missed
        )


def match(signal: Signal, profile: Profile) -> Match:
    """The first rule of the signal's source and subject whose ``when`` holds."""
    missed: list[tuple[Rule, str]] = []
    for rule in profile.rules_of.get((signal.source, signal.subject), ()):
        miss = _first_mismatch(rule, signal)
        if miss is None:
            return Match(rule, tuple(missed))
        missed.append((rule, miss))
    return Match(None, tuple(missed))


def _first_mismatch(rule: Rule, signal: Signal) -> str | None:
    """The first field of ``when`` that does not hold."""
    for field, matcher in rule.when.items():
        if not matches(_value(field, signal), matcher):
            return field
    return None


def _value(field: str, signal: Signal) -> str:
    if field == "metric":
        return signal.metric
    return signal.state if field == "state" else signal.dimensions.get(field, "")


def _describe_mismatch(matcher: Matcher) -> str:
    if isinstance(matcher, str):
        return f"is not {matcher!r}"
    if isinstance(matcher, tuple):
        return f"is not {' or '.join(map(repr, matcher))}"
    return f"does not begin with {matcher.prefix!r}"


def known_words(signal: Signal, profile: Profile) -> dict[str, str]:
    """The values of *signal* that rules match, by field.

    They are words of the operator's. No other value of the event is stored, so that the same
    rules match these words as match the signal. The value of a scope is stored as a digest,
    unless it is an instance or a pseudonym.
    """
    words = {
        field: _matched_word(_value(field, signal), matchers)
        for field, matchers in profile.matchers.items()
    }
    scopes = {
        field: value if _NAMES_NOBODY.fullmatch(value) else f"#{digest(value.encode())[:20]}"
        for field in profile.scopes
        if (value := signal.dimensions.get(field, ""))
    }
    return {field: word for field, word in {**words, **scopes}.items() if word}


_NAMES_NOBODY = re.compile(rf"{INSTANCE_ID}|[0-9a-f]{{16}}")
"""An instance's id, or the keyed hash of a user (`sources.user.pseudonym`)."""


def _matched_word(value: str, matchers: tuple[Matcher, ...]) -> str:
    for matcher in matchers:
        if matches(value, matcher):
            return matcher.prefix if isinstance(matcher, Prefix) else value
    return ""
