"""Hold what is verified about an artifact against what somebody expects of its provenance."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from domain.admission import EvidenceVerified
from domain.digest import Digest
from domain.errors import BrokenLedger
from domain.event import Recorded
from domain.evidence import EvidenceRefused
from domain.evidence_port import EvidenceReader
from domain.expectations import checked
from domain.expectations.builders import BuilderRow, ReadBuilders
from domain.expectations.expected import Expectations
from domain.expectations.judgement import Check, Checked
from domain.ports import BlobReader, EvidenceIndex, LedgerReader
from domain.prefix import Prefix
from domain.queries.provenance_of import Found, provenance_of
from domain.queries.said_by import Said, said_by
from domain.queries.still_trusted import still_trusted
from domain.queries.trust_at import known_trust
from domain.queries.uploaders_of import uploaders_of
from domain.statement import matching
from domain.subject_digest import SubjectDigest
from domain.trust import Trust


class Verdict(StrEnum):
    """Whether the expectations hold."""

    HELD = "held"
    """By one verification at least, all of them."""
    NOT_HELD = "not-held"
    MISSING = "missing"
    """No provenance of it was verified: nothing can be said."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One verification, held against the expectations."""

    recorded: Recorded
    verification: EvidenceVerified
    checked: Checked


@dataclass(frozen=True, slots=True)
class ProvenanceChecked:
    """The verifications of provenance that speak of the artifact, the one that holds most first."""

    prefix: Prefix
    verdict: Verdict
    judged: tuple[Judged, ...]
    truncated: bool
    """Whether there are more that may hold and were not looked at: then what does not hold may yet."""
    builders: Digest | None
    """The table that said which builder counts for which level; None when there was none."""


def check_provenance(
    artifact: SubjectDigest,
    expected: Expectations,
    known_at: datetime | int | None,
    *,
    ledger: LedgerReader,
    index: EvidenceIndex,
    blobs: BlobReader,
    reader: EvidenceReader,
    read_builders: ReadBuilders,
) -> ProvenanceChecked:
    """Judge each verification of *artifact*'s provenance by itself; what one lacks no other makes up for.

    Everything is judged by what is known at *known_at*: which builders count, a root that is withdrawn
    (the check `withdrawn`), a key out of use (`key_in_use`), a signer that is distrusted (`distrusted`).
    Evidence whose file is lost fails `kept`, and keeps no other from being judged. Raises what *ledger*
    and *blobs* raise.
    """
    prefix = ledger.prefix(known_at)
    trust = known_trust(prefix, ledger=ledger, index=index)
    builders = known_builders(trust, blobs, read_builders)
    return held_against(
        artifact, expected, prefix, trust, builders, ledger=ledger, index=index, blobs=blobs, reader=reader
    )


def held_against(
    artifact: SubjectDigest,
    expected: Expectations,
    prefix: Prefix,
    trust: Trust,
    builders: Sequence[BuilderRow],
    *,
    ledger: LedgerReader,
    index: EvidenceIndex,
    blobs: BlobReader,
    reader: EvidenceReader,
) -> ProvenanceChecked:
    """Do what `check_provenance` does, by *trust* and *builders*, which are as known at *prefix*."""

    def may_hold(found: Found) -> bool:
        event, instance = found.event, trust.instance(found.event.root)
        trusted = still_trusted(found.recorded, event, trust)
        return all(each.held for each in trusted) and checked.may_hold(
            event.signer, event.root, expected, instance=instance
        )

    about = provenance_of(artifact, expected, prefix, may_hold=may_hold, ledger=ledger, index=index)
    uploaders = uploaders_of(about.found, artifact, prefix, ledger=ledger, index=index)
    judged = []
    for place, said in said_by([each.event for each in about.found], blobs=blobs, reader=reader):
        recorded, event = about.found[place].recorded, about.found[place].event
        verified = event.verified(said.statement)
        subjects = matching(verified.subjects, artifact.by_algorithm)
        found = checked.check(
            verified,
            subjects,
            expected,
            builders,
            instance=trust.instance(event.root),
            uploaders=uploaders[recorded.position],
        )
        checks = (*found.checks, *still_trusted(recorded, event, trust), *_lost(said))
        judged.append(Judged(recorded, event, replace(found, checks=checks)))
    judged.sort(key=_failing_then_newest)
    verdict = Verdict.NOT_HELD if judged else Verdict.MISSING
    if judged and judged[0].checked.held:
        verdict = Verdict.HELD
    table = None if trust.builders is None else trust.builders.table
    return ProvenanceChecked(prefix, verdict, tuple(judged), about.truncated, table)


def known_builders(trust: Trust, blobs: BlobReader, read: ReadBuilders) -> Sequence[BuilderRow]:
    """Return the table that is in force: without one, nothing vouches for any builder.

    Raises `BrokenLedger` when it cannot be read, and what *blobs* raises.
    """
    if trust.builders is None:
        return ()
    table = trust.builders.table
    try:
        return read(blobs.get(table))
    except EvidenceRefused as wrong:
        raise BrokenLedger(
            f"this version cannot read the table of builders {table}: {wrong.words}"
        ) from wrong


def _failing_then_newest(judged: Judged) -> tuple[int, int]:
    return sum(not one.held for one in judged.checked.checks), -judged.recorded.position


def _lost(said: Said) -> Iterator[Check]:
    """Yield the check that fails when the file is lost: what was recorded of it cannot be read again."""
    if said.lost is not None:
        yield Check("kept", held=False, expected="the file that was admitted", found=said.lost)
