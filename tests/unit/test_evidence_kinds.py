"""What a file is, by what only that kind has; and the digests that evidence names artifacts by."""

import pytest

from adapters.evidence.reader import FileReader
from adapters.sbom import document
from domain.admission import Kind
from domain.errors import MalformedValue
from domain.evidence import BYTES_MAX, EvidenceRefused, Reason
from domain.statement import Subject
from domain.subject_digest import SubjectDigest

READER = FileReader(document.read)
STATEMENT = b'{"_type":"https://in-toto.io/Statement/v1","predicateType":"%b","subject":[]}'
XML = b'<?xml version="1.0" encoding="UTF-8"?>\n'


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b'{"bomFormat":"CycloneDX","specVersion":"1.6"}', Kind.CYCLONEDX),
        (b'{"spdxVersion":"SPDX-2.3"}', Kind.SPDX),
        (b'{"sbom":{"spdxVersion":"SPDX-2.3"}}', Kind.SPDX),
        (b'{"@context":"https://spdx.org/rdf/3.0.1/spdx-context.jsonld","@graph":[]}', Kind.SPDX),
        (b'{"version":"2.1.0","runs":[]}', Kind.SARIF),
        (
            b'{"version":"2.1.0","runs":[{"results":[{"message":{"text":"says \\"bomFormat\\""}}]}]}',
            Kind.SARIF,
        ),
        (b'{"version":"2.1.0","runs":[],"properties":{"bomFormat":"none of ours"}}', Kind.SARIF),
        (b'{"@context":"https://openvex.dev/ns/v0.2.0","statements":[]}', Kind.OPENVEX),
        (XML + b"<testsuites/>", Kind.JUNIT),
        (STATEMENT % b"https://in-toto.io/attestation/test-result/v0.1", Kind.TEST_RESULT),
        (STATEMENT % b"https://in-toto.io/attestation/vulns/v0.2", Kind.VULNS),
        (b'<testsuite name="a" tests="1"><testcase name="bomFormat"/></testsuite>', Kind.JUNIT),
        (b"\xef\xbb\xbf \n" + XML + b"<testsuite>", Kind.JUNIT),
        (b'{"payloadType":"a","payload":"","signatures":[]}', Kind.SIGNED),
        (b'{"signed":{"_type":"link"},"signatures":[]}', Kind.SIGNED),
        (b'{"mediaType":"application/vnd.dev.sigstore.bundle.v9+json"}', Kind.SIGNED),
        (b'{"mediaType":"of another kind","verificationMaterial":{}}', Kind.SIGNED),
        (b'{"mediaType":"application/json","bomFormat":"CycloneDX"}', Kind.CYCLONEDX),
    ],
)
def test_a_file_is_recognised(content: bytes, kind: Kind) -> None:
    assert READER.kind(content) is kind
    assert "/" in kind.media_type


def test_only_an_sbom_may_be_larger_than_the_bound() -> None:
    padding = b" " * BYTES_MAX
    assert READER.kind(b'{"bomFormat":"CycloneDX"}' + padding) is Kind.CYCLONEDX
    for content in (b'{"version":"2.1.0","runs":[]}', b"<testsuite/>", b'{"payloadType":"a"}'):
        with pytest.raises(EvidenceRefused) as refused:
            READER.kind(content + padding)
        assert refused.value.reason is Reason.TOO_LARGE


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", Reason.NOT_JSON),
        (b"{}", Reason.UNKNOWN_FORMAT),
        (b"[]", Reason.UNKNOWN_FORMAT),
        (b'{"version":"2.1.0","runs":"none"}', Reason.UNKNOWN_FORMAT),
        (b'{"@context":"https://openvex.dev.example","statements":[]}', Reason.UNKNOWN_FORMAT),
        (b'{"x":"bomFormat"}', Reason.UNKNOWN_FORMAT),
        (STATEMENT % b"https://slsa.dev/provenance/v1", Reason.UNKNOWN_FORMAT),
        (b'{"predicateType":"https://in-toto.io/attestation/vulns/v0.2"}', Reason.UNKNOWN_FORMAT),
        (b'{"mediaType":"application/vnd.oci.image.manifest.v1+json"}', Reason.UNKNOWN_FORMAT),
        (b'{"mediaType":"application/vnd.dev.sigstore.trustedroot+json"}', Reason.UNKNOWN_FORMAT),
        (
            b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><testsuite>&b;</testsuite>',
            Reason.NOT_JSON,
        ),
        (b"<testsuitessomething/>", Reason.NOT_JSON),
        (b'{"bomFormat":"CycloneDX","bomFormat":"CycloneDX"}', Reason.DUPLICATE_NAME),
        (b'{"bomFormat":' + b"[" * 100_000, Reason.TOO_DEEP),
        (b'{"bomFormat":"CycloneDX"' + b" " * BYTES_MAX, Reason.MALFORMED),
        (b'{"bomFormat":"CycloneDX","a":1,"a":2}' + b" " * BYTES_MAX, Reason.MALFORMED),
        (b"\x1f\x8b\x08" + b"bomFormat" * 10, Reason.NOT_UTF8),
    ],
)
def test_what_is_none_says_why(content: bytes, reason: Reason) -> None:
    with pytest.raises(EvidenceRefused) as refused:
        READER.kind(content)
    assert refused.value.reason is reason


# -- the digests of artifacts


@pytest.mark.parametrize("text", [f"sha256:{'5f' * 32}", f"sha512:{'5f' * 64}"])
def test_a_digest_is_read_as_it_is_written(text: str) -> None:
    digest = SubjectDigest.parse(text)
    assert str(digest) == text
    assert Subject("a", ((digest.algorithm, digest.hex.upper()),)).matches(digest.by_algorithm)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "sha256:",
        f"sha256:{'5F' * 32}",
        f"sha256:{'5f' * 64}",
        f"sha512:{'5f' * 32}",
        f"sha1:{'5f' * 20}",
        "5f" * 32,
    ],
)
def test_another_text_is_no_digest(text: str) -> None:
    with pytest.raises(MalformedValue, match="not a digest"):
        SubjectDigest.parse(text)


def test_a_digest_in_evidence_is_folded_or_left_out() -> None:
    assert SubjectDigest.found("sha256", "5F" * 32) == SubjectDigest("sha256", "5f" * 32)
    for algorithm, hex_ in (
        ("sha256", "5f"),
        ("sha256", "zz" * 32),
        ("sha384", "5f" * 48),
        ("gitCommit", "5f" * 20),
    ):
        assert SubjectDigest.found(algorithm, hex_) is None
