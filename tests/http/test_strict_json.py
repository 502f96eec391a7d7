"""One document, one reading: what `api.strict_json` takes and refuses, and where it points."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api import strict_json
from api.refusals import MalformedJSON, TooLarge

TAKEN = {
    "an object": (b'{"a": [1, -2, true, null, "x"]}', {"a": [1, -2, True, None, "x"]}),
    "a lone string": (b'"x"', "x"),
    "white space around": (b' \r\n\t{"a":1}\n', {"a": 1}),
    "the largest integer": (b"9007199254740991", 2**53 - 1),
    "the smallest integer": (b"-9007199254740991", -(2**53) + 1),
    "a paired surrogate escape": (rb'"\ud83d\ude80"', "\N{ROCKET}"),
    "an escaped backslash before u0000": (rb'"\\u0000"', r"\u0000"),
    "a fraction": (b"1.5", 1.5),
    "as deep as allowed": (b"[" * 32 + b"]" * 32, None),
    "brackets in strings are no depth": (b'["' + b"[{" * 100 + b'\\"["]', None),
    "wide is not deep": (b"[" + b"[]," * 1000 + b"[]]", None),
    "the same name in two objects": (b'[{"a":1},{"a":1}]', [{"a": 1}, {"a": 1}]),
}

REFUSED = {
    "nothing": (b"", "empty", None),
    "a byte order mark": (b"\xef\xbb\xbf{}", "byte order mark", None),
    "UTF-16": ("{}".encode("utf-16-le"), "not JSON", None),
    "a broken sequence": (b'"\xff"', "byte 1", None),
    "an encoded surrogate": (b'"\xed\xa0\x80"', "not UTF-8", None),
    "an overlong NUL": (b'"\xc0\x80"', "not UTF-8", None),
    "trailing bytes": (b"{}x", "line 1, column 3", None),
    "a second document": (b"{}{}", "extra data", None),
    "a trailing NUL": (b"{}\x00", "extra data", None),
    "a trailing comma": (b"[1,]", "not JSON", None),
    "single quotes": (b"{'a':1}", "not JSON", None),
    "a comment": (b"{}//", "extra data", None),
    "a raw control character": (b'"a\nb"', "control character", None),
    "an unterminated string": (b'"' + b'\\"' * 1000, "unterminated", None),
    "a name twice": (b'{"a":{"b":1,"b":1}}', "given twice", "#/a/b"),
    "a name twice by escape": (rb'{"a":1,"\u0061":2}', "given twice", "#/a"),
    "a name twice, to be escaped": (b'[{"~/ x":1,"~/ x":2}]', "given twice", "#/0/~0~1%20x"),
    "a surrogate name twice": (rb'{"\ud800":1,"\ud800":2}', "given twice", "#/?"),
    "NaN": (b'{"a":[0,NaN]}', "NaN", "#/a/1"),
    "Infinity": (b"Infinity", "Infinity", "#"),
    "minus Infinity": (b"[-Infinity]", "-Infinity", "#/0"),
    "a number beyond a double": (b"[1e400]", "beyond a double", "#/0"),
    "an integer too large": (b'{"n":9007199254740992}', "2**53", "#/n"),
    "an integer too small": (b'{"n":-9007199254740992}', "2**53", "#/n"),
    "an integer with many digits": (b"1" * 10_000, "2**53", "#"),
    "a lone high surrogate": (rb'["x","\ud800"]', "U+D800", "#/1"),
    "a lone low surrogate": (rb'["\uDC00"]', "U+DC00", "#/0"),
    "a surrogate in a name": (rb'{"a":{"\udfff":1}}', "U+DFFF", "#/a"),
    "NUL": (rb'{"a":"x\u0000"}', "U+0000", "#/a"),
    "a noncharacter": ('["\ufdd0"]'.encode(), "U+FDD0", "#/0"),
    "an escaped noncharacter": (rb'["\uFFFE"]', "U+FFFE", "#/0"),
    "a noncharacter of a later plane": (rb'["\ud83f\udfff"]', "U+1FFFF", "#/0"),
    "too deep": (b"[" * 33 + b"]" * 33, "more than 32 levels", None),
    "far too deep": (b"[" * 1_000_000, "more than 32 levels", None),
    "far too deep in objects": (b'{"a":' * 100_000, "more than 32 levels", None),
    "an unfinished string before the depth": (b'"' + b"[" * 100_000, "unterminated", None),
}


@pytest.mark.parametrize("case", TAKEN)
def test_i_json_is_read(case: str) -> None:
    raw, expected = TAKEN[case]
    assert strict_json.read(raw) == (json.loads(raw) if expected is None else expected)


@pytest.mark.parametrize("case", REFUSED)
def test_anything_else_is_refused_with_its_place(case: str) -> None:
    raw, said, pointer = REFUSED[case]
    with pytest.raises(MalformedJSON) as refused:
        strict_json.read(raw)
    assert said.lower() in str(refused.value).lower()
    assert [each.pointer for each in refused.value.errors] == ([] if pointer is None else [pointer])


def test_the_bound_is_checked_before_anything_else() -> None:
    with pytest.raises(TooLarge, match="11 bytes, at most 10"):
        strict_json.read(b"not json at"[:11], bytes_max=10)
    assert strict_json.read(b'"12345678"', bytes_max=10) == "12345678"


@pytest.mark.parametrize("number", [b"1.0", b"1e3", b"-0.5", b"1E400"])
def test_fractions_and_exponents_are_refused_where_asked(number: bytes) -> None:
    with pytest.raises(MalformedJSON, match="fraction or exponent") as refused:
        strict_json.read(b'{"n":[' + number + b"]}", floats=False)
    assert refused.value.errors[0].pointer == "#/n/0"


def test_the_first_fault_in_the_document_is_the_one_told() -> None:
    with pytest.raises(MalformedJSON) as refused:
        strict_json.read(b'{"a":[{"x":1,"x":NaN}],"b":NaN}')
    assert refused.value.errors[0].pointer == "#/a/0/x"


TEXT = st.text(st.characters(exclude_categories=["Cs", "Cn"], exclude_characters="\x00"))
NUMBER = st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(allow_nan=False, allow_infinity=False)
DOCUMENT = st.recursive(
    st.none() | st.booleans() | NUMBER | TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner),
    max_leaves=20,
)


@given(DOCUMENT, st.booleans())
def test_every_i_json_document_is_read_as_the_library_reads_it(document: object, ascii_only: bool) -> None:
    assert strict_json.read(json.dumps(document, ensure_ascii=ascii_only).encode()) == document


@given(st.binary(max_size=200) | st.text(alphabet='[]{}",:\\u0dD8fF1e.-N ', max_size=60).map(str.encode))
def test_no_bytes_at_all_lead_to_anything_but_a_refusal(raw: bytes) -> None:
    try:
        document = strict_json.read(raw)
    except MalformedJSON:
        return
    assert document == json.loads(raw)
    json.dumps(document, ensure_ascii=False, allow_nan=False).encode()
