"""Redaction: what leaves the account names no user, no account and no secret.

A text of free form (an error's, a person's reason, what a service answered) goes through `redact`
on its way into a page, a notice or a report. What is taken for personal or secret is replaced by
what it was; it is taken too often rather than too seldom. Our own digests and tokens are fields of
their own, and are never part of a free text.
"""

import re
from typing import NamedTuple

CUT = 500
"""As many characters of one text are told."""
ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"
UNPRINTABLE = "\N{REPLACEMENT CHARACTER}"

_GUID = r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"


class _Rule(NamedTuple):
    """What is taken for personal or secret, and what is put there instead.

    To search costs more than all else that a page waits for, and most texts hold none of it: what
    fits has at least *shortest* characters, and one of *words* in it, in any case; where a rule has
    no words, a `_RUN`.
    """

    pattern: re.Pattern[str]
    instead: str
    shortest: int
    words: tuple[str, ...]


def _rule(pattern: str, instead: str, shortest: int, *words: str) -> _Rule:
    return _Rule(re.compile(pattern), instead, shortest, words or ("",))


_RULES = (
    # a JSON Web Token, and what follows a word that announces a secret
    _rule(r"\beyJ[\w-]{4,}(?:\.[\w-]*){0,2}", "[token]", 7, "eyj"),
    _rule(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{6,}", r"\1 [token]", 12, "bearer", "basic"),
    _rule(
        r"(?i)\b((?:[a-z]+[_-])*(?:password|passwd|secret|token|api[_-]?key|credential|pin)s?)"
        r"""(["']?\s*[=:]\s*)["']?[^\s"',;]+["']?""",
        r"\1\2[secret]",
        5,
        *("passw", "secret", "token", "key", "credential", "pin"),
    ),
    _rule(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b", "[access key]", 20, "akia", "asia"),
    _rule(r"[\w.+%-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+", "[mail]", 5, "@"),
    _rule(r"\b(?:OwnerSpace|MessageSpace|_INBOX)\.[\w.$*>-]+", "[subject]", 8, "space.", "_inbox."),
    _rule(_GUID, "[guid]", 36),
    _rule(r"(arn:aws[\w-]*:[\w-]*:[\w-]*:)[0-9]{12}(?=[:/]|\b)", r"\1[account]", 22),
    _rule(r"(?<![\w-])[0-9]{12}(?![\w-])", "[account]", 12),
    _rule(r"(?<![0-9A-Za-z])[0-9A-Fa-f]{32,}(?![0-9A-Za-z])", "[hex]", 32),
    # Base64 of a length that no word has: letters of both cases and digits, mixed
    _rule(
        r"(?<![\w+/-])(?=[\w+/-]*[0-9])(?=[\w+/-]*[a-z])(?=[\w+/-]*[A-Z])"
        r"[A-Za-z0-9+/_]{32,}={0,2}(?![\w+/-])",
        "[token]",
        32,
    ),
)

_WORDS = tuple(word for rule in _RULES for word in rule.words if word)
_RUN = re.compile(r"[0-9]{12}|\S{32}")


def redact(text: str, cut: int = CUT) -> str:
    """*text* in one line of at most *cut* characters, without what is personal or secret.

    A control character, or one that turns the direction of writing, becomes U+FFFD. Of a very long
    text only the beginning is read, to the end of a word, so that no half of a secret is left.
    """
    found = text if len(text) <= 8 * cut else re.sub(r"\S*\Z", "", text[: 8 * cut])
    if not found.isprintable():
        found = "".join(each if each.isprintable() else _blank(each) for each in found)
    lower = _lower(found)
    if _has_one(lower, _WORDS) or _RUN.search(found):
        found = _applied(found, lower)
    return found if len(found) <= cut else found[: cut - 1].rstrip() + ELLIPSIS


def _applied(found: str, lower: str | None) -> str:
    """What the rules leave of *found*, one after the other."""
    for pattern, instead, shortest, words in _RULES:
        if len(found) >= shortest and _has_one(lower, words):
            found, times = pattern.subn(instead, found)
            lower = _lower(found) if times else lower
    return found


def _lower(text: str) -> str | None:
    """In lower case; None beyond ASCII, where a letter may be an ``s`` or a ``k`` unseen."""
    return text.lower() if text.isascii() else None


def _has_one(lower: str | None, words: tuple[str, ...]) -> bool:
    if lower is None:
        return True
    for word in words:  # noqa: SIM110 - any() over a generator takes three times as long
        if word in lower:
            return True
    return False


def _blank(character: str) -> str:
    return " " if character.isspace() else UNPRINTABLE
