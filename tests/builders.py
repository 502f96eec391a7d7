"""Valid values by default, so that a test spells out only what it is about."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import count
from typing import Any, TypeVar

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from adapters.ledger.ledger import EventLedger
from adapters.ledger.memory import MemoryRecorder
from adapters.ledger.recorder import LedgerRecorder
from adapters.ledger.seal import SealingMapper, StatementSigner
from adapters.signing import keys
from adapters.signing.keyed import HmacDigests
from adapters.signing.keyring import Keyring
from domain.actor import Actor, ActorKind
from domain.admission import (
    Attested,
    EvidenceAdmitted,
    EvidenceTurnedDown,
    EvidenceVerified,
    Kind,
    Referenced,
)
from domain.build import Artifact, BuildOutcome, Source
from domain.commands.correct import Correct
from domain.commands.cut_release import CutRelease
from domain.commands.declare import Declare
from domain.commands.open_ledger import OpenLedger, open_ledger
from domain.commands.record import Command, record
from domain.commands.record_build import RecordBuild
from domain.commands.record_config import RecordConfig
from domain.commands.record_deployment import RecordDeployment
from domain.commands.record_heartbeat import RecordHeartbeat
from domain.commands.record_observation import RecordObservation
from domain.commands.record_removal import RecordRemoval
from domain.deployment import DeploymentOutcome
from domain.digest import Digest
from domain.event import Event
from domain.evidence import Format, Reason, Signs
from domain.evidence import Identity as EvidenceIdentity
from domain.identity import Named
from domain.observation import Observed
from domain.ports import Ledger, Receipt
from domain.report import Report
from domain.stream import TRUST, evidence_stream
from domain.target import Target
from domain.trust import BuildersImported, SignerDistrusted
from domain.trust_root import RootKind, TrustRootImported, TrustRootWithdrawn
from domain.verification import CertificateSigner, Engine, KeySigner, LogPlace, TimeSource, TrustedTime
from tests.access import access_events
from tests.policy_events import policy_events

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
CI = Actor(ActorKind.WORKLOAD, "https://ci.example", "repo:acme/payments-api")
COMMIT = "0123456789abcdef0123456789abcdef01234567"
BOT = Named("https://forge.example", "49699333")
MERGER = Named("git", "ann@acme.example")
LEDGER_ID = "00112233445566778899aabbccddeeff"
DIGESTS = HmacDigests(b"a digest key for tests, 32 bytes")


class Clock:
    """A clock that moves only when told to."""

    def __init__(self, at: datetime = NOON) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def advance(self, seconds: float = 1) -> None:
        self.at += timedelta(seconds=seconds)


class Seconds:
    """A count of seconds that goes on only when told to."""

    def __init__(self) -> None:
        self.at = 7.0

    def __call__(self) -> float:
        return self.at

    def advance(self, seconds: float) -> None:
        self.at += seconds


def digest(text: str = "payments-api") -> Digest:
    return Digest.of(text.encode())


def target(text: str = "payments-api@prod") -> Target:
    return Target.parse(text)


def report(text: str = "a report", *, reporter: str | None = None, id: str | None = None) -> Report:  # noqa: A002 - the field's own name
    return Report(fingerprint=digest(text), reporter=reporter, id=id)


def artifact(name: str = "payments-api", content: str | None = None) -> Artifact:
    return Artifact(name=name, digest=digest(content or name))


# -- signing and the ledger


class KeyInMemory:
    """A P-256 key of its own, kept nowhere."""

    def __init__(self, key: ec.EllipticCurvePrivateKey | None = None) -> None:
        self._key = key or ec.generate_private_key(ec.SECP256R1())
        self.public_key = self._key.public_key()
        self.key_id = keys.key_id(self.public_key)

    def sign(self, data: bytes) -> bytes:
        return self._key.sign(data, ec.ECDSA(hashes.SHA256()))


@cache
def signer() -> KeyInMemory:
    """Return the one signer of this session."""
    return KeyInMemory()


def keyring(*signers: KeyInMemory) -> Keyring:
    """Return what verifies events of *signers*; without any, of the session's."""
    return Keyring({each.key_id: each.public_key for each in signers or (signer(),)})


