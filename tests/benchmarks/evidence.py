"""How long it takes to verify evidence, warm: `python -m tests.benchmarks.evidence`.

Real bundles where the shared collection is beside the project, those of the tests' miniature elsewhere.
Processor time of one thread, the best of several rounds; the rate is of one process with a few threads, by
the clock on the wall. Beside each, the library alone on the same bundle, its trusted root opened once; and
the `sigstore` and `cosign` command lines, the latter where it is on PATH.
"""

import json
import sys
from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from time import perf_counter, thread_time

from sigstore.models import Bundle, TrustedRoot
from sigstore.verify import Verifier
from sigstore.verify.policy import Identity
from sigstore_models.trustroot.v1 import TrustedRoot as RootModel

from adapters.evidence.verifier import OfflineVerifier
from domain import evidence_port
from domain.evidence_port import Anchor, PinnedKey
from domain.verification import CertificateSigner, Verified
from tests.benchmarks import evidence_beside
from tests.benchmarks.figures import Figure, command
from tests.corpus import cases
from tests.mini_sigstore import NOON, MiniSigstore, p256, pem
from tests.mini_sigstore_bundles import V0_1, attested, without_proof

AT = datetime(2026, 11, 20, tzinfo=UTC)
ROUNDS, QUICK_ROUNDS = 40, 10
EACH = 25
THREADS = 4
RATE_SECONDS, QUICK_RATE_SECONDS = 10.0, 3.0
_V1 = "slsa-verifier/cli/slsa-verifier/testdata/bcr/MODULE.bazel.intoto.jsonl"
_V2 = "sigstore-python/test/assets/a.dsse.staging-rekor-v2.txt.sigstore.json"


def measured(asked: Namespace) -> Iterator[Figure]:
    """Measure each kind of evidence, then the rate of one process."""
    rounds = QUICK_ROUNDS if asked.quick else ROUNDS
    verifier = OfflineVerifier()

    def ours(content: bytes, anchor: Anchor) -> Callable[[], object]:
        (found,) = verifier.verify(content, (anchor,), at=AT)
        assert isinstance(found, Verified), found
        return lambda: verifier.verify(content, (anchor,), at=AT)

    source, v1, v2 = _evidence()
    for name, (content, root), at_most in (("Rekor v1", v1, 2.0), ("Rekor v2 and a timestamp", v2, 5.0)):
        took = _milliseconds(ours(content, root), rounds)
        yield Figure(
            f"evidence: {name}, verified",
            took,
            "ms",
            on=source,
            baseline=_milliseconds(_library(content, root), rounds),
            beside="sigstore-python alone",
            at_most=at_most,
            processor=took * 1000,
        )
        yield from _command_lines(name, source, content, root, warm=took, rounds=3 if asked.quick else 10)
    mini, key = MiniSigstore(now=NOON), p256()
    root = evidence_port.TrustedRoot(mini.trusted_root())
    private = evidence_port.TrustedRoot(mini.trusted_root("certificateAuthorities", "timestampAuthorities"))
    stamped = attested(mini, signer=mini.leaf(logged=False), kind=None, stamped=True)
    others: Sequence[tuple[str, object, Anchor]] = (
        ("an intoto entry", attested(mini, kind="intoto/0.0.2"), root),
        ("a promise alone", without_proof(attested(mini, media_type=V0_1)), root),
        ("a timestamp alone", stamped, private),
        ("a pinned key", attested(mini, signer=key, kind=None)["dsseEnvelope"], PinnedKey(pem(key))),
    )
    for name, evidence, anchor in others:
        took = _milliseconds(ours(json.dumps(evidence).encode(), anchor), rounds)
        yield Figure(f"evidence: {name}, verified", took, "ms", on="miniature", processor=took * 1000)
    seconds = QUICK_RATE_SECONDS if asked.quick else RATE_SECONDS
    call = ours(*v1)
    alone = _rate(call, 1, seconds)
    yield Figure(
        f"evidence: bundles verified by one process with {THREADS} threads",
        _rate(call, THREADS, seconds),
        "bundles/s",
        on=source,
        baseline=alone,
        beside="one thread",
        at_least=500,
    )


def _command_lines(
    name: str, source: str, content: bytes, root: evidence_port.TrustedRoot, *, warm: float, rounds: int
) -> Iterator[Figure]:
    """Measure whole processes, ours and others', on the bundle that one more of takes us *warm* ms."""
    (found,) = OfflineVerifier().verify(content, (root,), at=AT)
    assert isinstance(found, Verified)
    with evidence_beside.given(content, root, found, AT.isoformat()) as files:
        alone = evidence_beside.milliseconds(evidence_beside.ours(files), files, rounds)
        others = {"sigstore": evidence_beside.sigstore(files), "cosign": evidence_beside.cosign(files)}
        for other, line in others.items():
            if line is None:
                continue
            took = evidence_beside.milliseconds(line, files, rounds)
            beside = f"the {other} command line"
            yield Figure(
                f"evidence: {name}, one more in a server, beside {other}",
                warm,
                "ms",
                on=source,
                baseline=took,
                beside=beside,
            )
            yield Figure(
                f"evidence: {name}, in a process of its own, beside {other}",
                alone,
                "ms",
                on=source,
                baseline=took,
                beside=beside,
                processor=alone * 1000,
            )


def _evidence() -> tuple[
    str, tuple[bytes, evidence_port.TrustedRoot], tuple[bytes, evidence_port.TrustedRoot]
]:
    """Return where the bundles are from, one of Rekor v1 and one of v2, each with its root."""
    if cases.FOLDER.is_dir():
        v1, v2 = ((cases.FOLDER / path).read_bytes() for path in (_V1, _V2))
        return "real bundles", (v1, cases.root("prod")), (v2, cases.root("staging"))
    mini = MiniSigstore(now=NOON)
    root = evidence_port.TrustedRoot(mini.trusted_root())
    made = (attested(mini), attested(mini, kind="hashedrekord/0.0.2", stamped=True))
    v1, v2 = (json.dumps(each).encode() for each in made)
    return "miniature", (v1, root), (v2, root)


def _library(content: bytes, root: evidence_port.TrustedRoot) -> Callable[[], object]:
    """Return the library's own verification, with the trusted root opened."""
    verifier = Verifier(trusted_root=TrustedRoot(RootModel.from_json(root.content)))
    (found,) = OfflineVerifier().verify(content, (root,), at=AT)
    assert isinstance(found, Verified)
    assert isinstance(found.signer, CertificateSigner)
    expected = Identity(identity=found.signer.identity, issuer=found.signer.issuer)
    return lambda: verifier.verify_dsse(Bundle.from_json(content), expected)


def _milliseconds(call: Callable[[], object], rounds: int) -> float:
    """Return the processor time of one call, in the round that was disturbed least."""
    best = float("inf")
    for _ in range(rounds):
        begun = thread_time()
        for _ in range(EACH):
            call()
        best = min(best, (thread_time() - begun) / EACH)
    return best * 1000


def _rate(call: Callable[[], object], threads: int, seconds: float) -> float:
    """Return calls per second of that many threads together."""
    begun = perf_counter()

    def work(_: int) -> int:
        done = 0
        while perf_counter() - begun < seconds:
            call()
            done += 1
        return done

    with ThreadPoolExecutor(threads) as pool:
        done = sum(pool.map(work, range(threads)))
    return done / (perf_counter() - begun)


if __name__ == "__main__":
    sys.exit(command(measured, __doc__))
