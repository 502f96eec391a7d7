"""in-toto layouts, verified in memory at an instant that is given.

The library's own `in_toto_verify` runs the commands of a layout, reads files and asks the wall clock; only
its judgement of rules is used here. Steps (in-toto specification v0.9, section 5.2), labelled in the code:

1. every owner signed the layout;
2. it has not expired;
3. it is one that can be judged safely: no inspection, no key under two names, rules that leave no gap;
4. each link is by a key that may do its step; others are dropped, so that nobody can spoil a step with noise;
5. as many keys as each step demands, all saying the same;
6. what each step took and left fits the rules;
7. the last step left what is asked about.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ed25519
from in_toto import verifylib  # type: ignore[import-untyped] # it ships no types
from in_toto.exceptions import RuleVerificationError  # type: ignore[import-untyped] # it ships no types
from in_toto.models.layout import Layout  # type: ignore[import-untyped] # it ships no types
from in_toto.models.link import Link  # type: ignore[import-untyped] # it ships no types
from securesystemslib.exceptions import Error as FormatRefusal

from adapters.evidence import pinned, reading, signatures
from adapters.evidence.facts import Facts
from adapters.evidence.pieces import IN_TOTO, Envelope, Metablock, Piece
from domain import instant, json_text
from domain.digest import Digest
from domain.errors import MalformedValue
from domain.evidence import LINKS_MAX, STEPS_MAX, EvidenceRefused, Reason
from domain.evidence_port import PinnedKey
from domain.supply_chain import LayoutHeld, Products, StepDone

_LAST = ["DISALLOW", "*"]
_HEX_KEY = re.compile(r"[0-9a-f]{64}", re.ASCII)
_Links = dict[str, dict[str, tuple[Facts, dict[str, Any]]]]
"""By step, by key id: who signed, and the link."""


class InTotoLayouts:
    """Implements `LayoutVerifier`."""

    def verify_layout(
        self,
        layout: bytes,
        owners: Sequence[PinnedKey],
        links: Sequence[bytes],
        *,
        products: Products | None = None,
        at: datetime,
    ) -> LayoutHeld:
        """See `LayoutVerifier.verify_layout`."""
        try:
            return _verified(layout, owners, links, products, at)
        except RuleVerificationError as wrong:
            words = " ".join(str(wrong).split())[:300]
            raise EvidenceRefused(Reason.LAYOUT_NOT_HELD, words) from wrong
        except EvidenceRefused:
            raise
        except Exception as wrong:
            words = f"{type(wrong).__name__}: {' '.join(str(wrong).split())[:200]}"
            raise EvidenceRefused(Reason.NOT_VERIFIED, words) from wrong


def _verified(
    content: bytes,
    owners: Sequence[PinnedKey],
    contents: Sequence[bytes],
    products: Products | None,
    at: datetime,
) -> LayoutHeld:
    signed_by = _signed_by_all(_envelope(content), owners, at)  # 1
    document = _document(_envelope(content))
    layout = _model(Layout, document, "layout")
    expires = _check_in_time(layout, at)  # 2
    keys = _check_safe(layout)  # 3
    found = _links(layout, keys, contents, at)  # 4
    reduced = {step.name: _agreed(step, found[step.name]) for step in layout.steps}  # 5
    verifylib.verify_all_item_rules(layout.steps, reduced)  # 6
    left: Products = reduced[layout.steps[-1].name].products
    if products is not None and left != products:  # 7
        raise EvidenceRefused(Reason.LAYOUT_NOT_HELD, "the last step left something else than is asked about")
    return LayoutHeld(
        layout=signed_by[0].identity.signed,
        owners=tuple(each.root for each in signed_by),
        at=at,
        expires=expires,
        steps=tuple(_done(step, found[step.name]) for step in layout.steps),
        products=tuple((name, tuple(sorted(digests.items()))) for name, digests in sorted(left.items())),
    )


def _envelope(content: bytes) -> Envelope | Metablock:
    match reading.read(content):
        case (Piece(content=Envelope() | Metablock() as found),):
            return found
        case _:
            raise EvidenceRefused(Reason.UNKNOWN_FORMAT, "neither one envelope nor one metablock")


def _document(envelope: Envelope | Metablock) -> dict[str, Any]:
    """Return the signed object; call only once a signature over it is verified."""
    if isinstance(envelope, Metablock):
        return dict(envelope.signed)
    document = json_text.read(envelope.payload)
    if envelope.payload_type != IN_TOTO or not isinstance(document, dict):
        raise EvidenceRefused(Reason.MALFORMED, "the signed payload is no in-toto object")
    return document


def _model(kind: type[Any], document: Mapping[str, Any], name: str) -> Any:
    if document.get("_type") != name:
        said = str(document.get("_type"))[:40]
        raise EvidenceRefused(Reason.MALFORMED, f"an in-toto {said!r} where a {name} is expected")
    try:
        return kind.read(dict(document))
    except (FormatRefusal, KeyError, TypeError, ValueError) as wrong:
        raise EvidenceRefused(Reason.MALFORMED, f"not the form of a {name}: {wrong}"[:200]) from wrong


def _signed_by_all(layout: Envelope | Metablock, owners: Sequence[PinnedKey], at: datetime) -> list[Facts]:
    if not owners:
        raise EvidenceRefused(Reason.NO_ANCHOR, "no owner's key was given for the layout")
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
        raise EvidenceRefused(Reason.LAYOUT_EXPIRED, f"the layout expired at {expires}, asked about {at}")
    return expires


def _check_safe(layout: Any) -> dict[str, PinnedKey]:
    """Return the keys of the functionaries, by the layout's own ids for them."""
    names = [step.name for step in layout.steps]
    if layout.inspect:
        raise _unsafe("an inspection, which is a command to run")
    if not names or len(names) > STEPS_MAX or len(layout.keys) > STEPS_MAX or len(set(names)) != len(names):
        raise _unsafe(
            f"{len(names)} steps and {len(layout.keys)} keys, at most {STEPS_MAX} of each, all named apart"
        )
    keys = {key_id: PinnedKey(_public(key), key_id=key_id) for key_id, key in layout.keys.items()}
    if len({signatures.der(signatures.load(each.public_key)) for each in keys.values()}) != len(keys):
        raise _unsafe("the same key under two ids, which could count twice")
    for step in layout.steps:
        if not 1 <= step.threshold <= len(set(step.pubkeys)) or not set(step.pubkeys) <= keys.keys():
            raise _unsafe(f"step {step.name!r} demands {step.threshold} of {len(set(step.pubkeys))} keys")
        for rules in (step.expected_materials, step.expected_products):
            _check_closed(step.name, rules)
    return keys


