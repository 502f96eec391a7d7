"""Reading a layout: that its owners signed it, that it is in time, and that it can be judged safely.

The numbers are those of `adapters.evidence.layouts`.
"""

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ed25519
from in_toto.models.layout import Layout  # type: ignore[import-untyped] # it ships no types
from securesystemslib.exceptions import Error as FormatRefusal

from adapters.evidence import pinned, reading, signatures
from adapters.evidence.facts import Facts
from adapters.evidence.pieces import IN_TOTO, Envelope, Metablock, Piece
from domain import instant, json_text
from domain.digest import Digest
from domain.errors import MalformedValue
from domain.evidence import STEPS_MAX, EvidenceRefused, Reason
from domain.evidence_port import PinnedKey

_LAST = ["DISALLOW", "*"]
_HEX_KEY = re.compile(r"[0-9a-f]{64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class LaidOut:
    """A layout that was signed, is in time, and can be judged safely."""

    signed: Digest
    owners: tuple[Digest, ...]
    at: datetime
    expires: datetime
    steps: Sequence[Any]
    """As the library reads them."""
    keys: Mapping[str, PinnedKey]
    """Of those who may do steps, by the layout's own ids for them."""


def read(content: bytes, owners: Sequence[PinnedKey], *, at: datetime, one_owner: bool) -> LaidOut:
    """Return the layout in *content*; raises `EvidenceRefused`."""
    match reading.read(content):
        case (Piece(content=Envelope() | Metablock() as envelope),):
            pass
        case _:
            raise EvidenceRefused(Reason.UNKNOWN_FORMAT, "neither one envelope nor one metablock")
    signed_by = _signed_by(envelope, owners, at, one_owner=one_owner)  # 1
    layout = model(Layout, document(envelope), "layout")
    expires = _check_in_time(layout, at)  # 2
    keys = _check_safe(layout)  # 3
    signed, names = signed_by[0].identity.signed, tuple(each.root for each in signed_by)
    return LaidOut(signed, names, at, expires, layout.steps, keys)


def document(envelope: Envelope | Metablock) -> dict[str, Any]:
    """Return the object in *envelope*, which is nobody's word before a signature over it is verified."""
    if isinstance(envelope, Metablock):
        return dict(envelope.signed)
    found = json_text.read(envelope.payload)
    if envelope.payload_type != IN_TOTO or not isinstance(found, dict):
        raise EvidenceRefused(Reason.MALFORMED, "the signed payload is no in-toto object")
    return found


def model(kind: type[Any], said: Mapping[str, Any], name: str) -> Any:
    """Return what the library makes of what was *said*; raises `EvidenceRefused`."""
    if said.get("_type") != name:
        words = f"an in-toto {str(said.get('_type'))[:40]!r} where a {name} is expected"
        raise EvidenceRefused(Reason.MALFORMED, words)
    try:
        return kind.read(dict(said))
    except (FormatRefusal, AttributeError, KeyError, TypeError, ValueError) as wrong:
        raise EvidenceRefused(Reason.MALFORMED, f"not the form of a {name}: {wrong}"[:200]) from wrong


def unsafe(what: str) -> EvidenceRefused:
    """Return the refusal of a layout that has *what*."""
    return EvidenceRefused(Reason.LAYOUT_UNSAFE, f"the layout has {what}")


def _signed_by(
    layout: Envelope | Metablock, owners: Sequence[PinnedKey], at: datetime, *, one_owner: bool
) -> list[Facts]:
    if not owners:
        raise EvidenceRefused(Reason.NO_ANCHOR, "no owner's key was given for the layout")
    found: list[Facts] = []
    if one_owner:
        for owner in owners:
            with suppress(EvidenceRefused):
                found.append(pinned.verify(owner, layout, log=None, at=at))
    if not found:
        found = [pinned.verify(owner, layout, log=None, at=at) for owner in owners]
    if len({each.root for each in found}) != len(found):
        raise EvidenceRefused(Reason.LAYOUT_UNSAFE, "the same owner's key twice")
    return found


def _check_in_time(layout: Any, at: datetime) -> datetime:
    try:
        expires = instant.parse(layout.expires)
    except MalformedValue as wrong:
        raise EvidenceRefused(Reason.MALFORMED, f"the layout's expiry: {wrong}") from wrong
    if at >= expires:
        words = f"the layout expired at {instant.text(expires)}, asked about {instant.text(at)}"
        raise EvidenceRefused(Reason.LAYOUT_EXPIRED, words)
    return expires


def _check_safe(layout: Any) -> dict[str, PinnedKey]:
    """Return the keys of the functionaries, by the layout's own ids for them."""
    names = [step.name for step in layout.steps]
    if layout.inspect:
        raise unsafe("an inspection, which is a command to run")
    if not names or len(names) > STEPS_MAX or len(layout.keys) > STEPS_MAX or len(set(names)) != len(names):
        raise unsafe(
            f"{len(names)} steps and {len(layout.keys)} keys, at most {STEPS_MAX} of each, all named apart"
        )
    keys = {key_id: PinnedKey(_public(key), key_id=key_id) for key_id, key in layout.keys.items()}
    if len({fingerprint(each) for each in keys.values()}) != len(keys):
        raise unsafe("the same key under two ids, which could count twice")
    for step in layout.steps:
        if not 1 <= step.threshold <= len(set(step.pubkeys)) or not set(step.pubkeys) <= keys.keys():
            raise unsafe(f"step {step.name!r} demands {step.threshold} of {len(set(step.pubkeys))} keys")
        for rules in (step.expected_materials, step.expected_products):
            _check_closed(step.name, rules)
    return keys


def fingerprint(key: PinnedKey) -> Digest:
    """Return how verifications name *key*."""
    return Digest.of(signatures.der(signatures.load(key.public_key)))


def _check_closed(step: str, rules: Sequence[Sequence[str]]) -> None:
    """Refuse rules that let something pass unseen.

    What no rule speaks about is allowed, and REQUIRE looks only at what earlier rules have left over.
    """
    upper = [[rule[0].upper(), *rule[1:]] for rule in rules]
    if not upper or upper[-1] != _LAST:
        raise unsafe(f"rules of step {step!r} that do not end in DISALLOW *")
    kinds = [rule[0] for rule in upper]
    if "REQUIRE" in kinds[kinds.count("REQUIRE") :]:
        raise unsafe(f"a REQUIRE of step {step!r} that does not come before all other rules")


def _public(key: Mapping[str, Any]) -> bytes:
    value = str(key["keyval"].get("public", ""))
    if key.get("keytype") == "ed25519" and _HEX_KEY.fullmatch(value):
        return signatures.der(ed25519.Ed25519PublicKey.from_public_bytes(bytes.fromhex(value)))
    return value.encode()
