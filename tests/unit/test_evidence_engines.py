"""Each kind of evidence that is right is verified, by the engine that is for it, with the facts it holds."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, NoReturn

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from sigstore.errors import VerificationError
from sigstore.models import Bundle
from sigstore.models import TrustedRoot as LibraryRoot
from sigstore.verify import Verifier
from sigstore.verify.policy import Identity
from sigstore_models.trustroot.v1 import TrustedRoot as RootModel

from adapters.evidence import certified
from adapters.evidence.verifier import OfflineVerifier
from domain.digest import Digest
from domain.evidence import Reason
from domain.evidence_port import Anchor, PinnedKey, TrustedRoot
from domain.verification import CertificateSigner, Engine, Outcome, Refused, TimeSource, Verified
from tests.mini_sigstore import CLAIMS, IDENTITY, IN_TOTO, ISSUER, NOON, MiniSigstore, p256, pem, sign, spki
from tests.mini_sigstore_bundles import (
    ARTIFACT,
    DIGESTS,
    PAYLOAD,
    V0_1,
    V0_2,
    attested,
    signed_file,
    without_proof,
)

AFTERWARDS = NOON + timedelta(days=1)
LONG_AGO = datetime(2024, 3, 1, tzinfo=UTC)


@cache
def mini() -> MiniSigstore:
    return MiniSigstore()


@cache
def trusted() -> TrustedRoot:
    return TrustedRoot(mini().trusted_root())


@cache
def private() -> TrustedRoot:
    """An instance without logs, as GitHub's own is."""
    return TrustedRoot(mini().trusted_root("certificateAuthorities", "timestampAuthorities"))


def outcome(bundle: Any, *anchors: Anchor) -> Outcome:
    (found,) = OfflineVerifier().verify(json.dumps(bundle).encode(), anchors or (trusted(),), at=AFTERWARDS)
    return found


def verified(bundle: Any, *anchors: Anchor) -> Verified:
    found = outcome(bundle, *anchors)
    assert isinstance(found, Verified), found
    return found


def test_an_attestation_with_a_log_entry() -> None:
    leaf = mini().leaf()
    found = verified(attested(mini(), signer=leaf))
    assert (found.engine, found.root) == (Engine.SIGSTORE, trusted().digest)
    assert [(each.instant, each.source) for each in found.times] == [(NOON, TimeSource.LOG)]
    assert found.log is not None
    assert found.log.log == Digest(f"sha256:{mini().log.id.hex()}")
    assert found.statement is not None
    assert found.statement.about(DIGESTS) == found.subjects
    assert found.identity.signer == Digest.of(leaf.der)


def test_every_claim_of_the_certificate_is_a_fact() -> None:
    signer = verified(attested(mini())).signer
    assert isinstance(signer, CertificateSigner)
    assert (signer.identity, signer.identity_kind, signer.issuer) == (IDENTITY, "uri", ISSUER)
    assert (signer.source_repository_id, signer.source_repository_owner_id) == (CLAIMS[15], CLAIMS[17])
    assert (signer.deployment_environment, signer.token_subject) == (CLAIMS[23], CLAIMS[24])
    assert (signer.build_trigger, signer.runner_environment) == (CLAIMS[20], CLAIMS[11])
    assert signer.source_repository_digest == CLAIMS[13]


def test_an_old_certificate_has_an_issuer_and_five_claims() -> None:
    old = [(2, b"push"), (3, b"a" * 40), (4, b"build"), (5, b"acme/app"), (6, b"refs/heads/main")]
    signer = verified(attested(mini(), signer=mini().leaf(claims={}, extra=old))).signer
    assert isinstance(signer, CertificateSigner)
    assert signer.github_workflow_repository == "acme/app"
    assert signer.source_repository_uri is None


@pytest.mark.parametrize(
    ("kind", "stamped", "source"),
    [("dsse/0.0.1", False, TimeSource.LOG), ("hashedrekord/0.0.2", True, TimeSource.TIMESTAMP)],
)
def test_the_library_verifies_what_it_can(kind: str, stamped: bool, source: TimeSource) -> None:
    found = verified(attested(mini(), kind=kind, stamped=stamped))
    assert (found.engine, [each.source for each in found.times]) == (Engine.SIGSTORE, [source])


@pytest.mark.parametrize("kind", ["intoto/0.0.1", "intoto/0.0.2"])
def test_older_entries_are_verified_by_our_own_engine(kind: str) -> None:
    found = verified(attested(mini(), kind=kind))
    assert (found.engine, found.times[0].source) == (Engine.SIGSTORE_LEGACY, TimeSource.LOG)


@pytest.mark.parametrize("kind", ["dsse/0.0.1", "intoto/0.0.1", "intoto/0.0.2"])
def test_a_promise_alone_was_enough_in_the_first_version(kind: str) -> None:
    found = verified(without_proof(attested(mini(), kind=kind, media_type=V0_1)))
    assert (found.engine, found.log) == (Engine.SIGSTORE_LEGACY, None)
    assert [each.source for each in found.times] == [TimeSource.LOG_PROMISE]


def test_a_signed_file_is_its_own_subject() -> None:
    found = verified(signed_file(mini(), media_type=V0_2))
    assert (found.engine, found.statement, found.not_a_statement) == (Engine.SIGSTORE, None, None)
    assert found.subjects[0].digests == (("sha256", DIGESTS["sha256"]),)


def test_the_digest_of_a_signed_file_may_be_stated_by_the_log_alone() -> None:
    assert verified(signed_file(mini(), stated=False)).subjects[0].matches(DIGESTS)


