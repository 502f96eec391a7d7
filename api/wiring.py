"""The composition root: the one module that chooses adapters."""

import gc
import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

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
from adapters.identity.sign_on_when_needed import ProviderSettings, ProviderWhenNeeded
from adapters.identity.when_needed import WorkloadsWhenNeeded
from adapters.ledger import codec, statement
from adapters.ledger.answers import SqlAnswers
from adapters.ledger.following import SqlFollowing
from adapters.ledger.ledger import EventLedger
from adapters.ledger.seal import SealingMapper
from adapters.ledger.sql_recorder import SqlRecorder
from adapters.readmodels import ahead, filling
from adapters.readmodels.projection import PAGE_EVENTS, Projection, placements
from adapters.readmodels.projector import Projector
from adapters.readmodels.reader import ReadModels
from adapters.readmodels.rebuild import Rebuild, Rebuilt
from adapters.sbom.kept import KeptSboms
from adapters.sessions.names import SqlPeopleNames
from adapters.sessions.passing import SqlPassing
from adapters.sessions.token_uses import SqlTokenUses
from adapters.signing import keyed, keys
from adapters.signing.keyed import HmacDigests
from adapters.signing.keyring import PUBLIC_SUFFIX, Keyring
from adapters.webhooks.deliveries import SqlDeliveries
from adapters.webhooks.keys import WebhookKeys
from adapters.webhooks.sending import Sender
from api import reader
from api.access.last_used import LastUsed
from api.cursor import Cursors
from api.following import Waiting
from api.idempotency import Answer
from api.loaded_policies import LoadedPolicies
from api.people.local import LocalLogin
from api.people.origin import Origin
from api.people.people import People, Way
from api.people.sessions import Sessions
from api.people.sign_on import CALLBACK, PATH, SignOn
from api.s3_place import S3Place
from api.services import EvidenceServices, Services
from api.settings import Settings
from api.webhooks.courier import Courier
from api.webhooks.ports import Webhooks
from domain.actor import Actor, ActorKind, Method
from domain.commands.open_ledger import OpenLedger, open_ledger
from domain.errors import BrokenLedger, KeyUnusable, LedgerUnavailable, MalformedPolicy, NotALedger
from domain.event import SealedEvent
from domain.policy.trying import TryingEngine
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

