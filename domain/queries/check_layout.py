"""Hold what was done to make an artifact against the layout that says how it has to be made."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from domain.admission import EvidenceAdmitted, Kind
from domain.digest import Digest
from domain.errors import BrokenLedger, EvidenceLost, NothingFound
from domain.event import Recorded
from domain.evidence import LINKS_BYTES_MAX, LINKS_MAX, EvidenceRefused, Reason, Signs
from domain.evidence_port import LayoutVerifier, PinnedKey
from domain.ports import Blobs, EvidenceIndex, LedgerReader
from domain.prefix import Prefix
from domain.queries.evidence_of import evidence_of, spoken_about
from domain.queries.trust_at import known_trust
from domain.subject_digest import SubjectDigest
from domain.supply_chain import LayoutJudged, LayoutNotHeld
from domain.trust import Trust
from domain.trust_root import RootKind
from domain.verification import KeySigner


class LayoutVerdict(StrEnum):
    """Whether the artifact was made as the layout says."""

    HELD = "held"
    NOT_HELD = "not-held"
    UNDECIDED = "undecided"
    """Nobody is trusted to sign layouts, nobody says that a step was done, or something was not looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LayoutAsked:
    """The question: which layout, who must have signed it, and as of when."""

    layout: Digest
    """The file, as admitted."""
    owners: tuple[Digest, ...] = ()
    """Fingerprints of keys all of which must have signed it. None named: any that is trusted for it."""
    at: datetime | None = None
    """When it must not have expired; None: now."""


@dataclass(frozen=True, slots=True)
class LayoutChecked:
    """What was found. Without `judged`, `refused` says why the layout itself does not count."""

    prefix: Prefix
    at: datetime
    verdict: LayoutVerdict
    judged: LayoutJudged | None
    refused: EvidenceRefused | None
    files: int
    """How many files that were handed in for the artifact were looked at."""
    lost: tuple[Digest, ...]
    """Files that were admitted and cannot be read any more: they might have spoken against it."""
    truncated: bool
    """Whether there is more than was looked at, which might speak against it."""


def check_layout(
    artifact: Digest,
    asked: LayoutAsked,
    known_at: datetime | int | None,
    *,
    ledger: LedgerReader,
    index: EvidenceIndex,
    blobs: Blobs,
    layouts: LayoutVerifier,
) -> LayoutChecked:
    """Judge by the links that were handed in for *artifact*; nothing else that was handed in spoils it.

    The keys of owners are those imported to sign layouts, as known at *known_at*. A bare signature proves
    no time, so the word of a key that is distrusted from any instant on does not count.
    Raises `NothingFound` for a layout that was not admitted, `EvidenceLost` for one that is gone.
    """
    found = evidence_of(asked.layout, known_at, ledger=ledger, index=index)
    if not found.kept:
        raise NothingFound(f"evidence {asked.layout} was refused as a whole, and is not kept")
    prefix, at = found.prefix, asked.at or ledger.now()
    content = blobs.get(asked.layout)
    trust = known_trust(prefix, ledger=ledger, index=index)
    about = spoken_about(SubjectDigest("sha256", artifact.hex), prefix.position, ledger=ledger, index=index)
    files = _Files(blobs)
    truncated = files.choose(about.events, artifact, besides=asked.layout) or about.truncated
    judged: LayoutJudged | None = None
    refused: EvidenceRefused | None = None
    try:
        judged = layouts.verify_layout(
            content,
            _owners(trust, asked.owners, blobs),
            files.contents(),
            artifact={"sha256": artifact.hex},
            distrusted={each.key for each in trust.distrusted if each.key is not None},
            one_owner=not asked.owners,
            at=at,
        )
    except LayoutNotHeld as wrong:
        judged, refused = wrong.judged, wrong
    except EvidenceRefused as wrong:
        refused = wrong
    truncated = truncated or (judged is not None and judged.truncated)
    verdict = _verdict(judged, refused, complete=not (truncated or files.lost))
    why = None if judged is not None else refused
    return LayoutChecked(prefix, at, verdict, judged, why, len(files.chosen), tuple(files.lost), truncated)


def _verdict(
    judged: LayoutJudged | None, refused: EvidenceRefused | None, *, complete: bool
) -> LayoutVerdict:
    if refused is None:
        return LayoutVerdict.HELD if complete else LayoutVerdict.UNDECIDED
    if judged is None:
        unknown = refused.reason is Reason.NO_ANCHOR
        return LayoutVerdict.UNDECIDED if unknown else LayoutVerdict.NOT_HELD
    said = any(each.links for each in judged.steps)
    return LayoutVerdict.NOT_HELD if said else LayoutVerdict.UNDECIDED


def _owners(trust: Trust, named: Collection[Digest], blobs: Blobs) -> Sequence[PinnedKey]:
    """Return the keys that may sign layouts; raises `EvidenceRefused` when one that is *named* may not."""
    trusted = {
        each.root: each
        for each in trust.in_force
        if each.kind is RootKind.KEY
        and each.signs is Signs.LAYOUT
        and trust.distrust(KeySigner(fingerprint=each.root), ()) is None
    }
    for name in named:
        if name not in trusted:
            raise EvidenceRefused(Reason.NO_ANCHOR, f"key {name} is not trusted to sign layouts")
    if not trusted:
        raise EvidenceRefused(Reason.NO_ANCHOR, "no key is trusted to sign layouts")
    return [
        PinnedKey(
            blobs.get(each.content),
            key_id=each.key_id,
            signs=Signs.LAYOUT,
            valid_from=each.valid_from,
            valid_until=each.valid_until,
        )
        for root, each in trusted.items()
        if root in named or not named
    ]


@dataclass(slots=True)
class _Files:
    """The files that may hold links, fetched one by one, so that no more than one is held."""

    blobs: Blobs
    chosen: list[Digest] = field(default_factory=list)
    lost: list[Digest] = field(default_factory=list)

    def choose(self, events: Sequence[Recorded], artifact: Digest, *, besides: Digest) -> bool:
        """Choose the signed files that were handed in for *artifact*, the newest first; say if not all.

        An index found the *events*, and is not believed: each must say so itself.
        """
        sizes = {
            event.evidence: event.references[0].size
            for event in (each.event for each in reversed(events))
            if isinstance(event, EvidenceAdmitted) and event.kind is Kind.SIGNED and artifact in event.about
        }
        sizes.pop(besides, None)
        left = LINKS_BYTES_MAX
        for file, size in sizes.items():
            if len(self.chosen) == LINKS_MAX or size > left:
                return True
            self.chosen.append(file)
            left -= size
        return False

    def contents(self) -> Iterator[bytes]:
        """Yield what is in each, leaving out and naming those that are lost."""
        for file in self.chosen:
            try:
                yield self.blobs.get(file)
            except (EvidenceLost, BrokenLedger):
                self.lost.append(file)
