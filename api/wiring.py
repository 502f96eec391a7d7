"""The composition root: the one module that chooses adapters."""

import gc
import secrets
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

from adapters.blobs.folder import FolderBlobs
from adapters.blobs.s3 import S3Blobs
from adapters.clock import utc_now
from adapters.database import schema
from adapters.database.database import Database
from adapters.evidence import builder_table
from adapters.evidence import verifier as engines
from adapters.evidence.layouts import InTotoLayouts
from adapters.evidence.reader import FileReader
from adapters.evidence.verifier import OfflineVerifier
from adapters.identity import when_needed
from adapters.identity.when_needed import WorkloadsWhenNeeded
from adapters.ledger import statement
from adapters.ledger.answers import SqlAnswers
from adapters.ledger.ledger import EventLedger
from adapters.ledger.seal import SealingMapper
from adapters.ledger.sql_recorder import SqlRecorder
from adapters.readmodels import ahead, filling
from adapters.readmodels.projection import PAGE_EVENTS, Projection, placements
from adapters.readmodels.projector import Projector
from adapters.readmodels.reader import ReadModels
from adapters.readmodels.rebuild import Rebuild, Rebuilt
from adapters.sbom.kept import KeptSboms
from adapters.sessions.passing import SqlPassing
from adapters.signing import keyed, keys
from adapters.signing.keyed import HmacDigests
from adapters.signing.keyring import PUBLIC_SUFFIX, Keyring
from api.cursor import Cursors
from api.idempotency import Answer
from api.s3_place import S3Place
from api.services import EvidenceServices, Services
from api.settings import Settings
from domain.actor import Actor, ActorKind, Method
from domain.commands.open_ledger import OpenLedger, open_ledger
from domain.errors import BrokenLedger, KeyUnusable, LedgerUnavailable, NotALedger
from domain.event import SealedEvent
from domain.ports import Blobs, Verifier

COLLECT_AFTER_OBJECTS = 50_000
"""How many objects are made before Python looks for cycles among them; by itself it does after 700.

What a batch makes lives until it is recorded, and is in no cycle: at 700 a thousand reports have the
whole process walked through for them once, a fifth of what they cost.
"""

OPERATOR = Actor(ActorKind.OPERATOR, issuer="shiplog:embedded", subject="operator", method=Method.EMBEDDED)
"""Whoever opens the ledger's files directly: nobody vouched for them, and the record says so."""

CATCH_UP_EVENTS_MAX = 100_000
"""How far behind read models may be for a start to bring them to the head itself: seconds, not minutes."""

AHEAD_EVENTS_MIN = 20_000
"""From how many events on a rebuild has a second process read them: to start it takes as long as to read
some 10,000."""
_READS_AHEAD = (sys.executable, "-P", "-m", "api.ahead")
"""Without the folder it is started in, which may be anybody's."""

Now = Callable[[], datetime]


class Run(Protocol):
    """Rebuilds, tells *progress* each position it reaches; with *check* it only compares."""

    def __call__(self, progress: Callable[[int], None], *, check: bool) -> Rebuilt:
        """Return what was done."""
        ...


@dataclass(frozen=True, slots=True)
class Rebuilding:
    """A ledger whose read models can be made anew."""

    head: int
    """The last position when this was opened."""
    projection: str
    run: Run


def wire(
    settings: Settings, *, now: Now = utc_now, monotonic: Callable[[], float] = time.monotonic
) -> Services:
    """Open the ledger that *settings* name. *monotonic* counts the seconds for which keys are kept.

    Raises `NotALedger` when there is none, `KeyUnusable` when its keys cannot be
    used, `LedgerUnavailable` when the database does not answer.
    """
    gc.set_threshold(COLLECT_AFTER_OBJECTS, 10, 10)
    database = Database(settings.url)
    schema.check(database)
    digests = HmacDigests.from_file(settings.keys_folder / "digest.key")
    signer = _signer(settings)
    kept = _kept(settings)
    ledger, projector = _ledger(signer, database, now, placements(kept.sboms.inside))
    projector.prepare()
    _catch_up(ledger, projector)

    def ready() -> None:
        schema.check(database)
        _keep_up(ledger, projector)
        signer.open()

    read_models = ReadModels(database, projector)
    return Services(
        ledger=ledger,
        placements=read_models,
        evidence=_evidence(kept, read_models),
        digests=digests,
        answers=KeptAnswers(SqlAnswers(database, now=now), secret=digests.derived("answers")),
        passing=SqlPassing(database, now=now),
        workloads=WorkloadsWhenNeeded(kept.blobs.get, monotonic),
        cursors=Cursors(digests.derived("cursors")),
        envelope=_envelope,
        together=database.together,
        ready=ready,
        close=database.close,
    )


