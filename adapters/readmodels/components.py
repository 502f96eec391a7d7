"""What events about builds and SBOMs add to the tables of components.

An SBOM and a build meet in an artifact, whichever of the two comes first; only when both are there is the
SBOM read, and numbered in the series it belongs to. Its content is no event, but the event names it by its
digest, so the tables are still made of the events alone, as long as the file is there. One that is lost or
cannot be read leaves its artifact without a readable SBOM, and stops nothing.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import orjson
import sqlalchemy as sa

from adapters.database import many
from adapters.database.metadata import BIGINT
from adapters.readmodels import component_runs
from adapters.readmodels.component_tables import BUILD_LISTED, BUILD_SBOM, SBOM_ABOUT, UNSIGNED
from adapters.readmodels.tables import ARTIFACT, BUILD
from domain import sbom_evidence
from domain.build import BuildRecorded
from domain.component import Coordinates
from domain.digest import Digest
from domain.event import Recorded
from domain.evidence import Identity
from domain.sbom_evidence import Piece, SbomEvidence, SbomTold

Inside = Callable[[SbomEvidence], frozenset[Coordinates] | None]
"""Returns what an artifact contains by an SBOM; None when that cannot be read, or is lost."""

_BUILD: sa.BindParameter[int] = sa.bindparam("build", type_=BIGINT)
_ANY = sa.select(SBOM_ABOUT.c.position).limit(1)
_ABOUT = sa.select(
    SBOM_ABOUT.c.artifact,
    SBOM_ABOUT.c.position,
    SBOM_ABOUT.c.evidence,
    SBOM_ABOUT.c.piece,
    SBOM_ABOUT.c.identity,
).where(many.one_of(SBOM_ABOUT.c.artifact))
_MADE = (
    sa.select(BUILD.c.id, BUILD.c.service, BUILD.c.artifacts)
    .join(ARTIFACT, ARTIFACT.c.build_id == BUILD.c.id)
    .where(
        ARTIFACT.c.digest == sa.bindparam("artifact", type_=sa.LargeBinary),
        ARTIFACT.c.build_id < sa.bindparam("before", type_=BIGINT),
    )
    .order_by(BUILD.c.id)
)
_ATTACHED = sa.select(BUILD_SBOM.c.series_id, BUILD_SBOM.c.number, BUILD_SBOM.c.artifact).where(
    BUILD_SBOM.c.build_id == _BUILD
)
_VERIFIED = (
    sa.select(BUILD_SBOM.c.artifact)
    .where(BUILD_SBOM.c.build_id == _BUILD, BUILD_SBOM.c.verified == 1)
    .distinct()
)
_LISTED = sa.select(BUILD_LISTED.c.position).where(BUILD_LISTED.c.build_id == _BUILD)


@dataclass(frozen=True, slots=True)
class Made:
    """A build, and what it made: names with raw digests."""

    id: int
    service: str
    artifacts: tuple[tuple[str, bytes], ...]


def take(connection: sa.Connection, recorded: Sequence[Recorded], inside: Inside) -> None:
    """Take in *recorded*, whose builds are in their tables already; see `Inside` for what it raises."""
    following: _Following | None = None
    for each in recorded:
        match each.event:
            case BuildRecorded(artifacts=made) as event if made:
                following = following or _Following(connection, inside, recorded)
                artifacts = tuple((artifact.name, _raw(artifact.digest)) for artifact in made)
                following.build(Made(each.position, event.service, artifacts))
            case event if (told := sbom_evidence.told(event)) is not None:
                following = following or _Following(connection, inside, recorded)
                following.sbom(told, each.position)


class _Following:
    """Takes in one batch of events, one after the other."""

    def __init__(self, connection: sa.Connection, inside: Inside, recorded: Sequence[Recorded]) -> None:
        self._connection = connection
        self._inside = inside
        self._about = _known_before(connection, recorded)

    def build(self, build: Made) -> None:
        """Attach to a new build the SBOMs that were there first, in the order in which they came."""
        for digest in dict.fromkeys(digest for _, digest in build.artifacts):
            for sbom in self._about.get(digest, ()):
                self._attach(build, digest, sbom, build.id)

    def sbom(self, told: SbomTold, position: int) -> None:
        """Remember what an SBOM is about, and attach it to the builds that were there first."""
        about = sorted(bytes.fromhex(each.hex) for each in told.about if each.algorithm == "sha256")
        piece = told.sbom.piece
        row = {
            "position": position,
            "evidence": _raw(told.sbom.evidence),
            "piece": _place(told.sbom),
            "identity": b"" if piece is None else _packed(piece.identity),
        }
        if about:
            many.insert(self._connection, SBOM_ABOUT, [{"artifact": artifact, **row} for artifact in about])
        for artifact in about:
            self._about[artifact].append(told.sbom)
            for build in _made(self._connection, artifact, position):
                self._attach(build, artifact, told.sbom, position)

    def _attach(self, build: Made, artifact: bytes, sbom: SbomEvidence, position: int) -> None:
        """Take in that *sbom* speaks of *artifact* of *build*: in the series of each name that has."""
        found = self._connection.execute(_ATTACHED, {"build": build.id})
        attached = {(series, number, bytes(digest)) for series, number, digest in found}
        rows = []
        for name in dict.fromkeys(name for name, digest in build.artifacts if digest == artifact):
            stands = self._numbered(build.service, name, sbom, position)
            if stands is None:
                return
            if (stands.series_id, stands.number, artifact) not in attached:
                place = {"series_id": stands.series_id, "number": stands.number, "artifact": artifact}
                more = {"verified": int(sbom.verified), "position": position}
                rows.append({"build_id": build.id, **place, **more})
        if rows:
            many.insert(self._connection, BUILD_SBOM, rows)
        if rows and sbom.verified:
            self._listed(build, position)

    def _numbered(
        self, service: str, name: str, sbom: SbomEvidence, position: int
    ) -> component_runs.Numbered | None:
        """Return where *sbom* stands in its series, newly numbered if need be; None if it cannot be read."""
        place = component_runs.Place(service, name, _raw(sbom.evidence), _place(sbom))
        stands = component_runs.numbered(self._connection, place)
        if stands is not None:
            return stands
        listed = self._inside(sbom)
        if listed is None:
            return None
        return component_runs.record(self._connection, place, inside=listed, position=position)

    def _listed(self, build: Made, position: int) -> None:
        """Take in that all artifacts of *build* have a verified SBOM, once they do."""
        asked = {"build": build.id}
        if self._connection.scalar(_LISTED, asked) is not None:
            return
        verified = {bytes(digest) for digest in self._connection.scalars(_VERIFIED, asked)}
        if verified.issuperset(digest for _, digest in build.artifacts):
            many.insert(self._connection, BUILD_LISTED, [{"build_id": build.id, "position": position}])


def _known_before(
    connection: sa.Connection, recorded: Sequence[Recorded]
) -> defaultdict[bytes, list[SbomEvidence]]:
    """Return the SBOMs that were known before *recorded* about the artifacts that are built in it."""
    known: defaultdict[bytes, list[SbomEvidence]] = defaultdict(list)
    if connection.execute(_ANY).first() is None:
        return known
    built = {
        artifact.digest.hex
        for each in recorded
        if isinstance(each.event, BuildRecorded)
        for artifact in each.event.artifacts
    }
    if built:
        found = many.rows(connection, _ABOUT, ((bytes.fromhex(hex_),) for hex_ in sorted(built)))
        for artifact, _, evidence, piece, identity in sorted(map(tuple, found)):
            known[bytes(artifact)].append(_sbom_evidence(bytes(evidence), piece, bytes(identity)))
    return known


def _made(connection: sa.Connection, artifact: bytes, before: int) -> Iterator[Made]:
    found = connection.execute(_MADE, {"artifact": artifact, "before": before}).all()
    for number, service, listed in found:
        artifacts = tuple((name, bytes.fromhex(digest)) for name, digest, _ in orjson.loads(bytes(listed)))
        yield Made(number, service, artifacts)


def _place(sbom: SbomEvidence) -> int:
    return UNSIGNED if sbom.piece is None else sbom.piece.place


def _sbom_evidence(evidence: bytes, piece: int, identity: bytes) -> SbomEvidence:
    file = Digest(f"sha256:{evidence.hex()}")
    return SbomEvidence(file, None if piece == UNSIGNED else Piece(piece, _unpacked(identity)))


def _packed(identity: Identity) -> bytes:
    return b"".join(_raw(each) for each in (identity.signed, identity.signer, identity.signature))


def _unpacked(packed: bytes) -> Identity:
    signed, signer, signature = (packed[start : start + 32] for start in (0, 32, 64))
    return Identity(*(Digest(f"sha256:{each.hex()}") for each in (signed, signer, signature)))


def _raw(digest: Digest) -> bytes:
    return bytes.fromhex(digest.hex)
