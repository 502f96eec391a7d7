"""Whether a transparency log really holds an entry, and since when.

Steps (sigstore client specification, sections 4.3 and 4.4), labelled in the code:

1. the log is one of the trusted root, by its whole id;
2. from bundle v0.2 on there is an inclusion proof with a signed checkpoint; before, at least a promise;
3. the proof leads to the root hash, and the checkpoint that the log signed has that hash *and that size*:
   without the size, the index would be the submitter's to choose;
4. a promise is the log's signature over entry, place and time (RFC 8785 bytes);
5. every time at which the signature is known to have existed, the log's own or a timestamp beside it, is
   within the span in which the log's key counts: a key that was retired logs nothing new.
"""

import base64
from collections.abc import Sequence
from datetime import UTC, datetime

import orjson
from sigstore._internal.merkle import verify_merkle_inclusion
from sigstore._internal.rekor.checkpoint import verify_checkpoint
from sigstore._utils import KeyID
from sigstore.errors import Error as LibraryRefusal
from sigstore.models import TransparencyLogEntry
from sigstore_models.rekor.v1 import TransparencyLogEntry as EntryModel

from adapters.evidence.pieces import LogEntry, Proof
from adapters.evidence.roots import Log, Root
from domain import canonical
from domain.digest import Digest
from domain.evidence import EvidenceRefused, Reason
from domain.verification import LogPlace, TimeSource, TrustedTime

_CHECKPOINT_LINES_MIN = 3


def checked(
    root: Root, entry: LogEntry, document: object, version: str, *, stamped: Sequence[datetime]
) -> list[TrustedTime]:
    """Check *entry*, which is *document* in a bundle of *version*; return the time it gives, if it does.

    *stamped*: when timestamp authorities saw the signature.
    """
    log = usable(root, entry, version)  # 1, 2
    if proven(entry):  # 3
        try:
            model = TransparencyLogEntry(EntryModel.from_json(orjson.dumps(document)))
            verify_merkle_inclusion(model)
            verify_checkpoint(log.keyring, model)
        except (LibraryRefusal, ValueError) as wrong:
            raise EvidenceRefused(Reason.LOG_ENTRY, f"the inclusion proof: {wrong}"[:300]) from wrong
    if entry.promise is not None and entry.integrated_time is not None:  # 4
        said = {
            "body": base64.b64encode(entry.body).decode(),
            "integratedTime": entry.integrated_time,
            "logID": log.id.hex(),
            "logIndex": entry.index,
        }
        try:
            log.keyring.verify(key_id=KeyID(log.id), signature=entry.promise, data=canonical.encode(said))
        except LibraryRefusal as wrong:
            raise EvidenceRefused(Reason.LOG_ENTRY, "the log did not sign the promise") from wrong
    return promised_times(log, entry, stamped=stamped)


def usable(root: Root, entry: LogEntry, version: str) -> Log:
    """Return the log of *entry* once what it must carry is there (steps 1, 2 and the size of 3)."""
    log = root.log(entry.log)
    if proven(entry):
        _check_size(entry.proof)
    elif version != "0.1":
        raise EvidenceRefused(Reason.LOG_ENTRY, f"a bundle of v{version} without an inclusion proof")
    elif entry.promise is None or entry.integrated_time is None:
        raise EvidenceRefused(Reason.LOG_ENTRY, "a log entry with neither proof nor promise")
    return log


def proven(entry: LogEntry) -> bool:
    """Say whether a proof is there that can be held against something the log signed."""
    return entry.proof is not None and entry.proof.checkpoint is not None


def promised_times(log: Log, entry: LogEntry, *, stamped: Sequence[datetime]) -> list[TrustedTime]:
    """Return the time the log promised, once the promise is verified; raises `EvidenceRefused` (step 5)."""
    promised = []
    if entry.promise is not None and entry.integrated_time is not None:
        promised.append(datetime.fromtimestamp(entry.integrated_time, UTC))
    for instant in (*promised, *stamped):
        if not log.counted(instant):
            raise EvidenceRefused(Reason.LOG_ENTRY, f"the log's key did not count at {instant}")
    source = TimeSource.LOG if proven(entry) else TimeSource.LOG_PROMISE
    return [TrustedTime(instant, source) for instant in promised]


def place(entry: LogEntry) -> LogPlace | None:
    """Return where the log holds *entry*, once its proof is verified; None without a proof."""
    if entry.proof is None or not proven(entry):
        return None
    return LogPlace(Digest(f"sha256:{entry.log.hex()}"), entry.proof.index)


def _check_size(proof: Proof | None) -> None:
    lines = (proof.checkpoint or "").split("\n") if proof else []
    if proof is None or len(lines) < _CHECKPOINT_LINES_MIN or lines[1] != str(proof.size):
        raise EvidenceRefused(Reason.LOG_ENTRY, "the checkpoint is of another tree size than the proof")
    if not proof.index < proof.size:
        raise EvidenceRefused(Reason.LOG_ENTRY, f"entry {proof.index} of a log of {proof.size}")
