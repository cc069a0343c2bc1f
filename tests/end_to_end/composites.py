"""Composite alarms: whether a deployed rule is true of its alarms' states."""

import re
from collections.abc import Iterator

_TOKEN = re.compile(r'\s*(?:(ALARM)\("([^"]+)"\)|(AND|OR|NOT)\b|([()]))')


def holds(rule: str, states: dict[str, str]) -> bool:
    """Whether a composite alarm's *rule* is true of the *states*, by ARN; no other is in ALARM."""
    tokens = iter(_tokens(rule, states))
    return bool(_either(_Ahead(tokens)))


def _tokens(rule: str, states: dict[str, str]) -> Iterator[str | bool]:
    at = 0
    while at < len(rule.rstrip()):
        found = _TOKEN.match(rule, at)
        assert found is not None, rule[at:]
        at = found.end()
        alarm, arn, word, bracket = found.groups()
        yield states.get(arn) == "ALARM" if alarm else word or bracket


class _Ahead:
    """Tokens, of which the next can be looked at."""

    def __init__(self, tokens: Iterator[str | bool]) -> None:
        self._tokens = tokens
        self.next = next(tokens, None)

    def take(self) -> str | bool | None:
        taken, self.next = self.next, next(self._tokens, None)
        return taken


def _either(tokens: _Ahead) -> bool:
    value = _both(tokens)
    while tokens.next == "OR":
        tokens.take()
        value = _both(tokens) or value
    return value


def _both(tokens: _Ahead) -> bool:
    value = _one(tokens)
    while tokens.next == "AND":
        tokens.take()
        value = _one(tokens) and value
    return value


def _one(tokens: _Ahead) -> bool:
    taken = tokens.take()
    if taken == "NOT":
        return not _one(tokens)
    if taken == "(":
        value = _either(tokens)
        assert tokens.take() == ")"
        return value
    assert isinstance(taken, bool), taken
    return taken
