"""DSSE envelopes, and in-toto's metablocks from before them.

Source: secure-systems-lab/dsse v1.0, envelope.md; in-toto specification v0.9, section 4.2. Outside a bundle
either base64 alphabet may be used, and fields that are not known are ignored, as both say.
"""

import re

from adapters.evidence.fields import Fields
from adapters.evidence.pieces import Envelope, Metablock, Signature
from domain.evidence import SIGNATURES_MAX, EvidenceRefused, Reason

_HEX = re.compile(r"(?:[0-9a-f]{2})+", re.ASCII)


def envelope(document: object, *, strict: bool) -> Envelope:
    """Return the envelope that *document* is; raises `EvidenceRefused`."""
    outer = Fields(document, "envelope", ("payload", "payloadType", "signatures") if strict else None)
    listed = outer.list("signatures", count_max=SIGNATURES_MAX)
    if not listed:
        raise EvidenceRefused(Reason.MALFORMED, "an envelope without a signature")
    return Envelope(
        payload_type=outer.text("payloadType"),
        payload=outer.bytes("payload", url_safe=not strict),
        signatures=tuple(_signature(each, strict=strict) for each in listed),
    )


def metablock(document: object) -> Metablock:
    """Return the metablock that *document* is; raises `EvidenceRefused`."""
    outer = Fields(document, "metablock", ("signed", "signatures"))
    listed = outer.list("signatures", count_max=SIGNATURES_MAX)
    if not listed:
        raise EvidenceRefused(Reason.MALFORMED, "a metablock without a signature")
    return Metablock(outer.child("signed", None).value, tuple(map(_hex_signature, listed)))


def _signature(document: object, *, strict: bool) -> Signature:
    said = Fields(document, "signature", ("sig", "keyid") if strict else None)
    certificate = said.has("cert") or said.has("certificate")
    return Signature(said.bytes("sig", url_safe=not strict), said.optional_text("keyid"), certificate)


def _hex_signature(document: object) -> Signature:
    said = Fields(document, "signature", None)
    value = said.text("sig")
    if not _HEX.fullmatch(value):
        raise EvidenceRefused(Reason.MALFORMED, "a signature is not written in lower-case hex")
    return Signature(bytes.fromhex(value), said.optional_text("keyid"), bool(said.optional_text("cert")))