def test_a_signed_file_with_a_promise_alone() -> None:
    assert verified(without_proof(signed_file(mini(), media_type=V0_1))).engine == Engine.SIGSTORE_LEGACY


@pytest.mark.parametrize(
    "key",
    [
        ec.generate_private_key(ec.SECP384R1()),
        ec.generate_private_key(ec.SECP521R1()),
        ed25519.Ed25519PrivateKey.generate(),
        rsa.generate_private_key(65537, 2048),
    ],
    ids=["p384", "p521", "ed25519", "rsa"],
)
def test_keys_that_the_library_does_not_know(key: Any) -> None:
    assert verified(attested(mini(), signer=mini().leaf(key=key))).engine == Engine.SIGSTORE_LEGACY


def test_a_large_curve_may_sign_a_hash_of_its_own_size() -> None:
    key = ec.generate_private_key(ec.SECP384R1())
    message = b"DSSEv1 28 application/vnd.in-toto+json %d %s" % (len(PAYLOAD), PAYLOAD)
    signature = sign(key, message, hashes.SHA384())
    found = verified(attested(mini(), signer=mini().leaf(key=key), signature=signature))
    assert found.engine == Engine.SIGSTORE_LEGACY


def test_an_instance_without_logs_needs_a_timestamp() -> None:
    leaf = mini().leaf(logged=False)
    found = verified(attested(mini(), signer=leaf, kind=None, stamped=True), private())
    assert (found.engine, found.log) == (Engine.TIMESTAMPED, None)
    assert [(each.instant, each.source) for each in found.times] == [(NOON, TimeSource.TIMESTAMP)]


@pytest.mark.parametrize("kind", [None, "dsse/0.0.1", "intoto/0.0.2", "hashedrekord/0.0.2"])
def test_a_pinned_key(kind: str | None) -> None:
    key = p256()
    found = verified(attested(mini(), signer=key, kind=kind), PinnedKey(pem(key), log=trusted()))
    assert (found.engine, found.root) == (Engine.PINNED_KEY, Digest.of(spki(key)))
    assert bool(found.times) == (kind in ("dsse/0.0.1", "intoto/0.0.2"))
    assert found.log_root == (trusted().digest if kind else None)


def test_without_a_root_nothing_is_said_about_a_pinned_keys_log() -> None:
    key = p256()
    found = verified(attested(mini(), signer=key), PinnedKey(pem(key)))
    assert (found.times, found.log, found.log_root) == ((), None, None)


@pytest.mark.parametrize("key", [p256(), ed25519.Ed25519PrivateKey.generate()], ids=["p256", "ed25519"])
def test_a_bare_envelope_under_a_pinned_key(key: Any) -> None:
    envelope = attested(mini(), signer=key, kind=None)["dsseEnvelope"]
    assert verified(envelope, PinnedKey(pem(key))).times == ()


def test_the_first_root_that_can_verify_is_named() -> None:
    stranger = TrustedRoot(MiniSigstore().trusted_root())
    assert verified(attested(mini()), stranger, trusted()).root == trusted().digest


@pytest.mark.parametrize(
    ("kind", "stamped"), [("dsse/0.0.1", False), ("dsse/0.0.1", True), ("hashedrekord/0.0.2", True)]
)
def test_the_library_alone_agrees_that_the_miniature_is_right(kind: str, stamped: bool) -> None:
    # Untouched by what we override; long ago, because it asks the clock whether keys have come into use.
    long_ago = MiniSigstore(now=LONG_AGO, start=LONG_AGO - timedelta(days=1))
    root = RootModel.from_json(long_ago.trusted_root())
    verifier = Verifier(trusted_root=LibraryRoot(root))
    expected = Identity(identity=IDENTITY, issuer=ISSUER)
    bundle = Bundle.from_json(json.dumps(attested(long_ago, kind=kind, stamped=stamped)))
    assert verifier.verify_dsse(bundle, expected) == (IN_TOTO, PAYLOAD)
    file = Bundle.from_json(json.dumps(signed_file(long_ago)))
    verifier.verify_artifact(ARTIFACT, file, expected)
    with pytest.raises(VerificationError):
        verifier.verify_artifact(b"another", file, expected)


def test_the_same_outcome_from_many_threads() -> None:
    verifier = OfflineVerifier()
    contents = [json.dumps(attested(mini(), kind=kind)).encode() for kind in ("dsse/0.0.1", "intoto/0.0.2")]
    alone = [verifier.verify(each, (trusted(),), at=AFTERWARDS) for each in contents]
    with ThreadPoolExecutor(8) as pool:
        together = pool.map(
            lambda n: verifier.verify(contents[n % 2], (trusted(),), at=AFTERWARDS), range(64)
        )
        assert list(together) == alone * 32


class PanicException(BaseException):
    pass


@pytest.mark.parametrize("raised", [PanicException("index out of bounds"), RecursionError(), MemoryError()])
def test_whatever_a_library_raises_is_a_refusal(
    raised: BaseException, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> NoReturn:
        raise raised

    monkeypatch.setattr(certified, "verify", fail)
    found = outcome(attested(mini()))
    assert isinstance(found, Refused)
    assert found.reason is Reason.NOT_VERIFIED


def test_an_interrupt_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> NoReturn:
        raise KeyboardInterrupt

    monkeypatch.setattr(certified, "verify", interrupt)
    with pytest.raises(KeyboardInterrupt):
        outcome(attested(mini()))
