"""Finding labels in files: YAML, JSON, Helm values, Kustomize, plain text; and files made to hurt."""

import sys

import pytest

from api.gitops import documents
from api.gitops.documents import NoYaml, Unreadable
from api.gitops.patterns import Bound
from api.gitops.values import Key
from domain.errors import MalformedValue

PROD = Bound("prod")
A = Bound("prod", "a")


def found(
    key: str, content: str | bytes, bound: Bound = A, path: str = "x.yaml"
) -> dict[tuple[str | None, str | None], str]:
    raw = content.encode() if isinstance(content, str) else content
    return {(b.service, b.slot): label for b, label in Key.parse(key).labels(raw, path, bound).items()}


@pytest.mark.parametrize(
    ("key", "content", "label"),
    [
        ("tag", "tag: v1", "v1"),
        ("tag", "tag: 1.10", "1.10"),
        ("tag", "tag: 0123", "0123"),
        ("tag", "tag: 1e3", "1e3"),
        ("tag", "tag: 2026-01-05", "2026-01-05"),
        ("tag", "tag: yes", "yes"),
        ("tag", 'tag: "null"', "null"),
        ("tag", "tag: null", None),
        ("tag", "tag: ~", None),
        ("tag", "tag:", None),
        ("tag", 'tag: ""', None),
        ("tag", "", None),
        ("tag", "# nothing", None),
        ("tag", "- tag", None),
        ("image.tag", "image: {tag: v1}", "v1"),
        ("image.tag", "image: v1", None),
        (r"image\.tag", "image.tag: v1", "v1"),
        ("tag", "\ufefftag: v1", "v1"),
        ("tag", "kind: A\n---\nkind: B\ntag: v1\n", "v1"),
        ("tag", "tag: !!python/object/apply:os.system [x]", "unreadable"),
        ("tag", "tag: !anything v1", "v1"),
        ("b.tag", "a: &a {tag: v1}\nb: *a", "v1"),
        ("b.tag", "a: &a {tag: v1}\nb: {<<: *a, x: 1}", "v1"),
        ("b.tag", "a: &a {tag: v1}\nb: {<<: *a, tag: v2}", "v2"),
        ("b.tag", "a: &a {tag: v1}\nc: &c {tag: v2}\nb: {<<: [*c, *a]}", "v2"),
        ("b.<<", "b: {'<<': v1}", "v1"),
        ("images[a].newTag", "images: [{name: b, newTag: v1}, {name: a, newTag: v2}]", "v2"),
        ("images[{service}].newTag", "images: [{name: r.example/t/a, newTag: v2}]", "v2"),
        ("images[r.example/t/a].newTag", "images: [{name: r.example/t/a, newTag: v2}]", "v2"),
        ("images[*].newTag", "images: [{name: b, newTag: v1}]", "v1"),
        ("images[*].newTag", "images: []", None),
        ("images[*].newTag", "images: [{newTag: v1}, {newTag: v2}]", "unreadable"),
        ("images[a].newTag", "images: [{name: x/a, newTag: v1}, {name: y/a, newTag: v2}]", "unreadable"),
        ("tag", "tag: {x: 1}", "unreadable"),
        ("tag", "tag: [v1]", "unreadable"),
        ("tag", "tag: v1\ntag: v2", "unreadable"),
        ("tag", "tag: v1\n---\ntag: v2", "unreadable"),
        ("tag", "{{ .Values.x }}: v1", "unreadable"),
        ("tag", "tag: *nothing", "unreadable"),
        ("tag", "tag: v1\n\tx: 1", "unreadable"),
        (".", " v1 \n", "v1"),
        (".", "\n", None),
    ],
)
def test_a_label_is_what_the_file_spells(key: str, content: str, label: str | None) -> None:
    if label == "unreadable":
        with pytest.raises(Unreadable):
            found(key, content)
    else:
        assert found(key, content) == ({} if label is None else {("a", None): label})


