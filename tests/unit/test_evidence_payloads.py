"""What was signed has one reading, and what is legal is not refused for another reader's sake."""

from collections.abc import Mapping

import pytest

from domain import predicates
from domain.evidence import SUBJECTS_MAX, Reason
from domain.predicates import Unknown
from tests.evidence_attacks import (
    DEEP,
    mini,
    read,
    refused,
    said,
)
from tests.mini_sigstore import IN_TOTO, statement
from tests.mini_sigstore_bundles import (
    DIGESTS,
    PAYLOAD,
    SUBJECT,
    attested,
)


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (PAYLOAD[:-1] + b',"predicate":{}}', Reason.DUPLICATE_NAME),
        (PAYLOAD[:-1] + b',"subject":[]}', Reason.DUPLICATE_NAME),
        (PAYLOAD[:-1] + b',"a":{"b":1,"b":2}}', Reason.DUPLICATE_NAME),
        (PAYLOAD[:-1] + b',"a":NaN}', Reason.NOT_A_NUMBER),
        (PAYLOAD[:-1] + b',"a":-Infinity}', Reason.NOT_A_NUMBER),
        (PAYLOAD[:-1] + b',"a":1e999}', Reason.NOT_A_NUMBER),
        (PAYLOAD[:-1] + b',"a":' + b"9" * 5000 + b"}", Reason.NOT_A_NUMBER),
        (PAYLOAD[:-1] + b',"a":"\\ud800"}', Reason.LONE_SURROGATE),
        (PAYLOAD[:-1] + b',"\\udc00":1}', Reason.LONE_SURROGATE),
        (PAYLOAD[:-1] + b',"a":' + DEEP + b"}", Reason.TOO_DEEP),
        (b"\xef\xbb\xbf" + PAYLOAD, Reason.NOT_JSON),
        (PAYLOAD + PAYLOAD, Reason.NOT_JSON),
        (PAYLOAD + b"\n{}", Reason.NOT_JSON),
        (PAYLOAD.decode().encode("utf-16"), Reason.NOT_UTF8),
        (b"\xff" + PAYLOAD, Reason.NOT_UTF8),
        (statement([SUBJECT] * (SUBJECTS_MAX + 1)), Reason.TOO_MANY),
        (statement([SUBJECT] * 2001), Reason.TOO_MANY),
    ],
)
def test_a_payload_that_two_readers_could_read_apart(payload: bytes, reason: Reason) -> None:
    assert refused(attested(mini(), payload)) is reason


@pytest.mark.parametrize(
    "payload_type",
    ["text/plain", f"{IN_TOTO}A", "application/vnd.in-toto+jsonA", "application/json", f" {IN_TOTO}", ""],
)
def test_a_payload_of_another_type_is_no_statement(payload_type: str) -> None:
    found = read(PAYLOAD, payload_type)
    assert (found.statement, found.subjects) == (None, ())


def test_a_payload_type_may_name_the_predicate() -> None:
    assert read(PAYLOAD, "application/vnd.in-toto.provenance+json").statement is not None


@pytest.mark.parametrize(
    "payload",
    [
        statement([]),
        statement([{"name": "a"}]),
        statement([{"name": "a", "digest": {}}]),
        statement([{"name": "a", "digest": {"sha256": 1}}]),
        statement([{"name": 1, "digest": {"sha256": "a"}}]),
        statement([SUBJECT], predicateType=""),
        statement([SUBJECT], predicate=[]),
        statement([SUBJECT], _type="https://in-toto.io/Statement/v2"),
        b"[]",
        b'"text"',
        b'{"_type":"link","name":"build"}',
    ],
)
def test_what_has_not_the_form_of_a_statement_is_none(payload: bytes) -> None:
    found = read(payload)
    assert (found.statement, found.subjects) == (None, ())
    assert found.not_a_statement


@pytest.mark.parametrize(
    "payload",
    [
        statement([SUBJECT], _type="https://in-toto.io/Statement/v0.1"),
        statement([{"digest": {"sha256": DIGESTS["sha256"]}}]),
        statement(
            [{"digest": {"sha1": DIGESTS["sha1"], "gitCommit": "a" * 40, "sha256": DIGESTS["sha256"]}}]
        ),
        statement([{"digest": {"sha512": DIGESTS["sha512"]}}]),
        statement([{"digest": {"gce_image_id": "7", "sha256": DIGESTS["sha256"].upper()}}]),
        statement([{"digest": {"sha256": "0" * 64}}, SUBJECT]),
        statement([SUBJECT] * SUBJECTS_MAX),
        statement(
            [SUBJECT], unheard_of=1, predicate={"text": "a\u0000b", "nanoseconds": 1_700_000_000_000_000_000}
        ),
    ],
)
def test_a_legal_statement_speaks_about_its_artifact(payload: bytes) -> None:
    assert said(payload).about(DIGESTS)


def test_a_nul_is_kept() -> None:
    assert said(statement([SUBJECT], predicate={"text": "a\u0000b"})).predicate["text"] == "a\u0000b"


@pytest.mark.parametrize(
    "digest",
    [
        {"sha256": DIGESTS["sha256"], "sha512": "0" * 128},
        {"sha256": "0" * 64, "sha512": DIGESTS["sha512"]},
        {"sha512": DIGESTS["sha256"]},
        {"sha1": DIGESTS["sha1"]},
        {"sha256": "0" * 64},
        {"SHA256": DIGESTS["sha256"]},
        {"sha256": DIGESTS["sha256"], "sha1": "0" * 40},
    ],
    ids=["sha512-lies", "sha256-lies", "wrong-label", "only-weak", "other", "case", "sha1-lies"],
)
def test_digests_that_contradict_or_do_not_suffice_match_nothing(digest: Mapping[str, str]) -> None:
    assert said(statement([{"name": "a", "digest": digest}])).about(DIGESTS) == ()


def test_a_predicate_type_that_only_looks_like_a_known_one_is_unknown() -> None:
    claimed = said(statement([SUBJECT], predicateType="https://slsa.dev/provenance/v1.0"))
    assert predicates.read(claimed) == Unknown()
