"""What a login provider says about a person, read within bounds: too much of it is refused, never cut."""

from collections.abc import Mapping
from datetime import datetime

from adapters.identity.compact import Compact
from adapters.identity.tokens import time_of
from domain.actor import CLAIMS_MAX, METHODS_MAX
from domain.errors import CredentialRefused, MalformedValue
from domain.names import NAME_LENGTH_MAX

GROUPS_MAX = CLAIMS_MAX
"""All of them are recorded with whatever the person does."""
GROUP_LENGTH_MAX = NAME_LENGTH_MAX
SID_LENGTH_MAX = 255
_NAMES = ("name", "preferred_username")


def name_of(*told: Mapping[str, object]) -> str | None:
    """Return what the person is called, by the first of *told* that says so."""
    for claims in told:
        for each in _NAMES:
            value = claims.get(each)
            if isinstance(value, str) and value.strip():
                return value
    return None


def groups_of(claim: str, *told: Mapping[str, object]) -> tuple[str, ...]:
    """Return the groups in *claim* of the first of *told* that has it, in order; none when none has.

    Raises `CredentialRefused` for what is no list of names, `MalformedValue` for more than `GROUPS_MAX`.
    """
    value = next((claims[claim] for claims in told if claim in claims), [])
    listed = [value] if isinstance(value, str) else value
    if not isinstance(listed, list) or not all(isinstance(each, str) for each in listed):
        raise CredentialRefused(f"{claim} is {repr(value)[:80]}, expected a list of names")
    groups = tuple(sorted(set(listed)))
    if len(groups) > GROUPS_MAX:
        raise MalformedValue(
            f"the login provider names {len(groups)} groups that you are in, at most {GROUPS_MAX} are read:"
            " have it send those alone that matter here"
        )
    for each in groups:
        if not each.strip() or len(each) > GROUP_LENGTH_MAX or not each.isprintable():
            raise CredentialRefused(f"{claim} has {each[:80]!r}, which is not the name of a group")
    return groups


def auth_time_of(token: Compact) -> datetime | None:
    """Return when the person last proved who they are, if the provider says so."""
    return None if "auth_time" not in token.claims else time_of(token, "auth_time")


def acr_of(token: Compact) -> str | None:
    """Return what that proof is worth, in the provider's words."""
    return None if "acr" not in token.claims else _short(token.claims["acr"], "acr")


def amr_of(token: Compact) -> tuple[str, ...] | None:
    """Return by what it was given."""
    told = token.claims.get("amr", [])
    if not isinstance(told, list) or len(told) > METHODS_MAX:
        raise CredentialRefused(f"amr is {repr(told)[:80]}, expected a list of at most {METHODS_MAX} texts")
    return tuple(sorted({_short(each, "amr") for each in told})) or None


def sid_of(token: Compact) -> str | None:
    """Return what the provider calls its session with the person."""
    return None if "sid" not in token.claims else _short(token.claims["sid"], "sid", SID_LENGTH_MAX)


def _short(value: object, what: str, length_max: int = NAME_LENGTH_MAX) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= length_max or not value.isprintable():
        raise CredentialRefused(f"{what} is {repr(value)[:80]}, expected a text of 1 to {length_max}")
    return value
