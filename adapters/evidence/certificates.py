"""What a Fulcio certificate says about the signer.

Source: sigstore/fulcio, docs/oid-info.md: up to .6 an extension's value is bare UTF-8, from .8 it is a DER
UTF8String.
"""

from collections.abc import Mapping

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding

from domain.digest import Digest
from domain.evidence import EvidenceRefused, Reason
from domain.verification import CertificateSigner

_BARE: Mapping[int, str] = {
    2: "github_workflow_trigger",
    3: "github_workflow_sha",
    4: "github_workflow_name",
    5: "github_workflow_repository",
    6: "github_workflow_ref",
}
_DER: Mapping[int, str] = {
    9: "build_signer_uri",
    10: "build_signer_digest",
    11: "runner_environment",
    12: "source_repository_uri",
    13: "source_repository_digest",
    14: "source_repository_ref",
    15: "source_repository_id",
    16: "source_repository_owner_uri",
    17: "source_repository_owner_id",
    18: "build_config_uri",
    19: "build_config_digest",
    20: "build_trigger",
    21: "run_invocation_uri",
    22: "source_repository_visibility",
    23: "deployment_environment",
    24: "token_subject",
}
_ARC = "1.3.6.1.4.1.57264.1."
_OLD_ISSUER, _ISSUER = 1, 8
_USERNAME = x509.ObjectIdentifier(f"{_ARC}7")
_UTF8_STRING = 0x0C
_LONG = 0x80


def load(der: bytes) -> x509.Certificate:
    """Return the certificate in *der*; raises `EvidenceRefused`."""
    try:
        certificate = x509.load_der_x509_certificate(der)
        _ = certificate.extensions, certificate.public_key()  # what is read late fails late, in a library
    except (ValueError, x509.DuplicateExtension) as wrong:
        raise EvidenceRefused(Reason.MALFORMED, f"the certificate cannot be read: {wrong}") from wrong
    except UnsupportedAlgorithm as wrong:
        raise EvidenceRefused(Reason.UNSUPPORTED_KEY, f"the certificate is for {wrong}") from wrong
    return certificate


def signer(certificate: x509.Certificate) -> CertificateSigner:
    """Return what *certificate* says; raises `EvidenceRefused` when it contradicts itself or is unclear."""
    values = {
        int(each.oid.dotted_string.removeprefix(_ARC)): each.value.value
        for each in certificate.extensions
        if each.oid.dotted_string.startswith(_ARC) and isinstance(each.value, x509.UnrecognizedExtension)
    }
    claims = {name: _bare(values[n]) for n, name in _BARE.items() if n in values}
    claims |= {name: _utf8_string(values[n]) for n, name in _DER.items() if n in values}
    identity, kind = _identity(certificate)
    return CertificateSigner(
        fingerprint=Digest.of(certificate.public_bytes(Encoding.DER)),
        identity=identity,
        identity_kind=kind,
        issuer=_issuer(values),
        **{name: value or None for name, value in claims.items()},
    )


def _issuer(values: Mapping[int, bytes]) -> str:
    said = {_utf8_string(values[_ISSUER])} if _ISSUER in values else set()
    said |= {_bare(values[_OLD_ISSUER])} if _OLD_ISSUER in values else set()
    if len(said) != 1:
        raise EvidenceRefused(Reason.CONTRADICTORY, f"the certificate names {len(said)} issuers, expected 1")
    return said.pop()


def _identity(certificate: x509.Certificate) -> tuple[str, str]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound as wrong:
        raise EvidenceRefused(Reason.MALFORMED, "the certificate names no identity") from wrong
    if len(names) != 1:
        raise EvidenceRefused(
            Reason.CONTRADICTORY, f"the certificate has {len(names)} identities, expected 1"
        )
    match next(iter(names)):
        case x509.UniformResourceIdentifier(value=value):
            return value, "uri"
        case x509.RFC822Name(value=value):
            return value, "email"
        case x509.OtherName(type_id=oid, value=value) if oid == _USERNAME:
            return _utf8_string(value), "other"
        case other:
            raise EvidenceRefused(Reason.MALFORMED, f"an identity of the kind {type(other).__name__}")


def _bare(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError as wrong:
        raise EvidenceRefused(Reason.MALFORMED, "a certificate's extension is not UTF-8") from wrong


def _utf8_string(value: bytes) -> str:
    """Return the text in a DER UTF8String (X.690, 8.1.3: the length in its shortest form)."""
    head, length = 2, value[1] if len(value) > 1 else 0
    if length & _LONG:
        head += length & ~_LONG
        length = int.from_bytes(value[2:head])
    shortest = head == 2 if length < _LONG else head == 2 + (length.bit_length() + 7) // 8  # noqa: PLR2004 - tag and length
    if not value or value[0] != _UTF8_STRING or len(value) != head + length or not shortest:
        raise EvidenceRefused(Reason.MALFORMED, "a certificate's extension is no UTF8String")
    return _bare(value[head:])
