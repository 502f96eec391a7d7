"""Engine `pinned-key`: signatures by a public key that was agreed on beforehand.

A key id in the evidence is a hint that anyone can write; it only narrows which keys are tried. When the
evidence names a log entry and the key came with a trusted root, the entry must be in that log and be about
this signature; without a root, what the evidence says about a log is neither checked nor kept.
"""

from datetime import datetime

from securesystemslib.formats import encode_canonical

from adapters.evidence import certified, log_bodies, logs, signatures, timestamps
from adapters.evidence.facts import Facts
from adapters.evidence.pieces import IN_TOTO, Bundle, Envelope, Message, Metablock
from adapters.evidence.roots import Root
from adapters.evidence.signatures import Key
from domain import json_text
from domain.digest import Digest
from domain.evidence import EvidenceRefused, Identity, Reason, Signs
from domain.evidence_port import PinnedKey
from domain.verification import Engine, KeySigner, TimeSource, TrustedTime


def verify(
    pinned: PinnedKey, content: Bundle | Envelope | Metablock, *, log: Root | None, at: datetime
) -> Facts:
    """Verify *content* under the *pinned* key, whose *log* is opened; raises `EvidenceRefused`."""
    if pinned.signs is Signs.LAYOUT and not _is_layout(content):
        raise EvidenceRefused(Reason.UNTRUSTED_KEY, "the key signs layouts, and this is none")
    key = signatures.load(pinned.public_key)
    inner = content.content if isinstance(content, Bundle) else content
    file = certified.file_digest(content) if isinstance(content, Bundle) else None
    hint = content.hint if isinstance(content, Bundle) else None
    signed, signature = _signed(pinned, key, inner, file, hint)
    times: list[TrustedTime] = []
    if isinstance(content, Bundle) and log is not None:
        times = _times(log, content, key, signature, file)
    _check_in_use(pinned, [each.instant for each in times] or [at])
    fingerprint = Digest.of(signatures.der(key))
    entry = content.entries[0] if isinstance(content, Bundle) and log and content.entries else None
    return Facts(
        engine=Engine.PINNED_KEY,
        identity=Identity(Digest.of(signed), fingerprint, signatures.one_spelling(key, signature)),
        root=fingerprint,
        log_root=log.digest if log is not None and (times or entry) else None,
        signer=KeySigner(fingerprint=fingerprint),
        times=tuple(sorted(times, key=lambda each: each.instant)),
        log=logs.place(entry) if entry else None,
        digest=None if file is None else (file[0], file[1].hex()),
    )


def _signed(
    pinned: PinnedKey,
    key: Key,
    inner: Envelope | Message | Metablock,
    file: tuple[str, bytes] | None,
    hint: str | None,
) -> tuple[bytes, bytes]:
    """Return (what was signed, the signature) for the first signature that is by the key."""
    if isinstance(inner, Message):
        assert file is not None, "a message has a digest"
        _check_named(pinned, [hint])
        signatures.check_digest(key, inner.signature, *file)
        return f"{file[0]}:{file[1].hex()}".encode(), inner.signature
    signed = _content(pinned, inner)
    named = [each for each in inner.signatures if _named(pinned, hint or each.key_id)]
    _check_named(pinned, [hint or each.key_id for each in inner.signatures])
    for each in named:
        try:
            signatures.check_message(key, each.value, signed)
        except EvidenceRefused as wrong:
            if wrong.reason is not Reason.BAD_SIGNATURE or each is named[-1]:
                raise
        else:
            return signed, each.value
    raise AssertionError("the last signature either was checked or raised")


def _content(pinned: PinnedKey, inner: Envelope | Metablock) -> bytes:
    if isinstance(inner, Envelope):
        if pinned.signs is not Signs.PAYLOAD:
            return inner.pae
        if (
            inner.payload_type != IN_TOTO
        ):  # over a bare payload nobody signs its type, so there is no choice of it
            raise EvidenceRefused(
                Reason.BAD_SIGNATURE, "the key signs bare in-toto payloads, and no other type"
            )
        return inner.payload
    try:
        return str(encode_canonical(dict(inner.signed))).encode()
    except Exception as wrong:
        raise EvidenceRefused(Reason.MALFORMED, "the signed object has no canonical form") from wrong


def _is_layout(content: Bundle | Envelope | Metablock) -> bool:
    match content:
        case Metablock():
            return content.signed.get("_type") == "layout"
        case Envelope() if content.payload_type == IN_TOTO:
            said = json_text.read(content.payload)
            return isinstance(said, dict) and said.get("_type") == "layout"
        case _:
            return False


def _named(pinned: PinnedKey, key_id: str | None) -> bool:
    return pinned.key_id is None or key_id == pinned.key_id


def _check_named(pinned: PinnedKey, key_ids: list[str | None]) -> None:
    if not any(_named(pinned, each) for each in key_ids):
        raise EvidenceRefused(Reason.UNTRUSTED_KEY, f"no signature names the pinned key {pinned.key_id!r}")


def _times(
    root: Root, bundle: Bundle, key: Key, signature: bytes, file: tuple[str, bytes] | None
) -> list[TrustedTime]:
    if len(bundle.entries) > 1:
        raise EvidenceRefused(Reason.LOG_ENTRY, f"{len(bundle.entries)} log entries, expected at most 1")
    stamped = timestamps.instants(root, bundle.timestamps, signature)
    times = [TrustedTime(each, TimeSource.TIMESTAMP) for each in stamped]
    about = certified.signed(bundle.content, key, signatures.der(key), signature, file)
    for entry, document in zip(bundle.entries, bundle.entry_documents, strict=True):
        times += logs.checked(root, entry, document, bundle.version, stamped=stamped)
        log_bodies.check(entry, about)
    return times


def _check_in_use(pinned: PinnedKey, instants: list[datetime]) -> None:
    for instant in instants:
        early = pinned.valid_from is not None and instant < pinned.valid_from
        if early or (pinned.valid_until is not None and instant > pinned.valid_until):
            raise EvidenceRefused(Reason.KEY_OUT_OF_USE, f"the key's signatures do not count at {instant}")
