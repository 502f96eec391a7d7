"""A bundle has one spelling, and a file that has none is refused, soon."""

import base64
import json
from collections.abc import Callable
from time import process_time
from typing import Any

import pytest

from adapters.evidence.verifier import OfflineVerifier
from domain.evidence import BYTES_MAX, Reason
from domain.evidence_port import PinnedKey
from domain.verification import Refused, Verified
from tests.evidence_attacks import (
    AFTERWARDS,
    DEEP,
    envelope,
    good,
    material,
    outcome,
    refused,
    spoiled,
    trusted,
)
from tests.mini_sigstore import p256, pem
from tests.mini_sigstore_bundles import (
    V0_1,
    entry_of,
)
from tests.mini_sigstore_log import b64


def renamed(place: dict[str, Any], old: str, new: str) -> None:
    place[new] = place.pop(old)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda b: envelope(b).update(payload=envelope(b)["payload"] + "\n"), Reason.BAD_BASE64),
        (lambda b: envelope(b).update(payload="!" + envelope(b)["payload"]), Reason.BAD_BASE64),
        (lambda b: material(b)["certificate"].update(rawBytes=b64(b"x") + "="), Reason.BAD_BASE64),
        (
            lambda b: envelope(b).update(payload=base64.urlsafe_b64encode(b"\xff\xff\xfe").decode()),
            Reason.BAD_BASE64,
        ),
        (lambda b: renamed(b, "dsseEnvelope", "dsse_envelope"), Reason.UNKNOWN_FIELD),
        (lambda b: renamed(material(b), "tlogEntries", "tlog_entries"), Reason.UNKNOWN_FIELD),
        (lambda b: b.update(future=1), Reason.UNKNOWN_FIELD),
        (lambda b: entry_of(b).update(extra={}), Reason.UNKNOWN_FIELD),
        (lambda b: envelope(b)["signatures"].append(envelope(b)["signatures"][0]), Reason.TOO_MANY),
        (lambda b: envelope(b)["signatures"].append({"sig": b64(b"x")}), Reason.TOO_MANY),
        (lambda b: envelope(b)["signatures"].clear(), Reason.MALFORMED),
        (lambda b: material(b).update(publicKey={"hint": "x"}), Reason.MALFORMED),
        (lambda b: b.update(messageSignature={"signature": b64(b"x")}), Reason.MALFORMED),
        (
            lambda b: b.update(mediaType="application/vnd.dev.sigstore.bundle.v0.4+json"),
            Reason.UNSUPPORTED_VERSION,
        ),
        (lambda b: b.update(mediaType=V0_1), Reason.MALFORMED),
        (lambda b: entry_of(b).update(logIndex="-1"), Reason.MALFORMED),
        (lambda b: entry_of(b).update(logIndex="007"), Reason.MALFORMED),
        (lambda b: entry_of(b).update(logIndex=1.5), Reason.MALFORMED),
        (lambda b: entry_of(b).update(integratedTime=True), Reason.MALFORMED),
    ],
)
def test_another_spelling_of_a_bundle(change: Callable[[dict[str, Any]], object], reason: Reason) -> None:
    assert refused(spoiled(change)) is reason


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (lambda whole: whole[:-1] + b',"mediaType":"x"}', Reason.DUPLICATE_NAME),
        (lambda whole: whole + b"{}", Reason.NOT_JSON),
        (lambda whole: whole + b"\x00", Reason.NOT_JSON),
        (lambda whole: b"\xef\xbb\xbf" + whole, Reason.NOT_JSON),
        (lambda whole: whole + b" " * BYTES_MAX, Reason.TOO_LARGE),
        (lambda _: DEEP, Reason.TOO_DEEP),
        (lambda _: b"", Reason.NOT_JSON),
        (lambda _: b"\x1f\x8b\x08" + b"\0" * 100, Reason.NOT_UTF8),
        (lambda _: b"{}", Reason.UNKNOWN_FORMAT),
        (lambda _: b"[]", Reason.UNKNOWN_FORMAT),
        (lambda _: b'{"attestations":[]}', Reason.MALFORMED),
        (lambda _: b"{}\n" * 3, Reason.UNKNOWN_FORMAT),
        (lambda whole: b"\n".join([whole] * 1025), Reason.TOO_LARGE),
        (lambda _: b"\n".join([b'{"payloadType":1}'] * 1025), Reason.TOO_MANY),
    ],
)
def test_a_file_that_cannot_be_read_into_pieces(content: Callable[[bytes], bytes], reason: Reason) -> None:
    found = OfflineVerifier().verify(content(json.dumps(good()).encode()), (trusted(),), at=AFTERWARDS)
    assert [(each.place, each.reason) for each in found if isinstance(each, Refused)] == [(None, reason)]


MANY = b",".join(b'"%d":0' % n for n in range(350_000))


@pytest.mark.parametrize(
    "content",
    [
        b'{"mediaType":1,' + MANY + b',"349999":1}',
        b"[" + b"{}," * 1_200_000 + b"{}]",
        b'{"a":' * 800_000,
        b'"' + b"\\ud800" * 600_000 + b'"',
        b"{" * 2_000_000 + b'"' * 2_000_000,
        b'{"payloadType":"a","payload":"' + b"A" * 3_900_000 + b'","signatures":[{"sig":"AAAA"}]}',
        b'{"signed":{' + MANY + b'},"signatures":[{"sig":"00"}]}',
    ],
    ids=[
        "duplicate-late",
        "many-objects",
        "deep",
        "surrogates",
        "brackets",
        "long-payload",
        "wide-metablock",
    ],
)
def test_a_hostile_file_is_refused_soon(content: bytes) -> None:
    begun = process_time()
    assert isinstance(outcome(content, PinnedKey(pem(p256()))), Refused)
    assert process_time() - begun < 10, "what grows with the square of its size takes hours"


def test_of_several_lines_each_is_judged_by_itself() -> None:
    lines = b"\n".join(
        json.dumps(each).encode() for each in (good(), spoiled(lambda b: b.update(x=1)), good())
    )
    found = OfflineVerifier().verify(lines, (trusted(),), at=AFTERWARDS)
    assert [(each.place, isinstance(each, Verified)) for each in found] == [(0, True), (1, False), (2, True)]
