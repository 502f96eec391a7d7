"""Evidence that nobody here wrote, with what its origin expects of it; absent where it is absent.

A case names one piece of a file, what may be trusted for it, and what must be true for it to count. The
verifier finds facts; `wrong` holds them against what the case's origin knows.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from adapters.evidence.verifier import OfflineVerifier
from domain import instant
from domain.evidence import Signs
from domain.evidence_port import Anchor, PinnedKey, TrustedRoot
from domain.statement import matching
from domain.verification import CertificateSigner, Outcome, Refused, Verified

FOLDER = Path(__file__).parents[3] / "shared" / "corpus"
ABSENT = f"the evidence of others is not at {Path('..', 'shared', 'corpus')} beside the project"
AT = datetime(2026, 11, 20, tzinfo=UTC)
"""As of when everything is judged; after every case was signed."""

_DERIVED = FOLDER / "_derived"
_ROOTS = {
    "prod": "sigstore-prod.trusted_root.from-4.5.1.json",
    "staging": "sigstore-staging.trusted_root.from-4.5.1.json",
    "github": "github-internal.trusted_root.2026-07.json",
    "scaffolding": "sigstore-go-scaffolding.trusted_root.json",
}
_NPM_KEYS = _DERIVED / "npm-registry-keys.json"
_GCB_KEYS = FOLDER / "slsa-verifier/verifiers/internal/gcb/keys/materials"
_GCB_RING = "projects/verified-builder/locations/{}/keyRings/attestor/cryptoKeys/{}/cryptoKeyVersions/1"

VERIFIER = OfflineVerifier()


@dataclass(frozen=True)
class Case:
    """One row of `cases.json`."""

    row: Mapping[str, Any]

    @property
    def id(self) -> str:
        return str(self.row["id"])

    @property
    def valid(self) -> bool:
        return bool(self.row["expect"] == "valid")


def listed() -> list[Case]:
    """Return every case; none where the folder is absent."""
    path = FOLDER / "cases.json"
    return [Case(row) for row in json.loads(path.read_bytes())] if path.is_file() else []


def needed() -> pytest.MarkDecorator:
    """Skip, saying why, where the folder is absent."""
    return pytest.mark.skipif(not FOLDER.is_dir(), reason=ABSENT)


def content(case: Case) -> bytes:
    """Return the file; where a case is an entry of a list that is no evidence itself, the entry."""
    raw = _bytes(case.row["path"])
    if "rel" in case.row:
        return json.dumps(_releases(case.row["path"])[case.row["rel"]]["raw"]["sigstore"]).encode()
    if "line" in case.row:
        return raw.splitlines()[int(case.row["line"])]
    return raw


def _bytes(path: str) -> bytes:
    return (FOLDER / path).read_bytes()


@cache
def _releases(path: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(_bytes(path))
    return found


def outcome(case: Case, at: datetime = AT) -> Outcome:
    """Return what the verifier says of the case's piece."""
    outcomes = VERIFIER.verify(content(case), anchors(case), at=at)
    if "npm" in case.row and len(outcomes) > 1:
        return outcomes[int(case.row["npm"])]
    if "gcb" in case.row:  # its files hold the same provenance in two versions, and one of them suffices
        return next((each for each in outcomes if isinstance(each, Verified)), outcomes[0])
    return next((each for each in outcomes if isinstance(each, Refused)), outcomes[0])


def wrong(case: Case, at: datetime = AT) -> str | None:
    """Say how the piece does not count, though the case's origin may say it does; None when it counts."""
    found = outcome(case, at)
    if isinstance(found, Refused):
        return f"{found.reason}: {found.words}"
    return _missing(case, found)


def _missing(case: Case, found: Verified) -> str | None:
    """Say what the case demands and the facts do not have."""
    row = case.row
    if found.statement is None and found.not_a_statement is not None and not _need_not_be_a_statement(row):
        return f"not a statement: {found.not_a_statement}"
    if (artifact := _artifact(row)) is not None and not matching(found.subjects, artifact):
        return "it is about something else"
    if "identity" in row:
        signer = found.signer
        if not isinstance(signer, CertificateSigner) or (signer.identity, signer.issuer) != (
            row["identity"],
            row["issuer"],
        ):
            return f"signed by {signer}"
    return None


def _need_not_be_a_statement(row: Mapping[str, Any]) -> bool:
    return bool(row.get("notstmt"))


def _artifact(row: Mapping[str, Any]) -> Mapping[str, str] | None:
    if "digest" in row:
        return {"sha256": row["digest"]}
    if "artifact" in row:
        raw = _bytes(row["artifact"])
        return {name: hashlib.new(name, raw).hexdigest() for name in ("sha256", "sha384", "sha512", "sha1")}
    return None


def anchors(case: Case) -> Sequence[Anchor]:
    """Return what may be trusted for the case."""
    row = case.row
    if "gcb" in row:
        return _google_cloud_build_keys()
    if "dssekey" in row:
        return (PinnedKey(_bytes(row["dssekey"]), key_id=row["keyid"]),)
    trusted = root(row["root"])
    return (*npm_keys(trusted), trusted) if row.get("npmkey") else (trusted,)


@cache
def root(name: str) -> TrustedRoot:
    """Return the trusted root of that name or path."""
    path = _DERIVED / _ROOTS[name] if name in _ROOTS else FOLDER / name
    return TrustedRoot(path.read_bytes())


def npm_keys(trusted: TrustedRoot) -> tuple[PinnedKey, ...]:
    """Return npm's keys as its TUF repository publishes them."""

    def when(said: Mapping[str, str], name: str) -> datetime | None:
        return instant.parse(said[name]) if name in said else None

    return tuple(
        PinnedKey(
            _pem(key["publicKey"]["rawBytes"]),
            key_id=key["keyId"],
            valid_from=when(key["publicKey"]["validFor"], "start"),
            valid_until=when(key["publicKey"]["validFor"], "end"),
            log=trusted,
        )
        for key in json.loads(_NPM_KEYS.read_bytes())["keys"]
        if key["keyUsage"] == "npm:attestations"
    )


def _pem(base64: str) -> bytes:
    return f"-----BEGIN PUBLIC KEY-----\n{base64}\n-----END PUBLIC KEY-----\n".encode()


@cache
def _google_cloud_build_keys() -> tuple[PinnedKey, ...]:
    """Return Google's keys: by region over the bare payload, and its later ones over the PAE."""
    found = []
    for path in sorted(_GCB_KEYS.glob("*.key")):
        if path.stem.startswith("global-pae-"):
            ring = _GCB_RING.format("global", path.stem.removeprefix("global-pae-").removesuffix("_1"))
            found.append(PinnedKey(path.read_bytes(), key_id=ring))
        elif path.stem != "global-pae":
            ring = _GCB_RING.format(path.stem, "builtByGCB")
            found.append(PinnedKey(path.read_bytes(), key_id=ring, signs=Signs.PAYLOAD))
    return tuple(found)
