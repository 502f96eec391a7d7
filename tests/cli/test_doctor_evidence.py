"""`doctor` finds out whether evidence can be kept, and whether what was recorded is still there."""

import json
import os
from pathlib import Path

import pytest

from adapters.blobs.folder import FolderBlobs
from adapters.blobs.memory import MemoryBlobs
from api.cli import checks, evidence_checks
from api.s3_place import S3Place
from domain.digest import Digest
from tests import s3_server as s3
from tests.cli.running import Shell
from tests.evidence_desk import KEY, signed
from tests.mini_sigstore import pem

FILES = 20


@pytest.fixture(autouse=True)
def local_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text("/dev/sda / ext4 rw 0 0\n")
    monkeypatch.setattr(checks, "MOUNTS", mounts)


@pytest.fixture
def blobs(shiplog: Shell, tmp_path: Path) -> Path:
    """The folder of evidence of a ledger that has some, and a trusted key."""
    paths = [tmp_path / f"{number}.json" for number in range(FILES)]
    for number, path in enumerate(paths):
        path.write_bytes(signed(KEY, text=str(number)))
    (tmp_path / "key.pem").write_bytes(pem(KEY))
    shiplog.done("trust", "import", str(tmp_path / "key.pem"), "--key", "--name", "ours")
    shiplog.done("record", "evidence", *map(str, paths))
    return tmp_path / "home" / "blobs"


def told(shiplog: Shell, code: int = 0) -> list[tuple[str, str, str]]:
    """What is said about evidence."""
    ran = shiplog("doctor", "-o", "json")
    assert ran.code == code, ran.out
    findings = json.loads(ran.out)["findings"]
    return [
        (each["level"], each["detail"], each["remedy"]) for each in findings if each["check"] == "evidence"
    ]


def names(folder: Path) -> list[Path]:
    return sorted(each for each in folder.rglob("*") if each.is_file())


def test_everything_is_there_and_nothing_is_changed(shiplog: Shell, blobs: Path) -> None:
    before = names(blobs)
    levels, details, _ = zip(*told(shiplog), strict=True)
    assert levels == ("ok", "ok", "ok")
    assert details[0].startswith(f"{blobs} can be written, ")
    assert details[0].endswith(" GB free")
    assert details[1] == "everything that is trusted is there: 1"
    assert details[2] == "of what is recorded 16 files were looked at, none is lost"
    assert names(blobs) == before


def test_nothing_was_kept_yet(shiplog: Shell, tmp_path: Path) -> None:
    assert [level for level, *_ in told(shiplog)] == ["ok", "ok", "ok"]
    assert not (tmp_path / "home" / "blobs").exists()


@pytest.mark.parametrize("spoil", ["lose", "alter"])
def test_evidence_that_is_lost_or_altered_is_named(shiplog: Shell, blobs: Path, spoil: str) -> None:
    # More than are not in the sample, so that at least one of them is; the key is none of them.
    (trusted,) = (each for each in names(blobs) if each.read_bytes() == pem(KEY))
    for each in [each for each in names(blobs) if each != trusted][
        : FILES - evidence_checks.SAMPLE_FILES + 1
    ]:
        each.write_bytes(b"another") if spoil == "alter" else each.unlink()
    level, detail, remedy = told(shiplog, 1)[2]
    assert (level, remedy) == ("fail", "restore the backup, or hand it in again")
    assert "of 16 files looked at" in detail
    assert "sha256:" in detail


def test_other_files_are_looked_at_at_other_times(
    shiplog: Shell, blobs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: set[Digest] = set()

    def look(_: FolderBlobs, digest: Digest) -> bytes:
        looked.add(digest)
        return pem(KEY)

    monkeypatch.setattr(FolderBlobs, "get", look)
    for _ in range(12):
        shiplog.clock.advance()
        told(shiplog)
    assert len(looked) == len(names(blobs)) == FILES + 1


def test_a_trusted_root_that_is_lost_is_named(shiplog: Shell, blobs: Path) -> None:
    (trusted,) = (each for each in names(blobs) if each.read_bytes() == pem(KEY))
    trusted.unlink()
    level, detail, _ = told(shiplog, 1)[1]
    assert (level, trusted.name in detail) == ("fail", True)


def test_a_folder_that_cannot_be_written(
    shiplog: Shell, blobs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    really = os.open

    def refuse(path: Path, flags: int, *more: int) -> int:
        if flags & os.O_CREAT and Path(path).parent == blobs:
            raise OSError(30, "Read-only file system")
        return really(path, flags, *more)

    monkeypatch.setattr(os, "open", refuse)
    ((level, detail, remedy),) = told(shiplog, 1)
    assert level == "fail"
    assert detail == f"{blobs}: evidence cannot be kept: Read-only file system"
    assert "SHIPLOG_BLOBS" in remedy


def test_a_disk_that_is_nearly_full(shiplog: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evidence_checks, "ROOM_BYTES_MIN", 1 << 60)
    level, detail, remedy = told(shiplog)[0]
    assert (level, remedy, "has room for" in detail) == ("warn", "make room", True)


def test_a_store_in_s3(shiplog: Shell, blobs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    s3.sign_in(monkeypatch)
    with s3.running() as server:
        place = f"s3://{s3.BUCKET}/a?endpoint={server.endpoint}&region={s3.REGION}"
        shiplog.environment = {"SHIPLOG_BLOBS": place}
        # Nothing was brought over yet; then as a folder is copied.
        assert [level for level, *_ in told(shiplog, 1)] == ["ok", "fail", "fail"]
        for each in names(blobs):
            server.objects[f"/{s3.BUCKET}/a/{each.relative_to(blobs)}"] = each.read_bytes()
        levels, details, _ = zip(*told(shiplog), strict=True)
        assert levels == ("ok", "ok", "ok")
        assert details[0] == f"s3://{s3.BUCKET}/a at {server.endpoint} can be written"
        assert shiplog.done("evidence", "verify", "-o", "json").json["lost"] == []
        (new := blobs.parent / "new.json").write_bytes(signed(KEY, text="new"))
        shiplog.done("record", "evidence", str(new))
        digest = Digest.of(new.read_bytes())
        assert shiplog.done("evidence", "get", str(digest)).out.encode() == new.read_bytes()
        assert any(path.endswith(digest.hex) for path in server.objects)
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another")
        ((level, detail, _),) = told(shiplog, 1)
        assert (level, detail.endswith("SignatureDoesNotMatch")) == ("fail", True)


def test_a_store_over_a_network_in_the_clear() -> None:
    place = S3Place(bucket="evidence", endpoint="http://minio.example")
    warned, fine = evidence_checks.store(place, MemoryBlobs())
    assert (warned.level, fine.level) == ("warn", "ok")
    assert "not encrypted" in warned.detail
