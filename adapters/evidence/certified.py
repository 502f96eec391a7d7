"""Signatures by a certificate: by the library, by the same protocol for what it leaves out, or without a log.

Which engine is used follows from the evidence and the trusted root alone; none is tried after another.
A root that has a log is never satisfied by timestamps: there the log is what makes misuse visible.

Steps of the two engines that are ours (sigstore client specification, section 4; numbers are the library's):

0. a time at which the signature existed;
1. the certificate chains to the root at each such time (which includes that it was valid then);
2. a certificate log took it;
3. it is for signing code;
4, 5. the log holds the entry, and promised so;
7. the signature is by the certificate's key over the content;
8. the log entry is about this signature.
"""

import hashlib
from itertools import pairwise

from cryptography.x509 import Certificate

from adapters.evidence import certificates, chains, log_bodies, logs, signatures, stock, timestamps
from adapters.evidence.facts import Facts
from adapters.evidence.log_bodies import Signed
from adapters.evidence.pieces import Bundle, Envelope, Message
from adapters.evidence.roots import Root
from adapters.evidence.signatures import Key
from domain.digest import Digest
from domain.evidence import EvidenceRefused, Identity, Reason
from domain.verification import Engine, TimeSource, TrustedTime


def verify(root: Root, bundle: Bundle) -> Facts:
    """Verify *bundle* against *root*; raises `EvidenceRefused`."""
    certificate, *issuers = map(certificates.load, bundle.certificates)
    if any(lower.issuer != upper.subject for lower, upper in pairwise([certificate, *issuers])):
        raise EvidenceRefused(
            Reason.MALFORMED, "the certificates are no chain: one did not issue the one before"
        )
    signer = certificates.signer(certificate)
    key = signatures.supported(certificate.public_key())
    file = file_digest(bundle)
    engine, times = _times(root, bundle, certificate, key, file)
    if not times:
        raise EvidenceRefused(Reason.NO_TRUSTED_TIME, "nobody but the signer says when it was signed")
    return Facts(
        engine=engine,
        identity=identity(bundle.content, signer.fingerprint, key, file),
        root=root.digest,
        signer=signer,
        times=tuple(sorted(times, key=lambda each: each.instant)),
        log=logs.place(bundle.entries[0]) if bundle.entries else None,
        digest=None if file is None else (file[0], file[1].hex()),
    )


def file_digest(bundle: Bundle) -> tuple[str, bytes] | None:
    """Return (algorithm, digest) of the signed file, as stated; None when an envelope is signed.

    What is stated is authenticated by the signature, which is over this digest.
    """
    match bundle.content:
        case Envelope():
            return None
        case Message(algorithm=str(algorithm), digest=bytes(digest)):
            stated = algorithm, digest
        case Message() if bundle.entries:
            stated = log_bodies.stated_digest(bundle.entries[0])
        case Message():
            raise EvidenceRefused(Reason.MALFORMED, "the digest of the signed file is stated nowhere")
    if len(stated[1]) != signatures.digest_bytes(stated[0]):
        raise EvidenceRefused(Reason.MALFORMED, f"{len(stated[1])} bytes are no {stated[0][:20]} digest")
    return stated


def identity(
    content: Envelope | Message, signer: Digest, key: Key, file: tuple[str, bytes] | None
) -> Identity:
    """Return what makes this piece the same as another."""
    if isinstance(content, Envelope):
        raw, signed = content.signatures[0].value, content.pae
    else:
        assert file is not None, "a message has a digest"
        raw, signed = content.signature, f"{file[0]}:{file[1].hex()}".encode()
    return Identity(Digest.of(signed), signer, signatures.one_spelling(key, raw))


def _times(
    root: Root, bundle: Bundle, certificate: Certificate, key: Key, file: tuple[str, bytes] | None
) -> tuple[Engine, list[TrustedTime]]:
    if not bundle.entries and not root.logs:
        return Engine.TIMESTAMPED, _check(root, bundle, certificate, key, file)
    if len(bundle.entries) != 1:
        raise EvidenceRefused(Reason.LOG_ENTRY, f"{len(bundle.entries)} log entries, expected 1")
    if stock.can(bundle, certificate, file[0] if file else None):
        return Engine.SIGSTORE, stock.verify(root, bundle, file[1] if file else None)
    return Engine.SIGSTORE_LEGACY, _check(root, bundle, certificate, key, file)


def _check(
    root: Root, bundle: Bundle, certificate: Certificate, key: Key, file: tuple[str, bytes] | None
) -> list[TrustedTime]:
    content = bundle.content
    signature = content.signatures[0].value if isinstance(content, Envelope) else content.signature
    stamped = timestamps.instants(root, bundle.timestamps, signature)
    times = [TrustedTime(each, TimeSource.TIMESTAMP) for each in stamped]  # 0
    for entry, document in zip(bundle.entries, bundle.entry_documents, strict=True):
        times += logs.checked(root, entry, document, bundle.version, stamped=stamped)  # 0, 4, 5
    for time in times:
        issuers = chains.chain(root, certificate, time.instant)  # 1
        if root.has_certificate_logs or root.logs:
            chains.check_logged(root, certificate, issuers)  # 2
    chains.check_profile(certificate)  # 3
    check_signature(content, key, signature, file)  # 7
    for entry in bundle.entries:
        log_bodies.check(entry, signed(content, key, bundle.certificates[0], signature, file))  # 8
    return times


def check_signature(
    content: Envelope | Message, key: Key, signature: bytes, file: tuple[str, bytes] | None
) -> None:
    """Check *signature* over *content*; raises `EvidenceRefused`."""
    if isinstance(content, Envelope):
        signatures.check_message(key, signature, content.pae)
    else:
        assert file is not None, "a message has a digest"
        signatures.check_digest(key, signature, *file)


def signed(
    content: Envelope | Message, key: Key, signer: bytes, signature: bytes, file: tuple[str, bytes] | None
) -> Signed:
    """Return what a log entry has to be about."""
    if isinstance(content, Envelope):
        pae = content.pae
        digests = {name: hashlib.new(name, pae).digest() for name in signatures.hash_names(key)}
    else:
        assert file is not None, "a message has a digest"
        digests = {file[0]: file[1]}
    return Signed(content, signature, signer, digests)
