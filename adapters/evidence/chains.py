"""Whether an authority of a trusted root vouched for a certificate at an instant (RFC 5280, section 6)."""

from datetime import UTC, datetime

from cryptography.x509 import (
    Certificate,
    ExtendedKeyUsage,
    ExtensionNotFound,
    KeyUsage,
    PrecertificateSignedCertificateTimestamps,
    UnsupportedGeneralNameType,
)
from cryptography.x509.oid import ExtendedKeyUsageOID
from cryptography.x509.verification import (
    Criticality,
    ExtensionPolicy,
    PolicyBuilder,
    VerificationError,
)
from sigstore._internal.sct import verify_sct
from sigstore._internal.trust import KeyringPurpose
from sigstore.errors import VerificationError as LibraryRefusal

from adapters.evidence.roots import Root
from domain.evidence import EvidenceRefused, Reason

# Signers' certificates are for code signing, not for TLS: the usage is checked by `check_profile` instead.
_POLICIES = {
    "ca_policy": ExtensionPolicy.webpki_defaults_ca().may_be_present(
        ExtendedKeyUsage, Criticality.NON_CRITICAL, None
    ),
    "ee_policy": ExtensionPolicy.webpki_defaults_ee().may_be_present(
        ExtendedKeyUsage, Criticality.NON_CRITICAL, None
    ),
}


def chain(root: Root, certificate: Certificate, instant: datetime) -> list[Certificate]:
    """Return the issuers of *certificate*, nearest first; raises `EvidenceRefused`.

    Only authorities that the root lets vouch at *instant* are asked: one that was withdrawn has an end.
    """
    why = "no authority was in use then"
    for authority in root.authorities:
        if instant not in authority.span:
            continue
        verifier = (
            PolicyBuilder()
            .store(authority.store)
            .time(instant)
            .extension_policies(**_POLICIES)
            .build_client_verifier()
        )
        try:
            return list(verifier.verify(certificate, []).chain[1:])
        except (VerificationError, UnsupportedGeneralNameType, ValueError) as wrong:
            why = " ".join(str(wrong).split())[:200]
    raise EvidenceRefused(
        Reason.UNTRUSTED_CERTIFICATE, f"no authority vouches for the certificate at {instant}: {why}"
    )


def check_profile(certificate: Certificate) -> None:
    """Check that *certificate* is for signing code; raises `EvidenceRefused`."""
    try:
        usage = certificate.extensions.get_extension_for_class(KeyUsage).value
        extended = certificate.extensions.get_extension_for_class(ExtendedKeyUsage).value
    except ExtensionNotFound as wrong:
        raise EvidenceRefused(Reason.UNTRUSTED_CERTIFICATE, f"the certificate has no {wrong.oid}") from wrong
    if not usage.digital_signature or ExtendedKeyUsageOID.CODE_SIGNING not in extended:
        raise EvidenceRefused(Reason.UNTRUSTED_CERTIFICATE, "the certificate is not for signing code")


def check_logged(root: Root, certificate: Certificate, issuers: list[Certificate]) -> None:
    """Check that a certificate log took *certificate* (RFC 6962, section 3.2); raises `EvidenceRefused`."""
    check_log_in_use(root, certificate)
    try:
        verify_sct(certificate, issuers, root.library.ct_keyring(KeyringPurpose.VERIFY))
    except LibraryRefusal as wrong:
        raise EvidenceRefused(Reason.UNTRUSTED_CERTIFICATE, str(wrong)) from wrong


def check_log_in_use(root: Root, certificate: Certificate) -> None:
    """Check that who says it took *certificate* is a log of *root* whose key was in use then.

    That it really says so is checked apart. Raises `EvidenceRefused`.
    """
    try:
        listed = certificate.extensions.get_extension_for_class(
            PrecertificateSignedCertificateTimestamps
        ).value
    except ExtensionNotFound as wrong:
        raise EvidenceRefused(Reason.UNTRUSTED_CERTIFICATE, "no log says it took the certificate") from wrong
    for each in listed:
        at = each.timestamp.replace(tzinfo=UTC)  # the library's is naive, and means UTC
        if not root.took(each.log_id, at):
            raise EvidenceRefused(
                Reason.UNTRUSTED_CERTIFICATE,
                f"certificate log {each.log_id.hex()[:16]}… is not in the trusted root, or not for {at}",
            )
