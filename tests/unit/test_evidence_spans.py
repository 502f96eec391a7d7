"""Keys of logs count within the spans that the trusted root gives them, and for what was signed then."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest

from domain.evidence import Reason
from domain.evidence_port import PinnedKey, TrustedRoot
from domain.instant import MICROSECOND
from domain.verification import Refused, Verified
from tests.evidence_attacks import mini, outcome
from tests.mini_sigstore import NOON, p256, pem
from tests.mini_sigstore_bundles import V0_1, attested, without_proof

LOGS, CERTIFICATE_LOGS = "tlogs", "ctlogs"


def spanning(part: str, start: datetime, end: datetime | None) -> TrustedRoot:
    """The root, whose keys of *part* count in that span alone."""
    root = json.loads(mini().trusted_root())
    span = {"start": start.isoformat(), "end": end and end.isoformat()}
    for each in root[part]:
        each["publicKey"]["validFor"] = {name: at for name, at in span.items() if at}
    return TrustedRoot(json.dumps(root).encode())


SPANS = [
    (NOON - timedelta(days=1), NOON, True),
    (NOON, None, True),
    (NOON - timedelta(days=1), NOON - MICROSECOND, False),
    (NOON + MICROSECOND, None, False),
]
KINDS: Mapping[str, dict[str, Any]] = {
    "sigstore, a promise": {"kind": "dsse/0.0.1"},
    "sigstore, a timestamp": {"kind": "hashedrekord/0.0.2", "stamped": True},
    "sigstore, both": {"kind": "dsse/0.0.1", "stamped": True},
    "ours": {"kind": "intoto/0.0.2"},
    "ours, both": {"kind": "intoto/0.0.2", "stamped": True},
}


@pytest.mark.parametrize("made", KINDS)
@pytest.mark.parametrize(("start", "end", "counts"), SPANS)
@pytest.mark.parametrize("part", [LOGS, CERTIFICATE_LOGS])
def test_a_key_of_a_log_counts_for_what_was_signed_in_its_span(
    part: str, start: datetime, end: datetime | None, counts: bool, made: str
) -> None:
    found = outcome(attested(mini(), **KINDS[made]), spanning(part, start, end))
    if counts:
        assert isinstance(found, Verified), found
    else:
        assert isinstance(found, Refused), found
        expected = Reason.LOG_ENTRY if part == LOGS else Reason.UNTRUSTED_CERTIFICATE
        assert found.reason is expected


@pytest.mark.parametrize(("start", "end", "counts"), SPANS)
def test_a_promise_alone_counts_in_the_span_of_its_key(
    start: datetime, end: datetime | None, counts: bool
) -> None:
    bundle = without_proof(attested(mini(), media_type=V0_1))
    found = outcome(bundle, spanning(LOGS, start, end))
    assert isinstance(found, Verified) is counts, found


@pytest.mark.parametrize("kind", ["dsse/0.0.1", "hashedrekord/0.0.2"])
@pytest.mark.parametrize(("start", "end", "counts"), SPANS)
def test_for_a_pinned_key_the_log_counts_in_its_span_as_well(
    start: datetime, end: datetime | None, counts: bool, kind: str
) -> None:
    key = p256()
    bundle = attested(mini(), signer=key, kind=kind, stamped=True)
    found = outcome(bundle, PinnedKey(pem(key), log=spanning(LOGS, start, end)))
    assert isinstance(found, Verified) is counts, found


def test_a_certificate_log_is_known_by_its_whole_id_or_not_at_all() -> None:
    root = json.loads(mini().trusted_root())
    other = json.loads(type(mini())().trusted_root())
    root[CERTIFICATE_LOGS] = other[CERTIFICATE_LOGS]
    for kind in ("dsse/0.0.1", "intoto/0.0.2"):
        found = outcome(attested(mini(), kind=kind), TrustedRoot(json.dumps(root).encode()))
        assert isinstance(found, Refused)
        assert found.reason is Reason.UNTRUSTED_CERTIFICATE


def test_a_key_that_is_listed_for_two_spans_counts_in_both() -> None:
    root = json.loads(mini().trusted_root())
    for part in (LOGS, CERTIFICATE_LOGS):
        for each in list(root[part]):
            earlier = json.loads(json.dumps(each))
            earlier["publicKey"]["validFor"]["end"] = (NOON - timedelta(days=1)).isoformat()
            root[part].append(earlier)
    for kind in ("dsse/0.0.1", "intoto/0.0.2"):
        found = outcome(attested(mini(), kind=kind), TrustedRoot(json.dumps(root).encode()))
        assert isinstance(found, Verified), found
