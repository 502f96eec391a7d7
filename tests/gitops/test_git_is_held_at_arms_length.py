"""Nothing a repository says is run, and nothing in our environment changes what is read."""

import os
from pathlib import Path

import pytest

from api.gitops import git
from api.gitops.git import GitFailed
from api.gitops.history import NotARepository, Repository
from tests.gitops.conftest import Reading
from tests.gitops.made import Made


@pytest.fixture
def trap(made: Made, tmp_path: Path) -> Path:
    """A repository whose configuration runs a program wherever git would; the file it would leave."""
    sprung = tmp_path / "sprung"
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\ntouch {sprung}\ncat\n")
    program.chmod(0o755)
    made.commit({"tags/prod/a": "v1", ".gitattributes": "* diff=evil filter=evil\n"})
    for name in ("core.fsmonitor", "diff.external", "diff.evil.textconv", "diff.evil.command"):
        made.git("config", name, str(program))
    for name in ("core.pager", "gpg.program", "core.sshCommand", "core.alternateRefsCommand"):
        made.git("config", name, str(program))
    made.git("config", "filter.evil.smudge", str(program))
    made.git("config", "log.showSignature", "true")
    return sprung


def test_nothing_of_the_repositorys_configuration_is_run(read: Reading, trap: Path) -> None:
    assert read().short == [("a@prod", "v1")]
    assert not trap.exists()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("color.ui", "always"),
        ("color.diff", "always"),
        ("diff.renames", "copies"),
        ("format.pretty", "full"),
        ("i18n.logOutputEncoding", "UTF-16"),
        ("log.diffMerges", "combined"),
        ("log.follow", "true"),
        ("log.showRoot", "false"),
        ("log.decorate", "full"),
        ("diff.orderFile", "README"),
    ],
)
def test_no_configuration_changes_what_is_read(made: Made, read: Reading, name: str, value: str) -> None:
    made.commit({"tags/prod/a": "v1", "README": "*"})
    made.git("checkout", "--quiet", "-b", "side")
    made.git("mv", "tags/prod/a", "tags/prod/b")
    made.commit({})
    made.git("checkout", "--quiet", "main")
    made.commit({"tags/prod/c": "v1"})
    made.git("merge", "--quiet", "--no-ff", "--message", "merge", "side")
    before = read().lines
    assert len(before) == 4
    made.git("config", name, value)
    assert read().lines == before


def test_the_environment_says_nothing(
    made: Made, read: Reading, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made.commit({"tags/prod/a": "v1"})
    Made.at(tmp_path / "other").commit({"tags/prod/z": "v9"})
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "other" / ".git"))
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", "false")
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    assert read().short == [("a@prod", "v1")]


def test_a_replaced_commit_is_read_as_it_was(made: Made, read: Reading) -> None:
    first = made.commit({"tags/prod/a": "v1"})
    made.commit({"tags/prod/a": "v2"})
    made.git("replace", "HEAD", first)
    assert [label for _, label in read().short] == ["v1", "v2"]


def test_a_missing_blob_is_never_fetched(made: Made, read: Reading, tmp_path: Path) -> None:
    made.commit({"tags/prod/a": "v1"})
    made.git("config", "uploadpack.allowFilter", "true")
    partial = tmp_path / "partial"
    made.git("clone", "--quiet", "--bare", "--filter=blob:none", f"file://{made.folder}", str(partial))
    with pytest.raises(GitFailed, match="partial clone"):
        read(folder=partial)


def test_a_folder_inside_a_repository_is_none(made: Made, read: Reading) -> None:
    made.commit({"tags/prod/a": "v1"})
    with pytest.raises(NotARepository):
        read(folder=made.folder / "tags")


@pytest.mark.parametrize("ref", ["--all", "-x", "nowhere", "HEAD:tags", ""])
def test_a_ref_is_never_an_option(made: Made, ref: str) -> None:
    made.commit({"tags/prod/a": "v1"})
    with Repository.opened(made.folder) as repository, pytest.raises(NotARepository):
        repository.resolve(ref)


def test_a_shallow_clone_is_noticed(made: Made, tmp_path: Path) -> None:
    made.commit({"tags/prod/a": "v1"})
    made.commit({"tags/prod/a": "v2"})
    made.git("clone", "--quiet", "--depth=1", f"file://{made.folder}", str(tmp_path / "shallow"))
    for folder, expected in ((made.folder, False), (tmp_path / "shallow", True)):
        with Repository.opened(folder) as repository:
            assert repository.shallow() is expected


def test_a_git_that_says_nothing_is_not_waited_for_for_ever(
    made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made.commit({"tags/prod/a": "v1"})
    silent = tmp_path / "bin" / "git"
    silent.parent.mkdir()
    silent.write_text("#!/bin/sh\nexec sleep 60\n")
    silent.chmod(0o755)
    monkeypatch.setenv("PATH", f"{silent.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(git, "WAIT_SECONDS_MAX", 0.1)
    with pytest.raises(GitFailed, match="took"):
        git.Git(made.folder).line("rev-parse")
    with pytest.raises(GitFailed, match="silent"), git.Git(made.folder).stream("log") as told:
        told.until(b"\0")


def test_no_git_at_all(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(made.folder))
    with pytest.raises(GitFailed, match="does not run"), Repository.opened(made.folder):
        pass
