"""The one port over the four engines: a file in, an outcome for each piece out.

Engines are imported when the first piece needs one, because sigstore-python takes 0.4 s to import.
"""

import re
import threading
from collections import OrderedDict
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from adapters.evidence import reading
from adapters.evidence.pieces import Bundle, Envelope, Metablock, Piece, Unread
from domain import json_text, statement
from domain.digest import Digest
from domain.evidence import EvidenceRefused, Format, Reason
from domain.evidence_port import Anchor, PinnedKey, TrustedRoot
from domain.statement import Statement, Subject
from domain.verification import Outcome, Refused, Verified

if TYPE_CHECKING:
    from adapters.evidence.facts import Facts
    from adapters.evidence.roots import Root

# in-toto/attestation, spec/v1/envelope.md: the bare type, or one that names the predicate.
_PAYLOAD_TYPE = re.compile(r"application/vnd\.in-toto(\.[A-Za-z0-9][A-Za-z0-9._-]*)?\+json", re.ASCII)
_ROOTS_KEPT_MAX = 32
_BEFORE_THE_SIGNATURE = frozenset({Reason.NO_ANCHOR, Reason.UNTRUSTED_KEY, Reason.UNUSABLE_ANCHOR})


class OfflineVerifier:
    """Implements `EvidenceVerifier`. Keeps trusted roots open, by their digest; nothing else is kept."""

    def __init__(self) -> None:
        self._roots: OrderedDict[Digest, Root] = OrderedDict()
        self._turn = threading.Lock()

    def verify(self, content: bytes, anchors: Sequence[Anchor], *, at: datetime) -> Sequence[Outcome]:
        """See `EvidenceVerifier.verify`."""
        file = Digest.of(content)
        try:
            pieces = reading.read(content)
        except BaseException as wrong:  # whatever happens inside is a refusal
            return (_refused(file, wrong, None, None),)
        return tuple(self._outcome(file, place, piece, anchors, at) for place, piece in enumerate(pieces))

    def _outcome(
        self,
        file: Digest,
        place: int,
        piece: Piece | Unread,
        anchors: Sequence[Anchor],
        at: datetime,
    ) -> Outcome:
        if isinstance(piece, Unread):
            return _refused(file, piece.refusal, place, piece.format)
        try:
            said, why_not = _statement(piece)
            facts = self._facts(piece.content, anchors, at)
        except BaseException as wrong:  # whatever happens inside is a refusal
            return _refused(file, wrong, place, piece.format)
        subjects = said.subjects if said else (Subject(None, (facts.digest,)),) if facts.digest else ()
        return Verified(
            file=file,
            place=place,
            format=piece.format,
            identity=facts.identity,
            engine=facts.engine,
            root=facts.root,
            log_root=facts.log_root,
            signer=facts.signer,
            times=facts.times,
            log=facts.log,
            subjects=subjects,
            statement=said,
            not_a_statement=why_not,
        )

    def _facts(
        self, content: Bundle | Envelope | Metablock, anchors: Sequence[Anchor], at: datetime
    ) -> "Facts":
        refusals = [EvidenceRefused(Reason.NO_ANCHOR, "nothing that is trusted was given for this evidence")]
        for anchor in anchors:
            try:
                facts = self._under(anchor, content, at)
                _check_past(facts, at)
            except BaseException as wrong:  # the next anchor may do
                refusals.append(as_refusal(wrong))
            else:
                return facts
        further = [each for each in refusals if each.reason not in _BEFORE_THE_SIGNATURE]
        if not _is_certified(content) and all(each.reason is Reason.BAD_SIGNATURE for each in further):
            if _beside_certificates(content):
                raise EvidenceRefused(Reason.NO_ANCHOR, _no_certificate(content))
            if len(further) > 1:
                words = f"the signature is by none of {len(further)} pinned keys over this content"
                raise EvidenceRefused(Reason.BAD_SIGNATURE, words)
        raise (further or refusals[1:] or refusals)[0]

    def _under(self, anchor: Anchor, content: Bundle | Envelope | Metablock, at: datetime) -> "Facts":
        from adapters.evidence import certified, pinned  # noqa: PLC0415 - 0.4 s, and only when needed

        match anchor:
            case TrustedRoot() if isinstance(content, Bundle) and _is_certified(content):
                return certified.verify(self._root(anchor), content)
            case PinnedKey() if not _is_certified(content):
                log = self._root(anchor.log) if anchor.log is not None else None
                return pinned.verify(anchor, content, log=log, at=at)
            case TrustedRoot():
                raise EvidenceRefused(Reason.NO_ANCHOR, _no_certificate(content))
            case PinnedKey():
                raise EvidenceRefused(Reason.NO_ANCHOR, "signed by a certificate, and only a key is pinned")

    def _root(self, anchor: TrustedRoot) -> "Root":
        from adapters.evidence.roots import Root  # noqa: PLC0415 - 0.4 s, and only when needed

        digest = anchor.digest
        with self._turn:
            if (kept := self._roots.get(digest)) is not None:
                self._roots.move_to_end(digest)
                return kept
        opened = Root(anchor.content)
        with self._turn:
            self._roots[digest] = opened
            while len(self._roots) > _ROOTS_KEPT_MAX:
                self._roots.popitem(last=False)
        return opened


