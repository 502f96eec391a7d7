"""What the S3 store does about damage, other stores' errors, and silence."""

import logging
import traceback
from collections.abc import Callable, Iterator
from datetime import timedelta
from time import monotonic

import pytest

from adapters.blobs import s3
from adapters.blobs.s3 import PROBE, S3Blobs
from domain.digest import Digest
from domain.errors import BrokenLedger, EvidenceLost, LedgerUnavailable
from tests.s3_server import BUCKET, KEY_ID, SECRET, S3Server

CONTENT = b"what somebody signed"
DIGEST = Digest.of(CONTENT)
PATH = f"/{BUCKET}/of/the/team/{DIGEST.hex[:2]}/{DIGEST.hex[2:4]}/{DIGEST.hex}"


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, seconds in (("CONNECT_SECONDS", 0.5), ("REQUEST_SECONDS", 0.5), ("RETRY_SECONDS", 0.5)):
        monkeypatch.setattr(s3, name, seconds)
    short, long = timedelta(milliseconds=1), timedelta(milliseconds=2)
    monkeypatch.setattr(s3, "BACKOFF", {"init_backoff": short, "max_backoff": long, "base": 2})


@pytest.fixture(autouse=True)
def nobody_hears_a_secret(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> Iterator[None]:
    caplog.set_level(logging.DEBUG)
    yield
    told = caplog.text + "".join(capfd.readouterr())
    assert SECRET not in told
    assert KEY_ID not in told


def refused(wrong: BaseException) -> str:
    """What is told of a refusal, with all that would be in a log."""
    told = "".join(traceback.format_exception(wrong))
    assert SECRET not in told
    assert KEY_ID not in told
    return str(wrong)


def test_it_lies_where_it_would_in_a_folder(s3_server: S3Server, s3_blobs: S3Blobs) -> None:
    s3_blobs.put(CONTENT)
    assert s3_server.objects == {PATH: CONTENT}
    s3_server.requests.clear()
    s3_blobs.put(CONTENT)
    assert s3_server.requests == [f"GET {PATH}"], "it is there, so it is not written"


@pytest.mark.parametrize("damaged", [CONTENT[:-1], CONTENT + b"!", b"", CONTENT.upper()])
def test_damage_is_noticed_and_mended_by_putting_it_again(
    s3_server: S3Server, s3_blobs: S3Blobs, damaged: bytes
) -> None:
    s3_blobs.put(CONTENT)
    s3_server.objects[PATH] = damaged
    with pytest.raises(BrokenLedger, match=f"{DIGEST} is something else"):
        s3_blobs.get(DIGEST)
    s3_blobs.put(CONTENT)
    assert s3_blobs.get(DIGEST) == CONTENT


def test_an_object_larger_than_any_that_was_put_is_not_fetched(
    s3_server: S3Server, s3_blobs: S3Blobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    s3_blobs.put(CONTENT)
    s3_server.objects[PATH] = bytes(1000)
    monkeypatch.setattr(s3, "BLOB_BYTES_MAX", 999)
    with pytest.raises(BrokenLedger, match="has 1000 bytes"):
        s3_blobs.get(DIGEST)
    s3_blobs.put(CONTENT)
    assert s3_blobs.get(DIGEST) == CONTENT


ASKING: dict[str, Callable[[S3Blobs], object]] = {
    "get": lambda blobs: blobs.get(DIGEST),
    "put": lambda blobs: blobs.put(CONTENT),
    "check": lambda blobs: blobs.check(),
}


@pytest.mark.parametrize(
    ("status", "code"),
    [(403, "AccessDenied"), (400, "ExpiredToken"), (404, "NoSuchBucket"), (405, "MethodNotAllowed")],
)
@pytest.mark.parametrize("asked", ASKING)
def test_a_store_that_refuses_is_named_by_the_code_of_its_error(
    s3_server: S3Server, s3_blobs: S3Blobs, asked: str, status: int, code: str
) -> None:
    s3_server.next.append((status, code))
    with pytest.raises(LedgerUnavailable, match="the S3 store of evidence does not serve") as wrong:
        ASKING[asked](s3_blobs)
    assert refused(wrong.value).endswith(f": {code}")


def test_a_question_without_a_body_is_refused_without_a_code(s3_server: S3Server, s3_blobs: S3Blobs) -> None:
    s3_server.next.append((403, "AccessDenied"))
    with pytest.raises(LedgerUnavailable, match="PermissionDenied"):
        s3_blobs.has(DIGEST)


def test_a_write_that_is_refused_after_a_read_that_was_not(s3_server: S3Server, s3_blobs: S3Blobs) -> None:
    s3_server.next += [(404, "NoSuchKey"), (404, "NoSuchBucket")]
    with pytest.raises(LedgerUnavailable, match="NoSuchBucket"):
        s3_blobs.put(CONTENT)
    assert s3_server.objects == {}


@pytest.mark.parametrize("status", [500, 503])
def test_an_error_that_passes_is_asked_again_and_one_that_stays_is_told(
    s3_server: S3Server, s3_blobs: S3Blobs, status: int
) -> None:
    s3_blobs.put(CONTENT)
    s3_server.next += [(status, "SlowDown")] * s3.RETRIES_MAX
    assert s3_blobs.get(DIGEST) == CONTENT
    s3_server.next += [(status, "SlowDown")] * (s3.RETRIES_MAX + 1)
    with pytest.raises(LedgerUnavailable, match="SlowDown") as wrong:
        s3_blobs.get(DIGEST)
    refused(wrong.value)
    assert not s3_server.next


def test_a_wrong_secret_is_not_let_in(
    s3_server: S3Server, s3_blobs: S3Blobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another")
    with pytest.raises(LedgerUnavailable, match="SignatureDoesNotMatch") as wrong:
        s3_blobs.put(CONTENT)
    assert "another" not in refused(wrong.value)
    assert s3_server.objects == {}


def test_a_store_that_does_not_answer_is_given_up(s3_server: S3Server, s3_blobs: S3Blobs) -> None:
    s3_server.hanging.clear()
    begun = monotonic()
    with pytest.raises(LedgerUnavailable, match="does not serve") as wrong:
        s3_blobs.get(DIGEST)
    refused(wrong.value)
    assert monotonic() - begun < 10


def test_nobody_is_there(s3_server: S3Server, s3_blobs: S3Blobs) -> None:
    s3_server.shutdown()
    s3_server.server_close()
    for ask in ASKING.values():
        with pytest.raises(LedgerUnavailable) as wrong:
            ask(s3_blobs)
        refused(wrong.value)


def test_a_check_writes_one_object_and_no_evidence(s3_server: S3Server, s3_blobs: S3Blobs) -> None:
    for _ in range(2):
        assert s3_blobs.check() is None
    assert [path.rpartition("/")[2] for path in s3_server.objects] == [PROBE]


def test_a_check_notices_a_store_that_does_not_say_what_is_absent(
    s3_server: S3Server, s3_blobs: S3Blobs
) -> None:
    s3_server.unlisted = True
    s3_blobs._write(PROBE, b"")
    with pytest.raises(LedgerUnavailable, match="AccessDenied"):
        s3_blobs.check()


def test_what_is_lost_is_named(s3_server: S3Server, s3_blobs: S3Blobs) -> None:
    s3_blobs.put(CONTENT)
    s3_server.objects.clear()
    assert not s3_blobs.has(DIGEST)
    with pytest.raises(EvidenceLost, match=str(DIGEST)):
        s3_blobs.get(DIGEST)


def test_nobody_is_asked_before_it_is_needed(s3_server: S3Server) -> None:
    S3Blobs(BUCKET, endpoint=s3_server.endpoint)
    assert s3_server.requests == []