def nonces() -> Callable[[], str]:
    """Return nonces that count instead of surprising."""
    numbers = count(1)
    return lambda: f"{next(numbers):032x}"


def ledger(
    recorder: LedgerRecorder | None = None,
    *,
    clock: Callable[[], datetime] | None = None,
    signed_by: StatementSigner | None = None,
    monotonic: Callable[[], float] | None = None,
) -> EventLedger:
    """Return a ledger in *recorder*; by default in memory, at noon, with the session's key.

    Without *monotonic*, a second passes whenever it counts them.
    """
    mapper = SealingMapper(signed_by or signer(), nonce=nonces())
    seconds = monotonic or count().__next__
    return EventLedger(recorder or MemoryRecorder(), mapper, now=clock or Clock(), monotonic=seconds)


# -- evidence


def an_admission(**changes: Any) -> EvidenceAdmitted:
    file = changes.pop("file", digest("a bundle"))
    referenced = Referenced(
        digest=file,
        size=4711,
        media_type=Kind.SIGNED.media_type,
        download_location=f"/v1/evidence/{file}/content",
        name="payments-api.sigstore.json",
    )
    admitted = EvidenceAdmitted(
        stream=evidence_stream(file),
        version=1,
        occurred_at=NOON,
        actor=CI,
        report=report(f"evidence {file}"),
        kind=Kind.SIGNED,
        references=(referenced,),
        about=(digest(),),
        admission=1,
    )
    return replace(admitted, **changes)


def a_verification(**changes: Any) -> EvidenceVerified:
    """Return what was found out about the first piece of the admitted file: a certificate signed it."""
    file = changes.pop("file", digest("a bundle"))
    certificate = CertificateSigner(
        fingerprint=digest("a certificate"),
        identity="https://github.com/acme/payments-api/.github/workflows/build.yml@refs/heads/main",
        identity_kind="uri",
        issuer="https://token.actions.githubusercontent.com",
        source_repository_uri="https://github.com/acme/payments-api",
        source_repository_id="1001",
        source_repository_owner_id="2002",
    )
    verified = EvidenceVerified(
        stream=evidence_stream(file),
        version=2,
        occurred_at=NOON,
        actor=CI,
        evidence=file,
        place=0,
        format=Format.SIGSTORE_BUNDLE,
        identity=EvidenceIdentity(digest("signed"), digest("a certificate"), digest("a signature")),
        engine=Engine.SIGSTORE,
        root=digest("a root"),
        certificate=certificate,
        times=(TrustedTime(NOON - timedelta(minutes=5), TimeSource.LOG),),
        log=LogPlace(digest("a log"), 1042),
        predicate_type="https://slsa.dev/provenance/v1",
        attested=(Attested(name="payments-api", digests=(("sha256", digest().hex),)),),
    )
    return _told_once(replace(verified, **changes))


def a_refusal(**changes: Any) -> EvidenceTurnedDown:
    file = changes.pop("file", digest("a bundle"))
    refused = EvidenceTurnedDown(
        stream=evidence_stream(file),
        version=3,
        occurred_at=NOON,
        actor=CI,
        evidence=file,
        place=1,
        format=Format.SIGSTORE_BUNDLE,
        reason=Reason.BAD_SIGNATURE,
        words="the signature is not that of the certificate",
        roots=(digest("a root"),),
    )
    return _told_once(replace(refused, **changes))


def a_trusted_root(**changes: Any) -> TrustRootImported:
    imported = TrustRootImported(
        stream=TRUST,
        version=1,
        occurred_at=NOON,
        actor=CI,
        report=report("a root"),
        kind=RootKind.SIGSTORE,
        root=digest("a root"),
        content=digest("a root"),
        name="sigstore",
        source="shipped with sigstore",
    )
    return replace(imported, **changes)