@pytest.mark.parametrize(
    ("content", "label"),
    [('{"tag": "v1"}', "v1"), ('{"tag": 1.10}', "1.10"), ('{"tag": true}', "true"), ('{"tag": null}', None)],
)
def test_json(content: str, label: str | None) -> None:
    assert found("tag", content, path="x.json") == ({} if label is None else {("a", None): label})


@pytest.mark.parametrize("content", ["{", '{"tag": 1, "tag": 2}', "[" * 100 + "]" * 100, "[" * 100_000])
def test_json_that_is_refused(content: str) -> None:
    with pytest.raises(Unreadable):
        found("tag", content, path="x.json")


def test_every_service_of_a_map() -> None:
    content = "a: {image: {tag: v1}}\nb: {image: {tag: v2}}\nglobal: {x: 1}\nc: text\n"
    assert found("{service}.image.tag", content, PROD) == {("a", None): "v1", ("b", None): "v2"}
    assert found("{service}.image.tag", content, Bound("prod", "b")) == {("b", None): "v2"}


def test_names_with_more_than_a_placeholder() -> None:
    assert found("{service}_tag", "a_tag: v1\nother: v2", PROD) == {("a", None): "v1"}
    assert found("slots.{slot}.tag", "slots: {eu: {tag: v1}, us: {tag: v2}}") == {
        ("a", "eu"): "v1",
        ("a", "us"): "v2",
    }


def test_every_image_of_a_list() -> None:
    content = "images: [{name: r.example/a, newTag: v1}, {name: b, newTag: v2}, text, {newTag: v3}]"
    assert found("images[{service}].newTag", content, PROD) == {("a", None): "v1", ("b", None): "v2"}


def test_a_map_and_what_it_merges_in() -> None:
    content = "base: &base {b: {tag: v1}, c: {tag: v1}}\nall: {<<: *base, b: {tag: v2}}"
    assert found("all.{service}.tag", content, PROD) == {("b", None): "v2", ("c", None): "v1"}


@pytest.mark.parametrize("text", ["", "a..b", "a.", ".a", "a[", "a[]", "a]b", "[x", "{x}", "a" + ".a" * 30])
def test_a_key_that_cannot_be_meant(text: str) -> None:
    with pytest.raises(MalformedValue):
        Key.parse(text)


LAUGHS = "\n".join(
    ["l0: &l0 {tag: lol}"] + [f"l{n}: &l{n} {{<<: [{', '.join([f'*l{n - 1}'] * 9)}]}}" for n in range(1, 30)]
)


@pytest.mark.parametrize(
    "content",
    [
        "tag: " + "[" * 1000,
        "- " * 2000 + "x",
        "{a: " * 500,
        f"{LAUGHS}\ntag: {{<<: *l29}}",
        "x" * (documents.BYTES_MAX + 1),
        "[" + "a," * (documents.NODES_MAX + 1) + "]",
        "a: &a [*a]\ntag: *a",
        "tag: \x00",
        b"tag: \xff",
    ],
    ids=lambda content: repr(content[:12]),
)
def test_a_file_made_to_hurt_is_unreadable_and_soon_so(content: str | bytes) -> None:
    with pytest.raises(Unreadable):
        found("tag", content)


def test_merges_that_multiply_are_not_followed_for_ever() -> None:
    with pytest.raises(Unreadable, match="merges"):
        found("l29.other", LAUGHS)


def test_a_plain_file_is_bounded_and_text() -> None:
    with pytest.raises(Unreadable):
        found(".", "x" * 5000)
    with pytest.raises(Unreadable):
        found(".", b"\xff")


def test_without_pyyaml_the_way_out_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "yaml", None)
    with pytest.raises(NoYaml, match=r"shiplog\[gitops\]"):
        found("tag", "tag: v1")
    assert found(".", "v1") == {("a", None): "v1"}
