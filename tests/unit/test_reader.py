"""The process that reads ahead: started early where the ledger may be large, and gone in any case."""

from pathlib import Path

import pytest

from api import reader


@pytest.mark.parametrize(
    ("url", "started"),
    [
        ("sqlite:///{folder}/large.db", True),
        ("sqlite:///{folder}/small.db", False),
        ("sqlite:///{folder}/absent.db", False),
        ("sqlite://", False),
        ("postgresql+psycopg://ledger@db.example/ledger", True),
    ],
)
def test_it_is_started_early_where_the_ledger_may_be_large(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str, *, started: bool
) -> None:
    monkeypatch.setattr(reader, "LARGE_BYTES", 1000)
    for name, size in (("large", 1000), ("small", 999)):
        (tmp_path / f"{name}.db").write_bytes(bytes(size))
    with reader.early(url.format(folder=tmp_path)) as process:
        assert (process is not None) is started
    assert process is None or process.returncode is not None


def test_one_that_nobody_asks_goes_without_a_word() -> None:
    """As when the rebuild is killed before it has loaded what it needs."""
    process = reader.start()
    assert process.stdout is not None
    assert process.stdin is not None
    process.stdin.close()
    assert process.stdout.read() == b""
    assert process.wait(timeout=60) == 0
    reader.end(process)
