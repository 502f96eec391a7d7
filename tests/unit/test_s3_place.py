"""Where evidence is kept, as a setting: a folder, or a place in an S3 store, never with a secret in it."""

import sys
from pathlib import Path

import pytest

from adapters.blobs.s3 import S3Blobs
from api import wiring
from api.s3_place import S3Place
from api.settings import Settings
from domain.errors import LedgerUnavailable, MalformedValue


def place(text: str) -> Path | S3Place:
    return Settings.from_environment({"SHIPLOG_HOME": "/srv", "SHIPLOG_BLOBS": text}).blobs_place


def test_a_folder_by_default() -> None:
    assert Settings(home=Path("/srv")).blobs_place == Path("/srv/blobs")
    assert place("/srv/other") == Path("/srv/other")


@pytest.mark.parametrize(
    ("text", "expected", "shown"),
    [
        ("s3://evidence", S3Place(bucket="evidence"), "s3://evidence"),
        ("s3://evidence/", S3Place(bucket="evidence"), "s3://evidence"),
        (
            "s3://my.evidence-1/of/team_1?region=eu-central-1",
            S3Place(bucket="my.evidence-1", prefix="of/team_1", region="eu-central-1"),
            "s3://my.evidence-1/of/team_1",
        ),
        (
            "s3://evidence/a?endpoint=https://minio.example:9000/&region=x",
            S3Place(bucket="evidence", prefix="a", endpoint="https://minio.example:9000", region="x"),
            "s3://evidence/a at https://minio.example:9000",
        ),
        (
            "s3://evidence?endpoint=http%3A%2F%2F%5B%3A%3A1%5D%3A9000",
            S3Place(bucket="evidence", endpoint="http://[::1]:9000"),
            "s3://evidence at http://[::1]:9000",
        ),
    ],
)
def test_a_place_in_a_store(text: str, expected: S3Place, shown: str) -> None:
    assert place(text) == expected
    assert str(expected) == shown


@pytest.mark.parametrize(
    "text",
    [
        "s3://",
        "s3:///prefix",
        "s3://ab",
        "s3://Evidence",
        "s3://key:hush@evidence",
        "s3://evidence:9000",
        "s3://evidence/../hush",
        "s3://evidence/a//b",
        "s3://evidence/a b",
        "s3://evidence/.a",
        "s3://evidence#hush",
        "s3://evidence?hush",
        "s3://evidence?secret=hush",
        "s3://evidence?region=a&region=b",
        "s3://evidence?region=",
        "s3://evidence?endpoint=",
        "s3://evidence?endpoint=minio.example",
        "s3://evidence?endpoint=ftp://minio.example",
        "s3://evidence?endpoint=https://me:hush@minio.example",
        "s3://evidence?endpoint=https://minio.example/path",
        "s3://evidence?endpoint=https://minio.example:x",
        "s3://[",
        "gs://evidence",
        "https://evidence",
    ],
)
def test_anything_else_is_refused_and_not_shown(text: str) -> None:
    with pytest.raises(MalformedValue, match="SHIPLOG_BLOBS is expected to be a folder or s3://") as wrong:
        place(text)
    assert "hush" not in str(wrong.value)


@pytest.mark.parametrize(
    ("endpoint", "clear"),
    [
        (None, False),
        ("https://minio.example", False),
        ("http://127.0.0.1:9000", False),
        ("http://localhost:9000", False),
        ("http://[::1]:9000", False),
        ("http://minio.example", True),
    ],
)
def test_what_goes_over_a_network_unencrypted(endpoint: str | None, clear: bool) -> None:
    assert S3Place(bucket="evidence", endpoint=endpoint).in_the_clear is clear


def test_a_store_without_the_extra_is_refused_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(wiring._blobs(S3Place(bucket="evidence")), S3Blobs)
    monkeypatch.setitem(sys.modules, "obstore", None)
    monkeypatch.setattr(wiring, "find_spec", lambda _: None)
    with pytest.raises(LedgerUnavailable, match=r"shiplog\[s3\]"):
        wiring._blobs(S3Place(bucket="evidence"))