def _check_closed(step: str, rules: Sequence[Sequence[str]]) -> None:
    """Refuse rules that let something pass unseen.

    What no rule speaks about is allowed, and REQUIRE looks only at what earlier rules have left over.
    """
    upper = [[rule[0].upper(), *rule[1:]] for rule in rules]
    if not upper or upper[-1] != _LAST:
        raise _unsafe(f"rules of step {step!r} that do not end in DISALLOW *")
    kinds = [rule[0] for rule in upper]
    if "REQUIRE" in kinds[kinds.count("REQUIRE") :]:
        raise _unsafe(f"a REQUIRE of step {step!r} that does not come before all other rules")


def _public(key: Mapping[str, Any]) -> bytes:
    value = str(key["keyval"].get("public", ""))
    if key.get("keytype") == "ed25519" and _HEX_KEY.fullmatch(value):
        return signatures.der(ed25519.Ed25519PublicKey.from_public_bytes(bytes.fromhex(value)))
    return value.encode()


def _links(layout: Any, keys: Mapping[str, PinnedKey], contents: Sequence[bytes], at: datetime) -> _Links:
    if len(contents) > LINKS_MAX:
        raise EvidenceRefused(Reason.TOO_MANY, f"{len(contents)} links, at most {LINKS_MAX}")
    found: _Links = {step.name: {} for step in layout.steps}
    for content in contents:
        envelope = _envelope(content)
        document = _document(envelope)
        if document.get("_type") == "layout":
            raise _unsafe("another layout in the place of a link")
        for step in (each for each in layout.steps if each.name == document.get("name")):
            of_step = found[step.name]
            for key_id, facts in _signed_by([keys[k] for k in step.pubkeys], envelope, at):
                earlier = of_step.get(key_id)
                if earlier is not None and earlier[0].identity.signed != facts.identity.signed:
                    words = f"two links for step {step.name!r} by one key say different things"
                    raise EvidenceRefused(Reason.LAYOUT_NOT_HELD, words)
                of_step[key_id] = (facts, document)
    return found


def _signed_by(
    keys: Sequence[PinnedKey], link: Envelope | Metablock, at: datetime
) -> Iterator[tuple[str, Facts]]:
    for key in keys:
        with suppress(EvidenceRefused):
            yield str(key.key_id), pinned.verify(key, link, log=None, at=at)


def _agreed(step: Any, links: Mapping[str, tuple[Facts, dict[str, Any]]]) -> Any:
    """Return the link that everybody who did *step* signed; raises `EvidenceRefused`.

    The library lets them disagree where one would have sufficed, and takes whichever comes first.
    """
    if len(links) < step.threshold:
        words = f"step {step.name!r} has {len(links)} of the {step.threshold} links it needs"
        raise EvidenceRefused(Reason.LAYOUT_NOT_HELD, words)
    first, *others = (_model(Link, link, "link") for _, link in links.values())
    for other in others:
        if (other.materials, other.products) != (first.materials, first.products):
            words = f"those who did step {step.name!r} disagree on what it took or left"
            raise EvidenceRefused(Reason.LAYOUT_NOT_HELD, words)
    return first


def _done(step: Any, links: Mapping[str, tuple[Facts, dict[str, Any]]]) -> StepDone:
    by: list[Digest] = [facts.root for facts, _ in links.values()]
    signed = [facts.identity.signed for facts, _ in links.values()]
    expected = step.expected_command
    as_expected = all(not expected or link.get("command") == expected for _, link in links.values())
    return StepDone(step.name, tuple(by), tuple(signed), as_expected)


def _unsafe(what: str) -> EvidenceRefused:
    return EvidenceRefused(Reason.LAYOUT_UNSAFE, f"the layout has {what}")