def a_distrust(**changes: Any) -> SignerDistrusted:
    distrusted = SignerDistrusted(
        stream=TRUST,
        version=3,
        occurred_at=NOON,
        actor=CI,
        report=report("a distrust"),
        identity="https://github.com/acme/payments-api/.github/workflows/build.yml@refs/heads/main",
        issuer="https://token.actions.githubusercontent.com",
        since=NOON,
        reason="the workflow was taken over",
    )
    return replace(distrusted, **changes)


def a_withdrawal(**changes: Any) -> TrustRootWithdrawn:
    withdrawn = TrustRootWithdrawn(
        stream=TRUST,
        version=5,
        occurred_at=NOON,
        actor=CI,
        report=report("a withdrawal"),
        root=digest("a root"),
        since=NOON,
        reason="its authority was broken into",
    )
    return replace(withdrawn, **changes)


def builders(**changes: Any) -> BuildersImported:
    imported = BuildersImported(
        stream=TRUST,
        version=6,
        occurred_at=NOON,
        actor=CI,
        report=report("builders"),
        table=digest("a table of builders"),
        source="shipped with shiplog",
    )
    return replace(imported, **changes)


def evidence_events(at: datetime) -> Sequence[Event]:
    """Return events of every topic about evidence and trust, each in every form it has."""
    key, unread = digest("a key"), digest("hostile")
    events: tuple[Event, ...] = (
        a_trusted_root(),
        a_trusted_root(
            version=2,
            report=report("a key"),
            kind=RootKind.KEY,
            root=key,
            content=digest("a key, PEM"),
            name="release key",
            source=None,
            log=digest("a root"),
            key_id="SHA256:release",
            signs=Signs.PAE,
            valid_from=NOON - timedelta(days=1),
            valid_until=NOON + timedelta(days=365),
        ),
        an_admission(),
        a_verification(),
        a_refusal(),
        a_verification(
            version=4,
            place=2,
            engine=Engine.PINNED_KEY,
            root=key,
            log_root=digest("a root"),
            certificate=None,
            key=KeySigner(fingerprint=key),
            predicate_type=None,
            not_a_statement="in-toto 'link' in a metablock",
            attested=(),
        ),
        an_admission(version=5, admission=2, about=(digest("another"),), report=report("for another")),
        a_refusal(file=unread, version=1, place=None, format=None, reason=Reason.TOO_DEEP, roots=()),
        a_distrust(),
        a_distrust(version=4, identity=None, issuer=None, key=key, report=report("another distrust")),
        a_withdrawal(),
        builders(),
        a_trusted_root(
            version=7,
            report=report("a newer root"),
            root=digest("a newer root"),
            content=digest("a newer root"),
            instance="public-good",
        ),
    )
    return [replace(event, occurred_at=at) for event in events]


E = TypeVar("E", EvidenceVerified, EvidenceTurnedDown)


def _told_once(finding: E) -> E:
    return replace(finding, report=Report(fingerprint=finding.natural_key()))


# -- commands

_TOLD: dict[str, Any] = {"occurred_at": NOON, "actor": CI}
_BUILD = RecordBuild(
    **_TOLD,
    service="payments-api",
    build="b-1",
    outcome=BuildOutcome.SUCCEEDED,
    source=Source("https://git.example/acme/payments-api", COMMIT),
    artifacts=(artifact(),),
)
_CONFIG = RecordConfig(**_TOLD, target=target(), plain={"LOG_LEVEL": "info"})
_RELEASE = CutRelease(**_TOLD, target=target(), build="b-1")
_DEPLOYMENT = RecordDeployment(**_TOLD, target=target(), release=1)
_REMOVAL = RecordRemoval(**_TOLD, target=target())
_SEEN = (Observed("payments-api", "main", (digest(),)),)
_OBSERVATION = RecordObservation(**_TOLD, environment="prod", observer="agent-1", running=_SEEN)
_HEARTBEAT = RecordHeartbeat(**_TOLD, environment="prod", observer="agent-1", every=120)
_DECLARATION = Declare(**_TOLD, target=target(), label="v1356", config="git-blob:7f3a")