def warm() -> None:
    """Import the engines now: a server does, so that no request waits for it."""
    from adapters.evidence import certified, pinned  # noqa: F401, PLC0415 - 0.1 to 0.4 s, and only when needed


def as_refusal(wrong: BaseException) -> EvidenceRefused:
    """Return *wrong* as a refusal. What a library raises on hostile input is its bug, and our refusal.

    That includes a panic of its Rust parts, which is no `Exception`; any other of that kind (an interrupt
    from the keyboard) is raised again.
    """
    if isinstance(wrong, EvidenceRefused):
        return wrong
    if not isinstance(wrong, Exception) and type(wrong).__name__ != "PanicException":
        raise wrong
    words = " ".join(str(wrong).split())[:200]
    return EvidenceRefused(Reason.NOT_VERIFIED, f"{type(wrong).__name__}: {words}")


def _refused(file: Digest, wrong: BaseException, place: int | None, form: Format | None) -> Refused:
    refused = as_refusal(wrong)
    return Refused(file=file, place=place, format=form, reason=refused.reason, words=refused.words)


def _statement(piece: Piece) -> tuple[Statement | None, str | None]:
    """Return what *piece* says, or why that is no Statement; raises `EvidenceRefused` for what is unclear."""
    inner = piece.content.content if isinstance(piece.content, Bundle) else piece.content
    if isinstance(inner, Metablock):
        return None, f"in-toto {str(inner.signed.get('_type'))[:40]!r} in a metablock"
    if not isinstance(inner, Envelope):
        return None, None
    try:
        said = _said(inner)
    except EvidenceRefused as refused:
        if refused.reason is not Reason.NOT_A_STATEMENT or piece.predicate_type is not None:
            raise
        return None, refused.words
    if piece.predicate_type not in (None, said.predicate_type):
        words = f"labelled {str(piece.predicate_type)[:80]!r}, and is {said.predicate_type[:80]!r}"
        raise EvidenceRefused(Reason.CONTRADICTORY, words)
    return said, None


def _said(envelope: Envelope) -> Statement:
    if not _PAYLOAD_TYPE.fullmatch(envelope.payload_type):
        words = f"a payload of the type {envelope.payload_type[:80]!r}"
        raise EvidenceRefused(Reason.NOT_A_STATEMENT, words)
    return statement.of_document(json_text.read(envelope.payload))


def _check_past(facts: "Facts", at: datetime) -> None:
    late = [each.instant for each in facts.times if each.instant > at]
    if late:
        raise EvidenceRefused(Reason.NOT_YET, f"signed at {late[0]}, asked about {at}")


def _is_certified(content: Bundle | Envelope | Metablock) -> bool:
    """Whether a certificate says who signed; otherwise only a pinned key can."""
    return isinstance(content, Bundle) and bool(content.certificates)


def _beside_certificates(content: Bundle | Envelope | Metablock) -> bool:
    """Whether each signature stands beside a certificate: that no pinned key made it says nothing of it."""
    return isinstance(content, Envelope) and all(each.certificate for each in content.signatures)


def _no_certificate(content: Bundle | Envelope | Metablock) -> str:
    if isinstance(content, Envelope) and any(each.certificate for each in content.signatures):
        return "a certificate beside a bare signature: nobody says when it signed, so it cannot be judged"
    return "signed by a key, and none is pinned"