def initialise(settings: Settings, *, now: Now = utc_now) -> list[str]:
    """Make whatever the ledger lacks and return what was made; safe to repeat.

    Never replaces a key or a ledger.
    """
    database = Database(settings.url)
    try:
        made = _make_keys(settings, fresh=not _is_ledger(database))
        if not _is_ledger(database):
            _make_folder(settings)
            schema.create(database)
            made.append(f"database {database.url.render_as_string(hide_password=True)}")
        projection = placements(_kept(settings).sboms.inside)
        ledger, projector = _ledger(_signer(settings), database, now, projection)
        projector.prepare()
        command = OpenLedger(
            occurred_at=now(),
            actor=OPERATOR,
            ledger=secrets.token_hex(16),
            public_key=keys.public_pem(_public_key(settings)),
        )
        if open_ledger(command, ledger=ledger) is not None:
            made.append(f"ledger {command.ledger}")
    finally:
        database.close()
    return made


@contextmanager
def sealed_pages(settings: Settings) -> Iterator[Callable[[int, int], Sequence[SealedEvent]]]:
    """Lend what reads stored events after a position, unchecked; needs no key and writes nothing.

    Raises what `wire` raises, but for keys.
    """
    database = Database(settings.url)
    try:
        schema.check(database)
        mapper = SealingMapper(None, nonce=lambda: "")
        ledger = EventLedger(SqlRecorder(database), mapper, now=utc_now)
        yield lambda after, limit: ledger.sealed(after=after, limit=limit)
    finally:
        database.close()


@contextmanager
def rebuilding(settings: Settings, *, now: Now = utc_now) -> Iterator[Rebuilding]:
    """Lend what rebuilds the read models beside whoever uses them; needs no key.

    Raises what `wire` raises, but for keys and for read models that are behind.
    """
    database = Database(settings.url)
    try:
        schema.check(database)
        mapper = SealingMapper(None, nonce=lambda: "")
        ledger = EventLedger(SqlRecorder(database), mapper, now=now)
        head = ledger.prefix(None).position
        projection = placements(_kept(settings).sboms.inside)
        alone = database.in_memory or head < AHEAD_EVENTS_MIN

        def read_ahead(events: int) -> AbstractContextManager[Iterator[filling.Page]]:
            return ahead.reading(_READS_AHEAD, settings.url, events)

        def run(progress: Callable[[int], None], *, check: bool) -> Rebuilt:
            reads_ahead = None if alone else read_ahead
            rebuild = Rebuild(database, projection, ledger, ahead=reads_ahead, progress=progress)
            return rebuild.run(check=check)

        yield Rebuilding(head, projection.name, run)
    finally:
        database.close()


def warm() -> None:
    """Load what is otherwise loaded when it is needed first; for whoever answers many requests."""
    engines.warm()
    when_needed.warm()


def verifier(settings: Settings) -> Verifier:
    """Return what checks signatures with the public keys of *settings* alone."""
    return Keyring.in_folder(settings.keys_folder)


class KeptAnswers:
    """Answers in the database, as the HTTP layer wants them."""

    def __init__(self, answers: SqlAnswers, *, secret: bytes) -> None:
        """Keep them in *answers*, by digests keyed with *secret*."""
        self._answers = answers
        self.secret = secret

    def claim(self, key: str, *, fingerprint: str) -> Answer | None:
        """See `api.idempotency.Answers`."""
        found = self._answers.claim(key, fingerprint=fingerprint)
        return None if found is None else Answer(*found)

    def remember(
        self, key: str, *, fingerprint: str, status: int, headers: Mapping[str, str], body: bytes
    ) -> None:
        """See `api.idempotency.Answers`."""
        self._answers.remember(key, fingerprint=fingerprint, status=status, headers=headers, body=body)

    def release(self, key: str, *, fingerprint: str) -> None:
        """See `api.idempotency.Answers`."""
        self._answers.release(key, fingerprint=fingerprint)


def _catch_up(ledger: EventLedger, projector: Projector) -> None:
    """Bring read models that were left behind to the head, if that is a matter of seconds."""
    _keep_up(ledger, projector, CATCH_UP_EVENTS_MAX)