def a_build(build: str = "b-1", **changes: Any) -> RecordBuild:
    return replace(_BUILD, build=build, **changes)


def a_failed_build(build: str = "b-1", **changes: Any) -> RecordBuild:
    return a_build(build, outcome=BuildOutcome.FAILED, artifacts=(), **changes)


def a_config(**changes: Any) -> RecordConfig:
    return replace(_CONFIG, **changes)


def a_release(build: str = "b-1", **changes: Any) -> CutRelease:
    return replace(_RELEASE, build=build, **changes)


def a_deployment(release: int = 1, **changes: Any) -> RecordDeployment:
    return replace(_DEPLOYMENT, release=release, **changes)


def a_removal(**changes: Any) -> RecordRemoval:
    return replace(_REMOVAL, **changes)


def an_observation(**changes: Any) -> RecordObservation:
    return replace(_OBSERVATION, **changes)


def a_heartbeat(**changes: Any) -> RecordHeartbeat:
    return replace(_HEARTBEAT, **changes)


def a_declaration(label: str | None = "v1356", **changes: Any) -> Declare:
    return replace(_DECLARATION, label=label, **changes)


def a_correction(of: int, **changes: Any) -> Correct:
    return replace(Correct(**_TOLD, of=of, reason="it was not so"), **changes)


def opening(public_key: str | None = None) -> OpenLedger:
    return OpenLedger(NOON, CI, LEDGER_ID, public_key or keys.public_pem(signer().public_key))


def tell(into: Ledger, *commands: Command) -> list[Receipt]:
    """Carry out *commands* one after the other."""
    return [record(command, ledger=into, digests=DIGESTS) for command in commands]


def story() -> Sequence[Command]:
    """Return commands, a second apart, that make events of every topic but the first of a ledger."""
    staging = target("payments-api@staging")
    commands: tuple[Command, ...] = (
        a_build(label="v1357", builder="https://ci.example/builders/1"),
        a_failed_build("b-2"),
        a_config(author="someone", secret={"DB_PASSWORD": "not in the ledger"}),
        a_release(),
        a_deployment(deployment="d-1", outcome=DeploymentOutcome.STARTED, id="run-1", reporter="ci"),
        a_deployment(deployment="d-1"),
        a_config(plain={"LOG_LEVEL": "debug"}),
        a_release(),
        a_deployment(2, deployment="d-2", outcome=DeploymentOutcome.FAILED, reason="it did not start"),
        a_deployment(2, slot="canary"),
        an_observation(),
        an_observation(every=120),
        a_heartbeat(observer="agent-2"),
        an_observation(every=120, running=()),
        a_removal(slot="canary", reason="the trial is over"),
        a_declaration(target=staging, commit=COMMIT, source="https://git.example/acme/deployments"),
        a_declaration(None, config=None, target=staging),
        a_build("b-3", label="v1358", author=BOT, merged_by=MERGER),
        a_deployment(2, deployment="d-3"),
        a_deployment(1, deployment="d-4", rollback=True),
    )
    return [replace(command, occurred_at=NOON + timedelta(seconds=n)) for n, command in enumerate(commands)]


def told_story(into: EventLedger) -> EventLedger:
    """Open *into* and tell it the story; its last deployment was really to another slot.

    Then there is evidence: what is trusted, a file with two pieces, and one that cannot be read. At last
    access changes, in every way it can, and so does the law.
    """
    open_ledger(opening(), ledger=into)
    last = tell(into, *story())[-1]
    later = NOON + timedelta(minutes=1)
    really = a_deployment(1, slot="blue", occurred_at=later)
    tell(into, a_correction(last.position, replacement=really, occurred_at=later))
    into.append(evidence_events(later))
    into.append(access_events(later))
    into.append(policy_events(later))
    return into