WEBHOOK_KEY = "webhook.key"
"""In the folder of keys: what the key pairs of webhooks are made from."""

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
    """Open the ledger that *settings* name.

    *monotonic* counts the seconds for which keys are kept and somebody waits for events, and within which
    what is recent is not looked up again.

    Raises `NotALedger` when there is none, `KeyUnusable` when its keys cannot be
    used, `LedgerUnavailable` when the database does not answer.
    """
    gc.set_threshold(COLLECT_AFTER_OBJECTS, 10, 10)
    database = Database(settings.url)
    schema.check(database)
    digests = HmacDigests.from_file(settings.keys_folder / "digest.key")
    signer = _signer(settings)
    kept = _kept(settings)
    recorder = SqlRecorder(database)
    ledger, projector = _ledger(signer, recorder, now, placements(kept.sboms.inside), monotonic)
    projector.prepare()
    _catch_up(ledger, projector)

    def ready() -> None:
        schema.check(database)
        _keep_up(ledger, projector)
        signer.open()

    read_models = ReadModels(database, projector)
    following = SqlFollowing(recorder)
    beside = ThreadPoolExecutor(1, "beside")  # its thread begins when there is something to do

    def close() -> None:
        following.close()
        beside.shutdown()
        database.close()

    return Services(
        ledger=ledger,
        placements=read_models,
        evidence=_evidence(kept, read_models),
        digests=digests,
        answers=KeptAnswers(SqlAnswers(database, now=now), secret=digests.derived("answers")),
        passing=_passing(database, digests, now),
        people=_people(settings, database, digests, now, monotonic),
        workloads=WorkloadsWhenNeeded(kept.blobs.get, monotonic),
        token_uses=LastUsed(SqlTokenUses(database), now=now, beside=beside.submit),
        webhooks=_webhooks(settings, database, now),
        cursors=Cursors(digests.derived("cursors")),
        waiting=Waiting(following, places=settings.threads // 2, monotonic=monotonic),
        envelope=_envelope,
        policies=policy_engine,
        loaded_policies=LoadedPolicies(policy_engine, kept.blobs),
        together=database.together,
        ready=ready,
        close=close,
    )


def courier(services: Services) -> Courier:
    """Return what tells webhooks, under a name that no other process has."""
    return Courier(
        services.ledger, services.webhooks, name=secrets.token_hex(8), chance=secrets.SystemRandom().random
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
        ledger, projector = _ledger(_signer(settings), SqlRecorder(database), now, projection)
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
def rebuilding(
    settings: Settings, *, now: Now = utc_now, started: reader.Reader | None = None
) -> Iterator[Rebuilding]:
    """Lend what rebuilds the read models beside whoever uses them; needs no key.

    Of a large ledger, *started* reads the events, or else a process that is started when it is needed.
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
            return ahead.reading(started or reader.start(), settings.url, events)

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


@cache
def policy_engine() -> TryingEngine:
    """Return what loads and evaluates policies; raises `MalformedPolicy` when the extra for it is missing."""
    if find_spec("cel_expr_python") is None or find_spec("yaml") is None:
        raise MalformedPolicy("policies need more than is installed: pip install 'shiplog[gate]'")
    from adapters.policy.engine import CelEngine  # noqa: PLC0415 - it is an extra, and takes its time to load

    return CelEngine()


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


def _passing(database: Database, digests: HmacDigests, now: Now) -> SqlPassing:
    return SqlPassing(database, now=now, secret=digests.derived("passing"))


def _people(
    settings: Settings,
    database: Database,
    digests: HmacDigests,
    now: Now,
    monotonic: Callable[[], float],
) -> People:
    passing = _passing(database, digests, now)
    names = SqlPeopleNames(database, secret=digests.derived("names"))
    sign_on = _sign_on(settings, passing, digests, now, monotonic)
    return People(
        sessions=Sessions(passing, names, keyed=digests.person, now=now),
        names=names,
        local=LocalLogin(passing, keyed=digests.person, now=now),
        origin=Origin(settings.public_url),
        sign_on=sign_on,
        ways=() if sign_on is None else (Way(f"Log in at {urlsplit(sign_on.issuer).netloc}", PATH),),
    )


def _sign_on(
    settings: Settings,
    passing: SqlPassing,
    digests: HmacDigests,
    now: Now,
    monotonic: Callable[[], float],
) -> SignOn | None:
    if not settings.oidc_issuer:
        return None
    if find_spec("authlib") is None:
        raise LedgerUnavailable("SHIPLOG_OIDC_ISSUER is set: pip install 'shiplog[sso]'")
    provider = ProviderSettings(
        issuer=settings.oidc_issuer,
        client_id=settings.oidc_client_id,
        client_secret=settings.oidc_client_secret,
        scopes=settings.oidc_scopes,
        groups_claim=settings.oidc_groups,
        redirect_uri=settings.public_url + CALLBACK,
    )
    return SignOn(ProviderWhenNeeded(provider, monotonic), passing, keyed=digests.person, now=now)


def _webhooks(settings: Settings, database: Database, now: Now) -> Webhooks:
    def secret() -> bytes:
        return HmacDigests.from_file(settings.keys_folder / WEBHOOK_KEY, "webhook key").derived("webhooks")

    return Webhooks(
        deliveries=SqlDeliveries(database, now=now),
        sender=Sender(settings.webhook_networks.networks, now=now),
        keys=WebhookKeys(secret),
        topics=frozenset(codec.TOPICS),
    )


def _signer(settings: Settings) -> keys.KeyWhenNeeded:
    return keys.KeyWhenNeeded(lambda: keys.LedgerSigner(settings.key_uri, _public_key(settings)))


def _ledger(
    signer: keys.KeyWhenNeeded,
    recorder: SqlRecorder,
    now: Now,
    projection: Projection,
    monotonic: Callable[[], float] = time.monotonic,
) -> tuple[EventLedger, Projector]:
    mapper = SealingMapper(signer, nonce=lambda: secrets.token_hex(16))
    ledger = EventLedger(recorder, mapper, now=now, monotonic=monotonic)
    projector = Projector(recorder.database, projection=projection, read_page=ledger.recorded)
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
    if not (folder / WEBHOOK_KEY).exists():  # may be given up for another, unlike the others
        keyed.generate(folder / WEBHOOK_KEY)
        made.append(f"webhook key {folder / WEBHOOK_KEY}")
    return made


def _make_folder(settings: Settings) -> None:
    Path(settings.home).mkdir(mode=0o700, parents=True, exist_ok=True)


def _envelope(sealed: SealedEvent) -> bytes:
    return statement.envelope(sealed.payload, key_id=sealed.key_id, signature=sealed.signature)
