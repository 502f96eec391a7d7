"""The composition root: the one module that chooses adapters."""

import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

from adapters.clock import utc_now
from adapters.database import schema
from adapters.database.database import Database
from adapters.ledger import statement
from adapters.ledger.answers import SqlAnswers
from adapters.ledger.ledger import EventLedger
from adapters.ledger.seal import SealingMapper
from adapters.ledger.sql_recorder import SqlRecorder
from adapters.readmodels.projector import Projector
from adapters.readmodels.reader import ReadModels
from adapters.signing import keyed, keys
from adapters.signing.keyed import HmacDigests
from adapters.signing.keyring import PUBLIC_SUFFIX, Keyring
from api.cursor import Cursors
from api.idempotency import Answer
from api.services import Services
from api.settings import Settings
from domain.actor import Actor, ActorKind
from domain.commands.open_ledger import OpenLedger, open_ledger
from domain.errors import BrokenLedger, KeyUnusable, LedgerUnavailable, NotALedger
from domain.event import SealedEvent
from domain.ports import Verifier

OPERATOR = Actor(ActorKind.OPERATOR, issuer="shiplog:embedded", subject="operator")
"""Whoever opens the ledger's files directly: nobody vouched for them, and the record says so."""

Now = Callable[[], datetime]


def wire(settings: Settings, *, now: Now = utc_now) -> Services:
    """Open the ledger that *settings* name.

    Raises `NotALedger` when there is none, `KeyUnusable` when its keys cannot be
    used, `LedgerUnavailable` when the database does not answer.
    """
    database = Database(settings.url)
    schema.check(database)
    digests = HmacDigests.from_file(settings.keys_folder / "digest.key")
    signer = _signer(settings)
    ledger, projector = _ledger(signer, database, now)
    _catch_up(ledger, projector)

    def ready() -> None:
        schema.check(database)
        _check_reach(ledger, projector)
        signer.open()

    return Services(
        ledger=ledger,
        placements=ReadModels(database),
        digests=digests,
        answers=KeptAnswers(SqlAnswers(database, now=now), secret=digests.derived("answers")),
        cursors=Cursors(digests.derived("cursors")),
        envelope=_envelope,
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
        ledger, _ = _ledger(_signer(settings), database, now)
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


def verifier(settings: Settings) -> Verifier:
    """Return what checks signatures with the public keys of *settings* alone."""
    return Keyring.in_folder(settings.keys_folder)


class KeptAnswers:
    """Answers in the database, as the HTTP layer wants them."""

    def __init__(self, answers: SqlAnswers, *, secret: bytes) -> None:
        """Keep them in *answers*, by digests keyed with *secret*."""
        self._answers = answers
        self.secret = secret

    def recall(self, key: str) -> Answer | None:
        """See `api.idempotency.Answers`."""
        found = self._answers.recall(key)
        return None if found is None else Answer(*found)

    def remember(self, key: str, *, fingerprint: str, status: int, body: bytes) -> None:
        """See `api.idempotency.Answers`."""
        self._answers.remember(key, fingerprint=fingerprint, status=status, body=body)


def _catch_up(ledger: EventLedger, projector: Projector) -> None:
    """Bring read models that were left behind to the head; refuse ones that are ahead of it."""
    if projector.position() < ledger.prefix(None).position:
        projector.catch_up(ledger.recorded)
    _check_reach(ledger, projector)


def _check_reach(ledger: EventLedger, projector: Projector) -> None:
    """Refuse read models that are behind, or ahead; others may append between these looks."""
    before = ledger.prefix(None).position
    reached = projector.position()
    after = ledger.prefix(None).position
    if reached < before:
        raise LedgerUnavailable(f"the read models stand at position {reached}, the ledger at {before}")
    if reached > after:
        raise BrokenLedger(f"the read models stand at position {reached}, the ledger only at {after}")


def _signer(settings: Settings) -> keys.KeyWhenNeeded:
    return keys.KeyWhenNeeded(lambda: keys.LedgerSigner(settings.key_uri, _public_key(settings)))


def _ledger(signer: keys.KeyWhenNeeded, database: Database, now: Now) -> tuple[EventLedger, Projector]:
    recorder = SqlRecorder(database)
    projector = Projector(database)
    recorder.followers.append(projector)
    mapper = SealingMapper(signer, nonce=lambda: secrets.token_hex(16))
    return EventLedger(recorder, mapper, now=now), projector


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
