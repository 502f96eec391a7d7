"""What is no document is refused soon, and without filling the memory."""

import time
import tracemalloc

import pytest

from adapters.sbom import document
from adapters.sbom.reader import read
from domain.errors import MalformedValue
from tests.unit.sboms import cyclonedx, raw

HEAD = b'{"bomFormat":"CycloneDX","specVersion":"1.6","components":['


def refused(content: bytes) -> str:
    with pytest.raises(MalformedValue) as refusal:
        read(content)
    return str(refusal.value)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"{", "not JSON"),
        (b"{} {}", "not JSON"),
        (b'{"bomFormat": NaN}', "not JSON"),
        (b'{"bomFormat": "\\ud800"}', "not JSON"),
        (b'{"bomFormat": "\xff"}', "not JSON"),
        (b'{"a": 1, "a": 2}', "twice in one object: 'a'"),
        (b'{"a" : 1, "b": "\\": ", "a": 2}', "twice in one object: 'a'"),
        (b'{"x": [{"a": 1, "\\u0061": 2}]}', "twice in one object: 'a'"),
        (b"[]", "no SBOM"),
        (b"null", "no SBOM"),
        (b'{"specVersion": "1.6"}', "no SBOM"),
        (raw(cyclonedx(specVersion="2.0")), "'2.0': expected one of 1.2"),
        (raw(cyclonedx(specVersion=1.6)), "1.6: expected one of 1.2"),
        (b'{"spdxVersion": "SPDX-2.1"}', "expected one of SPDX-2.2"),
    ],
)
def test_what_is_no_document_is_refused_with_the_reason(content: bytes, said: str) -> None:
    assert said in refused(content)


@pytest.mark.parametrize(
    ("magic", "name"),
    [(b"\x1f\x8b\x08", "gzip"), (b"PK\x03\x04", "zip"), (b"\x28\xb5\x2f\xfd", "zstd"), (b"BZh9", "bzip2")],
)
def test_nothing_is_unpacked(magic: bytes, name: str) -> None:
    assert f"({name})" in refused(magic + bytes(100))


def test_a_colon_inside_a_string_is_no_second_name() -> None:
    found = read(raw(cyclonedx({"name": 'a": ": ', "version": '": 1'})))
    assert [each.name for each in found.components] == ['a": ":']


def test_a_byte_order_mark_is_let_through() -> None:
    assert read(b"\xef\xbb\xbf" + raw(cyclonedx({"name": "a"}))) == read(raw(cyclonedx({"name": "a"})))


def nested(levels: int) -> bytes:
    return HEAD + b'{"name":"a","components":[' * levels + b"]}" * levels + b"]}"


def test_components_nest_as_deep_as_documents_may() -> None:
    assert len(read(nested(15)).components) == 1  # the same one fifteen times
    assert "nested too deep" in refused(nested(16))


HOSTILE = {
    "a million components": lambda: HEAD + b",".join([b'{"name":"a"}'] * 1_000_000) + b"]}",
    "too many components": lambda: HEAD + b",".join(b'{"name":"a%d"}' % n for n in range(100_001)) + b"]}",
    "deep lists": lambda: HEAD + b"[" * 100_000 + b"]" * 100_000 + b"]}",
    "deep components": lambda: nested(100_000),
    "a long name": lambda: HEAD + b'{"name":"' + b"a" * 40_000_000 + b'"}]}',
    "a long purl": lambda: HEAD + b'{"name":"a","purl":"pkg:a/' + b"%2F" * 10_000_000 + b'"}]}',
    "many strings": lambda: b'{"x":[' + b",".join([b'"a"'] * 10_000_000) + b"]}",
    "more than 64 MB": lambda: b" " * (document.BYTES_MAX + 1),
    "a long number": lambda: b'{"x":' + b"9" * 40_000_000 + b"}",
    "a name twice, late": lambda: HEAD + b'{"name":"a"},' * 100_000 + b'{}],"components":[]}',
    "quotation marks": lambda: b'{"x":"' + b'\\":' * 5_000_000 + b'","a":1,"a":2}',
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_document_is_refused_within_a_second(what: str) -> None:
    content = HOSTILE[what]()
    begun = time.process_time()
    refused(content)
    assert time.process_time() - begun < 1


@pytest.mark.parametrize("what", ["a million components", "many strings", "more than 64 MB"])
def test_what_is_refused_by_counting_builds_nothing(what: str) -> None:
    content = HOSTILE[what]()
    tracemalloc.start()
    try:
        refused(content)
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


def test_no_document_has_more_components_than_the_bound() -> None:
    within = HEAD + b",".join(b'{"name":"a%d"}' % n for n in range(1000)) + b"]}"
    assert len(read(within).components) == 1000
    assert "too many components: 100001, at most 100000" in refused(HOSTILE["too many components"]())
