"""What every blob store promises, and what the folder does about damage and races."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from adapters.blobs.folder import FolderBlobs
from adapters.blobs.memory import MemoryBlobs
from domain import ports
from domain.digest import Digest
from domain.errors import BrokenLedger, EvidenceLost, LedgerUnavailable, MalformedValue
from domain.ports import Blobs

CONTENT = b"what somebody signed"


@pytest.fixture(params=["folder", "memory", "s3"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Blobs:
    match request.param:
        case "folder":
            return FolderBlobs(tmp_path / "blobs")
        case "memory":
            return MemoryBlobs()
        case _:
            found: Blobs = request.getfixturevalue("s3_blobs")
            return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "blobs"


def files(folder: Path) -> list[Path]:
    return [each for each in folder.rglob("*") if each.is_file()]


@pytest.mark.parametrize("content", [CONTENT, b"", bytes(range(256)) * 1000])
def test_what_was_put_is_got_byte_for_byte(blobs: Blobs, content: bytes) -> None:
    digest = blobs.put(content)
    assert digest == Digest.of(content)
    assert blobs.has(digest)
    assert blobs.get(digest) == content


def test_what_was_not_put_is_lost(blobs: Blobs) -> None:
    assert not blobs.has(Digest.of(b"another"))
    with pytest.raises(EvidenceLost, match="has no sha256"):
        blobs.get(Digest.of(b"another"))


def test_what_is_put_again_is_there_once_and_the_same(blobs: Blobs) -> None:
    assert blobs.put(CONTENT) == blobs.put(CONTENT) == Digest.of(CONTENT)
    assert blobs.get(Digest.of(CONTENT)) == CONTENT


def test_many_at_once(blobs: Blobs) -> None:
    contents = [b"%d" % (number % 4) for number in range(16)]
    with ThreadPoolExecutor(8) as threads:
        put = list(threads.map(blobs.put, contents))
        assert list(threads.map(blobs.get, put)) == contents


def test_a_store_that_works_says_so_and_keeps_nothing_for_it(blobs: Blobs, folder: Path) -> None:
    room = blobs.check()
    assert room is None or room > 0
    assert not folder.exists(), "nothing is made"
    blobs.put(CONTENT)
    before = files(folder) if folder.exists() else []
    assert (blobs.check() is None) == (room is None)
    assert (files(folder) if folder.exists() else []) == before


def test_more_than_the_bound_is_refused(blobs: Blobs, monkeypatch: pytest.MonkeyPatch) -> None:
    content = bytes(1000)
    for module in ("adapters.blobs.folder", "adapters.blobs.memory", "adapters.blobs.s3"):
        monkeypatch.setattr(f"{module}.BLOB_BYTES_MAX", 999)
    with pytest.raises(MalformedValue, match="1000 bytes, at most 999"):
        blobs.put(content)
    assert not blobs.has(Digest.of(content))
    assert ports.BLOB_BYTES_MAX == 64 << 20


def test_putting_it_again_changes_nothing(folder: Path) -> None:
    blobs = FolderBlobs(folder)
    blobs.put(CONTENT)
    (file,) = files(folder)
    before = file.stat()
    blobs.put(CONTENT)
    assert (file.stat().st_ino, file.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert before.st_mode & 0o077 == 0
    assert file.relative_to(folder).parts[:2] == (file.name[:2], file.name[2:4])


def test_many_who_put_the_same_at_once_leave_one_file(folder: Path) -> None:
    content = bytes(1 << 20)
    with ThreadPoolExecutor(8) as threads:
        put = list(threads.map(lambda _: FolderBlobs(folder).put(content), range(32)))
    assert set(put) == {Digest.of(content)}
    assert len(files(folder)) == 1
    assert FolderBlobs(folder).get(put[0]) == content


@pytest.mark.parametrize("damaged", [CONTENT[:-1], CONTENT + b"!", b"", CONTENT.upper()])
def test_damage_is_noticed_and_mended_by_putting_it_again(folder: Path, damaged: bytes) -> None:
    blobs = FolderBlobs(folder)
    digest = blobs.put(CONTENT)
    files(folder)[0].write_bytes(damaged)
    with pytest.raises(BrokenLedger, match="is something else"):
        blobs.get(digest)
    blobs.put(CONTENT)
    assert blobs.get(digest) == CONTENT


@pytest.mark.parametrize("failing", ["fsync", "open"])
def test_a_put_that_fails_leaves_nothing_to_be_read(
    folder: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    blobs = FolderBlobs(folder)
    blobs.put(b"so that the folder is there")
    with monkeypatch.context() as patch:
        patch.setattr(os, failing, fail)
        with pytest.raises(LedgerUnavailable, match="No space left"):
            blobs.put(CONTENT)
    assert not blobs.has(Digest.of(CONTENT))
    assert len(files(folder)) == 1
    assert blobs.get(blobs.put(CONTENT)) == CONTENT


def synced_by(folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """What is synced while CONTENT is put, in that order."""
    synced: list[Path] = []
    really = os.fsync

    def sync(handle: int) -> None:
        synced.append(Path(f"/proc/self/fd/{handle}").readlink())
        really(handle)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", sync)
        FolderBlobs(folder).put(CONTENT)
    return synced


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="this system does not tell what is open")
def test_every_folder_and_file_is_synced_before_the_put_returns(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced = synced_by(folder, monkeypatch)
    (file,) = files(folder)
    names = {file.parent, file.parent.parent, folder, folder.parent}
    assert synced[0].name.startswith(f".{file.name}"), "the file, before it has its name"
    assert set(synced[1:]) == names
    # It is there already: whoever wrote it may have been stopped before anything was synced.
    again = synced_by(folder, monkeypatch)
    assert again[0] == file
    assert set(again[1:]) == names


@pytest.mark.parametrize("failing", range(1, 6))
def test_a_put_of_what_is_there_that_cannot_be_synced_says_so(
    folder: Path, monkeypatch: pytest.MonkeyPatch, failing: int
) -> None:
    FolderBlobs(folder).put(CONTENT)
    left = [failing]
    really = os.fsync

    def fail(handle: int) -> None:
        left[0] -= 1
        if left[0] == 0:
            raise OSError(5, "Input/output error")
        really(handle)

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(LedgerUnavailable, match="Input/output error"):
        FolderBlobs(folder).put(CONTENT)


def test_a_folder_that_cannot_be_written_says_so(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    FolderBlobs(folder).put(CONTENT)

    def fail(*_: object) -> None:
        raise OSError(30, "Read-only file system")

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", fail)
        with pytest.raises(LedgerUnavailable, match="Read-only file system"):
            FolderBlobs(folder).check()
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(LedgerUnavailable, match="cannot be made"):
        FolderBlobs(folder / "deeper").check()
    assert FolderBlobs(folder).check()
