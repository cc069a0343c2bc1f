"""Redaction: no text that leaves the account names a user, an account or a secret.

Free text (an error's, a person's reason, a service's answer) passes `redact` before it enters a
page, a notice or a report. What looks personal or secret is replaced by its kind; false positives
are preferred. firstline's own digests and tokens are separate fields, never part of free text.
"""

import re
from typing import NamedTuple

LENGTH_MAX = 500
"""Characters of one text that are kept."""
ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"
UNPRINTABLE = "\N{REPLACEMENT CHARACTER}"

_GUID = r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"


class _Rule(NamedTuple):
    """A pattern of something personal or secret, and its replacement.

    Searching is the most expensive part of sending a page, and most texts match nothing. A
    match has at least *length_min* characters and contains one of *words* in any case; a rule
    without words needs a `_RUN`.
    """

    pattern: re.Pattern[str]
    replacement: str
    length_min: int
    words: tuple[str, ...]


def _rule(pattern: str, replacement: str, length_min: int, *words: str) -> _Rule:
    return _Rule(re.compile(pattern), replacement, length_min, words or ("",))


_RULES = (
    # a JSON Web Token, and a value after a word for a secret
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
    # Base64 longer than any word: letters of both cases and digits, mixed
    _rule(
        r"(?<![\w+/-])(?=[\w+/-]*[0-9])(?=[\w+/-]*[a-z])(?=[\w+/-]*[A-Z])"
        r"[A-Za-z0-9+/_]{32,}={0,2}(?![\w+/-])",
        "[token]",
        32,
    ),
)

_WORDS = tuple(word for rule in _RULES for word in rule.words if word)
_RUN = re.compile(r"[0-9]{12}|\S{32}")


def redact(text: str, length_max: int = LENGTH_MAX) -> str:
    """*text* in one line of at most *length_max* characters, without personal or secret parts.

    A control character, or one that changes the direction of writing, becomes U+FFFD. Of a very
    long text only the beginning is read, up to the end of a word, so that no half of a secret
    remains.

    >>> redact("arn:aws:sns:us-east-1:111122223333:team")
    'arn:aws:sns:us-east-1:[account]:team'
    """
    kept = text if len(text) <= 8 * length_max else re.sub(r"\S*\Z", "", text[: 8 * length_max])
    if not kept.isprintable():
        kept = "".join(each if each.isprintable() else _blank(each) for each in kept)
    lower = _lower(kept)
    if _has_one(lower, _WORDS) or _RUN.search(kept):
        kept = _applied(kept, lower)
    return kept if len(kept) <= length_max else kept[: length_max - 1].rstrip() + ELLIPSIS


def _applied(text: str, lower: str | None) -> str:
    """*text* after every rule, in order."""
    for pattern, replacement, length_min, words in _RULES:
        if len(text) >= length_min and _has_one(lower, words):
            text, times = pattern.subn(replacement, text)
            lower = _lower(text) if times else lower
    return text


def _lower(text: str) -> str | None:
    """*text* in lower case; None beyond ASCII, where another letter may fold to ``s`` or ``k``."""
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
