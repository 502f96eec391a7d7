"""Names people choose: bounded, printable, and each with exactly one spelling."""

import re

from domain.errors import MalformedValue, SecretInClear

KEY_LENGTH_MAX = 100
NAME_LENGTH_MAX = 200
LINE_LENGTH_MAX = 1000

_KEY = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}", re.ASCII)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/+@=-]{0,199}", re.ASCII)
_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?", re.ASCII)

_CREDENTIALS = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----|AKIA(?<=\bAKIA)[0-9A-Z]{16}\b|gh[pousr]_(?<=\bgh._)[A-Za-z0-9]{36}"
    r"|github_pat_(?<=\bgithub_pat_)\w{22,}|glpat-(?<=\bglpat-)[\w-]{20}|xox[abprs]-(?<=\bxox.-)[\w-]{10,}"
    r"|sk_live_(?<=\bsk_live_)[0-9a-zA-Z]{24}|://[^/\s:@]+:[^/\s:@]+@"
)
"""Shapes that issuers publish for secret scanners, and a password inside a URL.

Each begins with what it is looked for by, and only then looks back for the start of a word: the search
skips to the next such beginning, and is ten times as fast as with the boundary in front.
"""


def key(text: str, what: str) -> str:
    """Return *text* when it can name a service, an environment or a slot.

    1 to 100 of a-z, 0-9, `.`, `_`, `-`, starting with a letter or digit. Upper
    case is refused: `Prod` and `prod` must not become two environments.
    """
    if _KEY.fullmatch(text) is None:
        raise MalformedValue(
            f"not a {what}: {text[:120]!r}, expected 1 to {KEY_LENGTH_MAX} of a-z 0-9 . _ -"
            " starting with a letter or digit"
        )
    return text


def name(text: str, what: str) -> str:
    """Return *text* when it can name a build or a deployment: 1 to 200 of letters, digits, `._:/+@=-`."""
    if _NAME.fullmatch(text) is None:
        raise MalformedValue(
            f"not a {what}: {text[:220]!r}, expected 1 to {NAME_LENGTH_MAX} of A-Z a-z 0-9"
            " . _ : / + @ = - starting with a letter or digit"
        )
    return text


def line(text: str, what: str, *, length_max: int = LINE_LENGTH_MAX) -> str:
    """Return *text* when it is one line meant for people: not blank, no control characters, no credential."""
    if not text.strip():
        raise MalformedValue(f"empty {what}: give a value or leave it out")
    if len(text) > length_max:
        raise MalformedValue(f"{what} too long: {len(text)} characters, at most {length_max}")
    if not text.isprintable():
        raise MalformedValue(f"{what} has a control character or an unpaired surrogate: {text[:60]!r}")
    if holds_credential(text):
        raise SecretInClear(f"{what} holds what looks like a credential; leave that out")
    return text


def holds_credential(text: str) -> bool:
    """Whether *text* has a part that has the shape of a credential."""
    return _CREDENTIALS.search(text) is not None


def commit(text: str) -> str:
    """Return *text* when it is a full Git object name: 40 or 64 lower-case hex digits."""
    if _COMMIT.fullmatch(text) is None:
        raise MalformedValue(f"not a commit: {text[:80]!r}, expected 40 or 64 lower-case hex digits")
    return text