def _keep_up(ledger: EventLedger, projector: Projector, events_max: int = PAGE_EVENTS) -> None:
    """Refuse read models that are far behind, or ahead; others may append between these looks."""
    before = ledger.prefix(None).position
    reached = projector.keep_up(before, events_max)
    after = ledger.prefix(None).position
    if reached < before:
        raise LedgerUnavailable(
            f"the read models of this version stand at position {reached}, the ledger at {before}:"
            " run `shiplog rebuild` with this version; servers of another version can go on meanwhile"
        )
    if reached > after:
        raise BrokenLedger(f"the read models stand at position {reached}, the ledger only at {after}")


@dataclass(frozen=True, slots=True)
class _Kept:
    """The files of evidence, and what reads them."""

    blobs: Blobs
    reader: FileReader
    sboms: KeptSboms


def _kept(settings: Settings) -> _Kept:
    blobs = _blobs(settings.blobs_place)
    reader = FileReader(lambda content: sboms.taken_in(content))  # noqa: PLW0108 - it comes next
    sboms = KeptSboms(blobs, reader)
    return _Kept(blobs, reader, sboms)


def _blobs(place: Path | S3Place) -> Blobs:
    if isinstance(place, Path):
        return FolderBlobs(place)
    if find_spec("obstore") is None:
        raise LedgerUnavailable("SHIPLOG_BLOBS names an S3 store: pip install 'shiplog[s3]'")
    return S3Blobs(place.bucket, place.prefix, endpoint=place.endpoint, region=place.region)


def _evidence(kept: _Kept, read_models: ReadModels) -> EvidenceServices:
    return EvidenceServices(
        index=read_models,
        blobs=kept.blobs,
        reader=kept.reader,
        layouts=InTotoLayouts(),
        verifier=OfflineVerifier(),
        read_builders=builder_table.read,
        impact=read_models,
        components=read_models,
        sboms=kept.sboms,
    )


def _signer(settings: Settings) -> keys.KeyWhenNeeded:
    return keys.KeyWhenNeeded(lambda: keys.LedgerSigner(settings.key_uri, _public_key(settings)))


def _ledger(
    signer: keys.KeyWhenNeeded, database: Database, now: Now, projection: Projection
) -> tuple[EventLedger, Projector]:
    recorder = SqlRecorder(database)
    mapper = SealingMapper(signer, nonce=lambda: secrets.token_hex(16))
    ledger = EventLedger(recorder, mapper, now=now)
    projector = Projector(database, projection=projection, read_page=ledger.recorded)
    recorder.followers.append(projector)
    return ledger, projector


def _public_key(settings: Settings) -> EllipticCurvePublicKey:
    """Return the public half of the signing key: `ledger.pub.pem`."""
    return keys.read_public(settings.keys_folder / f"ledger{PUBLIC_SUFFIX}")


def _is_ledger(database: Database) -> bool:
    try:
        schema.check(database)
    except NotALedger:
        return False
    return True


def _make_keys(settings: Settings, *, fresh: bool) -> list[str]:
    """Make the keys that are missing; refuses when the ledger they belong to is there already."""
    made = []
    folder = settings.keys_folder
    public, private = folder / f"ledger{PUBLIC_SUFFIX}", folder / "ledger.pem"
    missing = [path for path in (public, folder / "digest.key") if not path.exists()]
    if missing and not fresh:
        raise KeyUnusable(f"the ledger is there, but {missing[0]} is not: restore it from a backup")
    if not public.exists():
        if settings.signing_key:
            raise KeyUnusable(f"put the public half of SHIPLOG_SIGNING_KEY in {public} (PEM) first")
        _make_folder(settings)
        # A private key alone is what an interrupted `init` leaves behind.
        pair = keys.public_of(private) if private.exists() else keys.generate(private)
        keys.write_public(public, pair)
        made.append(f"signing key {private}")
    if not (folder / "digest.key").exists():
        keyed.generate(folder / "digest.key")
        made.append(f"digest key {folder / 'digest.key'}")
    return made


def _make_folder(settings: Settings) -> None:
    Path(settings.home).mkdir(mode=0o700, parents=True, exist_ok=True)


def _envelope(sealed: SealedEvent) -> bytes:
    return statement.envelope(sealed.payload, key_id=sealed.key_id, signature=sealed.signature)
