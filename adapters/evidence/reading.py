"""From the bytes of a file to its signed pieces.

The form is recognised by the fields that only it has; nothing is tried until it fits. What stands around
the pieces (a registry's labels, Google's plain copy of a statement) is not signed and not read, except for
npm's label of the predicate type, which must not lie.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from adapters.evidence.bundles import bundle
from adapters.evidence.envelopes import envelope, metablock
from adapters.evidence.fields import Fields
from adapters.evidence.pieces import IN_TOTO, Piece, Unread
from domain import json_text
from domain.evidence import CHECKS_MAX, PIECES_MAX, EvidenceRefused, Format, Reason

_BUNDLES = "application/vnd.dev.sigstore.bundle"
_V0_3 = f"{_BUNDLES}.v0.3+json"


def read(content: bytes) -> tuple[Piece | Unread, ...]:
    """Return the pieces of the file *content*, or why one is none; raises `EvidenceRefused` for the whole."""
    return pieces(documents(content))


def pieces(documents: Iterable[object]) -> tuple[Piece | Unread, ...]:
    """Return the pieces of the file that holds *documents*; see `read`."""
    found: list[Piece | Unread] = []
    for document in documents:
        found += _pieces(document)
        if len(found) > PIECES_MAX:
            raise EvidenceRefused(Reason.TOO_MANY, f"more than {PIECES_MAX} pieces in one file")
    checks = sum(each.checks for each in found if isinstance(each, Piece))
    if checks > CHECKS_MAX:
        words = f"{checks} signatures, log entries and timestamps in one file, at most {CHECKS_MAX}"
        raise EvidenceRefused(Reason.TOO_MANY, words)
    if not found:
        raise EvidenceRefused(Reason.MALFORMED, "the file holds no evidence")
    return tuple(found)


def documents(content: bytes) -> Iterable[object]:
    """Return the one document, or the document of each line when there are several lines of JSON.

    Raises `EvidenceRefused`, of a line when it is its turn.
    """
    try:
        return (json_text.read(content),)
    except EvidenceRefused as whole:
        lines = [line for line in content.split(b"\n") if line.strip()]
        if whole.reason is not Reason.NOT_JSON or len(lines) < 2:  # noqa: PLR2004 - one line was just read
            raise
        if len(lines) > PIECES_MAX:
            raise EvidenceRefused(Reason.TOO_MANY, f"{len(lines)} lines, at most {PIECES_MAX}") from whole
        return map(json_text.read, lines)


def _pieces(document: object) -> Iterator[Piece | Unread]:
    if not isinstance(document, dict):
        raise EvidenceRefused(Reason.UNKNOWN_FORMAT, "the document is no JSON object")
    if _is_bundle(document):
        yield _piece(Format.SIGSTORE_BUNDLE, document)
    elif "payloadType" in document:
        yield _piece(Format.DSSE, document)
    elif "signed" in document:
        yield _piece(Format.IN_TOTO_METABLOCK, document)
    elif "verification_material" in document:
        yield _piece(Format.PEP_740, document)
    elif "attestation_bundles" in document:
        yield from _pep_740_provenance(document)
    elif "attestations" in document:
        yield from _npm(document)
    elif "provenance_summary" in document:
        yield from _google_cloud_build(document)
    elif "_type" in document and "predicateType" in document:
        raise EvidenceRefused(Reason.UNKNOWN_FORMAT, "a Statement that nobody signed")
    else:
        raise EvidenceRefused(Reason.UNKNOWN_FORMAT, "no form of evidence that is known here")


def _is_bundle(document: Mapping[str, Any]) -> bool:
    """Say whether *document* calls itself a bundle; images and trusted roots have a media type as well."""
    return "mediaType" in document and (
        "verificationMaterial" in document or str(document["mediaType"]).startswith(_BUNDLES)
    )


def _piece(form: Format, document: object, predicate_type: str | None = None) -> Piece | Unread:
    """Return the piece, or why it is none: the others of its file may still be."""
    try:
        match form:
            case Format.SIGSTORE_BUNDLE | Format.NPM_ATTESTATIONS:
                return Piece(form, bundle(document), predicate_type)
            case Format.DSSE | Format.GOOGLE_CLOUD_BUILD:
                return Piece(form, envelope(document, strict=False))
            case Format.IN_TOTO_METABLOCK:
                return Piece(form, metablock(document))
            case Format.PEP_740:
                return Piece(form, bundle(_pep_740(document)))
    except EvidenceRefused as refused:
        return Unread(form, refused)


def _pep_740(document: object) -> dict[str, Any]:
    """Return the bundle that says what a PEP 740 attestation object says (PEP 740, Appendix 2)."""
    outer = Fields(document, "attestation", ("version", "verification_material", "envelope"))
    if outer.number("version") != 1:
        raise EvidenceRefused(Reason.UNSUPPORTED_VERSION, "an attestation of another version than 1")
    material = outer.child("verification_material", ("certificate", "transparency_entries"))
    signed = outer.child("envelope", ("statement", "signature"))
    return {
        "mediaType": _V0_3,
        "verificationMaterial": {
            "certificate": {"rawBytes": material.text("certificate")},
            "tlogEntries": list(material.list("transparency_entries", count_max=1)),
        },
        "dsseEnvelope": {
            "payload": signed.text("statement"),
            "payloadType": IN_TOTO,
            "signatures": [{"sig": signed.text("signature")}],
        },
    }


def _pep_740_provenance(document: object) -> Iterator[Piece | Unread]:
    outer = Fields(document, "provenance", ("version", "attestation_bundles"))
    for each in outer.list("attestation_bundles", count_max=PIECES_MAX):
        published = Fields(each, "attestation bundle", ("publisher", "attestations"))
        for attestation in published.list("attestations", count_max=PIECES_MAX):
            yield _piece(Format.PEP_740, attestation)


def _npm(document: object) -> Iterator[Piece | Unread]:
    """Yield what the registry's attestations document holds; GitHub's API answers in the same form."""
    for each in Fields(document, "document", None).list("attestations", count_max=PIECES_MAX):
        attestation = Fields(each, "attestation", None)
        label = attestation.text("predicateType") if "predicateType" in attestation.value else None
        yield _piece(Format.NPM_ATTESTATIONS, attestation.value.get("bundle"), label)


def _google_cloud_build(document: object) -> Iterator[Piece | Unread]:
    """Yield what `gcloud artifacts docker images describe --show-provenance` prints."""
    summary = Fields(document, "document", None).child("provenance_summary", None)
    for each in summary.list("provenance", count_max=PIECES_MAX):
        yield _piece(Format.GOOGLE_CLOUD_BUILD, Fields(each, "provenance", None).value.get("envelope"))
