"""Verifying a bundle beside the command lines that others do it with: each of them a process of its own.

Everything is processor time of whole processes, the least of several, so that what else runs here does not
count; every one is given the same bundle, the same trusted root and nothing from a network, and must accept.
"""

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from domain.evidence_port import TrustedRoot
from domain.verification import CertificateSigner, TimeSource, Verified

REPOSITORY = Path(__file__).parents[2]
# What our own verifier takes in a process that does nothing else.
_OURS = """
import sys
from datetime import datetime
from pathlib import Path
from adapters.evidence.verifier import OfflineVerifier
from domain.evidence_port import TrustedRoot
from domain.verification import Verified
bundle, root, at = sys.argv[1:]
anchors = (TrustedRoot(Path(root).read_bytes()),)
found = OfflineVerifier().verify(Path(bundle).read_bytes(), anchors, at=datetime.fromisoformat(at))
sys.exit(not all(isinstance(each, Verified) for each in found))
"""
_EMPTY_SIGNING_CONFIG = {
    "mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json",
    "caUrls": [],
    "oidcUrls": [],
    "rekorTlogUrls": [],
    "rekorTlogConfig": {"selector": "ANY"},
    "tsaUrls": [],
    "tsaConfig": {"selector": "ANY"},
}


@dataclass(frozen=True, slots=True)
class Given:
    """A bundle and its root as files, and who must have signed what."""

    folder: Path
    signer: CertificateSigner
    sha256: str
    predicate_type: str
    at: str
    stamped: bool
    """Whether a timestamp authority says when, which cosign only looks at when told."""

    @property
    def identity(self) -> Sequence[str]:
        """Who must have signed, as both command lines are told but for the options' names."""
        return self.signer.identity, self.signer.issuer

    def file(self, name: str) -> str:
        """Return where that file is."""
        return str(self.folder / name)


@contextmanager
def given(content: bytes, root: TrustedRoot, found: Verified, at: str) -> Iterator[Given]:
    """Lend the bundle *content*, which was *found* to be good under *root*, as files."""
    assert isinstance(found.signer, CertificateSigner)
    assert found.statement is not None
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "bundle.json").write_bytes(content)
        (folder / "root.json").write_bytes(root.content)
        config = {
            "mediaType": "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json",
            "trustedRoot": json.loads(root.content),
            "signingConfig": _EMPTY_SIGNING_CONFIG,
        }
        (folder / "config.json").write_text(json.dumps(config))
        sha256 = dict(found.subjects[0].digests)["sha256"]
        stamped = any(each.source is TimeSource.TIMESTAMP for each in found.times)
        yield Given(folder, found.signer, sha256, found.statement.predicate_type, at, stamped)


def ours(files: Given) -> Sequence[str]:
    """Return the command that verifies by this project's engines."""
    return [sys.executable, "-c", _OURS, files.file("bundle.json"), files.file("root.json"), files.at]


def sigstore(files: Given) -> Sequence[str]:
    """Return the command line of sigstore-python, which comes with the package."""
    identity, issuer = files.identity
    return [
        *(sys.executable, "-m", "sigstore", "--trust-config", files.file("config.json")),
        *("verify", "identity", "--offline", "--bundle", files.file("bundle.json")),
        *("--cert-identity", identity, "--cert-oidc-issuer", issuer, f"sha256:{files.sha256}"),
    ]


def cosign(files: Given) -> Sequence[str] | None:
    """Return the command line of cosign (v2.5 or later); None where it is not on PATH."""
    program = shutil.which("cosign")
    if program is None:
        return None
    identity, issuer = files.identity
    return [
        *(program, "verify-blob-attestation", "--new-bundle-format", "--bundle", files.file("bundle.json")),
        *("--trusted-root", files.file("root.json"), "--type", files.predicate_type),
        *("--certificate-identity", identity, "--certificate-oidc-issuer", issuer),
        *("--digest", files.sha256, "--digestAlg", "sha256"),
        *(("--use-signed-timestamps",) if files.stamped else ()),
    ]


def milliseconds(command: Sequence[str], files: Given, rounds: int) -> float:
    """Return the processor time of one run of *command*, the least of several; it must accept."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(files.folder), "PYTHONPATH": str(REPOSITORY)}
    best = float("inf")
    for _ in range(rounds):
        before = _children()
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - known programs, our files
        assert done.returncode == 0, done.stderr
        best = min(best, _children() - before)
    return best * 1000


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
