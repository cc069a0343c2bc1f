"""Redaction: what leaves the account names no user, no account and no secret.

A text of free form (an error's, a person's reason, what a service answered) goes through `redact`
on its way into a page, a notice or a report. What is taken for personal or secret is replaced by
what it was; it is taken too often rather than too seldom. Our own digests and tokens are fields of
their own, and are never part of a free text.
"""

import re

CUT = 500
"""As many characters of one text are told."""
ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"
UNPRINTABLE = "\N{REPLACEMENT CHARACTER}"

_GUID = r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"
_REPLACED: tuple[tuple[re.Pattern[str], str], ...] = (
    # a JSON Web Token, and what follows a word that announces a secret
    (re.compile(r"\beyJ[\w-]{4,}(?:\.[\w-]*){0,2}"), "[token]"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{6,}"), r"\1 [token]"),
    (
        re.compile(
            r"(?i)\b((?:[a-z]+[_-])*(?:password|passwd|secret|token|api[_-]?key|credential|pin)s?)"
            r"""(["']?\s*[=:]\s*)["']?[^\s"',;]+["']?"""
        ),
        r"\1\2[secret]",
    ),
    (re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"), "[access key]"),
    (re.compile(r"[\w.+%-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+"), "[mail]"),
    (re.compile(r"\b(?:OwnerSpace|MessageSpace|_INBOX)\.[\w.$*>-]+"), "[subject]"),
    (re.compile(_GUID), "[guid]"),
    (re.compile(r"(arn:aws[\w-]*:[\w-]*:[\w-]*:)[0-9]{12}(?=[:/]|\b)"), r"\1[account]"),
    (re.compile(r"(?<![\w-])[0-9]{12}(?![\w-])"), "[account]"),
    (re.compile(r"(?<![0-9A-Za-z])[0-9A-Fa-f]{32,}(?![0-9A-Za-z])"), "[hex]"),
    # Base64 of a length that no word has: letters of both cases and digits, mixed
    (
        re.compile(
            r"(?<![\w+/-])(?=[\w+/-]*[0-9])(?=[\w+/-]*[a-z])(?=[\w+/-]*[A-Z])"
            r"[A-Za-z0-9+/_]{32,}={0,2}(?![\w+/-])"
        ),
        "[token]",
    ),
)


def redact(text: str, cut: int = CUT) -> str:
    """*text* in one line of at most *cut* characters, without what is personal or secret.

    A control character, or one that turns the direction of writing, becomes U+FFFD. Of a very long
    text only the beginning is read, to the end of a word, so that no half of a secret is left.
    """
    read = text if len(text) <= 8 * cut else re.sub(r"\S*\Z", "", text[: 8 * cut])
    found = "".join(each if each.isprintable() else _blank(each) for each in read)
    for pattern, instead in _REPLACED:
        found = pattern.sub(instead, found)
    return found if len(found) <= cut else found[: cut - 1].rstrip() + ELLIPSIS


def _blank(character: str) -> str:
    return " " if character.isspace() else UNPRINTABLE
