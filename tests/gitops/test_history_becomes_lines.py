"""A repository's history as declared lines: what is told, what is not, and in which order."""

from pathlib import Path

import pytest

from api.gitops.history import NotARepository
from domain import names
from tests.gitops.conftest import Reading
from tests.gitops.made import NOON, Made, text


def test_a_line_says_where_it_comes_from(made: Made, read: Reading) -> None:
    made.git("remote", "add", "origin", "https://me:secret@git.example/team/deployments.git?token=x")
    commit = made.commit({"tags/prod/payments": "v1\n"})
    assert read().lines == [
        {
            "type": "declared",
            "service": "payments",
            "environment": "prod",
            "occurred_at": text(NOON + 60),
            "label": "v1",
            "commit": commit,
            "source": "https://git.example/team/deployments.git",
            "reporter": "gitops",
            "id": f"git/{commit[:12]}/payments@prod",
        }
    ]


@pytest.mark.parametrize(
    ("url", "source"),
    [
        ("git@git.example:team/deployments.git", "git.example:team/deployments.git"),
        ("ssh://git@git.example:22/team/x", "ssh://git.example:22/team/x"),
        ("/srv/git/deployments.git", "deployments"),
        ("file:///srv/git/x", "deployments"),
        ("../x", "deployments"),
    ],
)
def test_a_source_without_credentials_or_paths(made: Made, read: Reading, url: str, source: str) -> None:
    made.git("config", "remote.origin.url", url)
    made.commit({"tags/prod/payments": "v1"})
    assert read().lines[0]["source"] == source


def test_only_what_changed_is_told(made: Made, read: Reading) -> None:
    made.commit({"tags/prod/a": "v1", "tags/prod/b": "v1", "README": "1"})
    made.commit({"README": "2"})
    made.commit({"tags/prod/a": "v1\n"})
    made.commit({"tags/prod/b": "v2"})
    assert read().short == [("a@prod", "v1"), ("b@prod", "v1"), ("b@prod", "v2")]


def test_a_label_may_come_back(made: Made, read: Reading) -> None:
    for label in ("v1", "v2", "v1"):
        made.commit({"tags/prod/a": label})
    assert [label for _, label in read().short] == ["v1", "v2", "v1"]


@pytest.mark.parametrize("gone", [None, "", "\n"])
def test_a_deleted_or_empty_file_is_a_removal(made: Made, read: Reading, gone: str | None) -> None:
    made.commit({"tags/prod/a": "v1"})
    commit = made.commit({"tags/prod/a": gone})
    line = read().lines[-1]
    assert (line["label"], line["commit"], "config" in line) == (None, commit, False)


def test_a_key_that_goes_is_a_removal(made: Made, read: Reading) -> None:
    for content in ("image: {tag: v1}", "image: {}", "image: {tag: null}", "image: {tag: v2}", "other: 1"):
        made.commit({"prod/a.yaml": content})
    assert [label for _, label in read(["{environment}/{service}.yaml"], ["image.tag"]).short] == [
        "v1",
        None,
        "v2",
        None,
    ]


def test_a_rename_removes_the_old_name_and_declares_the_new(made: Made, read: Reading) -> None:
    made.commit({"tags/prod/a": "v1"})
    made.git("mv", "tags/prod/a", "tags/prod/b")
    commit = made.commit({})
    lines = read().lines[1:]
    assert [(line["service"], line["label"], line["commit"]) for line in lines] == [
        ("a", None, commit),
        ("b", "v1", commit),
    ]


def test_a_config_change_is_told_for_everything_that_runs_there(made: Made, read: Reading) -> None:
    made.commit({"values-prod.yaml": "1", "tags/prod/a": "v1", "tags/prod/b": "v1", "tags/test/a": "v1"})
    first = made.blob("values-prod.yaml")
    made.commit({"tags/prod/b": None})
    made.commit({"values-prod.yaml": "2"})
    lines = read(configs=["values-{environment}.yaml"]).lines
    told = [(line["service"], line["environment"], line["label"], line.get("config")) for line in lines]
    assert told == [
        ("a", "prod", "v1", first),
        ("b", "prod", "v1", first),
        ("a", "test", "v1", None),
        ("b", "prod", None, None),
        ("a", "prod", "v1", made.blob("values-prod.yaml")),
    ]


def test_label_and_config_in_one_commit_are_one_line(made: Made, read: Reading) -> None:
    made.commit({"values-prod.yaml": "1", "tags/prod/a": "v1"})
    made.commit({"values-prod.yaml": "2", "tags/prod/a": "v2"})
    lines = read(configs=["values-{environment}.yaml"]).lines
    assert [(line["label"], line["config"]) for line in lines][1:] == [("v2", made.blob("values-prod.yaml"))]


def test_a_config_that_was_there_first_counts_and_one_that_goes_is_told(made: Made, read: Reading) -> None:
    made.commit({"values-prod.yaml": "1"})
    made.commit({"tags/prod/a": "v1"})
    config = made.blob("values-prod.yaml")
    made.commit({"values-prod.yaml": None})
    lines = read(configs=["values-{environment}.yaml"]).lines
    assert [line.get("config") for line in lines] == [config, None]


def test_several_config_files_for_one_target(made: Made, read: Reading) -> None:
    made.commit({"common.yaml": "c", "config/prod/a.yaml": "a", "tags/prod/a": "v1", "tags/prod/b": "v1"})
    common, own = made.blob("common.yaml"), made.blob("config/prod/a.yaml")
    lines = read(configs=["common.yaml", "config/{environment}/{service}.yaml"]).lines
    both = f"git-blobs:{common.removeprefix('git-blob:')},{own.removeprefix('git-blob:')}"
    assert [line["config"] for line in lines] == [both, common]


def test_a_merge_tells_what_it_brought_at_its_own_time(made: Made, read: Reading) -> None:
    made.commit({"tags/prod/a": "v1"})
    made.git("checkout", "--quiet", "-b", "side")
    made.commit({"tags/prod/a": "v2"})
    made.commit({"tags/prod/a": "v3"})
    made.git("checkout", "--quiet", "main")
    made.commit({"tags/prod/b": "v1"})
    made.git("merge", "--quiet", "--no-ff", "--message", "merge", "side")
    merge = made.git("rev-parse", "HEAD")
    told = read()
    assert told.short == [("a@prod", "v1"), ("b@prod", "v1"), ("a@prod", "v3")]
    assert told.lines[-1]["commit"] == merge


def test_a_bare_repository_reads_the_same(made: Made, read: Reading, tmp_path: Path) -> None:
    made.commit({"tags/prod/a": "v1"})
    bare = made.bare(tmp_path / "deployments.git")
    assert read(folder=bare).lines == read().lines


def test_two_changes_of_a_target_in_one_second_keep_their_order(made: Made, read: Reading) -> None:
    made.commit({"tags/prod/a": "v1", "tags/prod/b": "v1"})
    made.commit({"tags/prod/a": "v2"}, after=0)
    made.commit({"tags/prod/a": "v3"}, after=0)
    made.commit({"tags/prod/b": "v2"}, after=1)
    told = [(line["service"], line["label"], line.get("sequence")) for line in read().lines]
    assert told == [
        ("a", "v1", None),
        ("b", "v1", None),
        ("a", "v2", 1),
        ("a", "v3", 2),
        ("b", "v2", None),
    ]


def test_time_that_goes_backwards_is_told_as_it_is_and_counted(made: Made, read: Reading) -> None:
    made.commit({"tags/prod/a": "v1"})
    made.commit({"tags/prod/a": "v2"}, after=-30)
    made.commit({"tags/prod/a": "v3"}, after=30)
    told = read()
    assert told.backwards == 1
    assert [line["occurred_at"] for line in told.lines] == [text(NOON + s) for s in (60, 30, 60)]
    assert [line.get("sequence", 0) for line in told.lines] == [0, 0, 1]


def test_after_a_commit_only_what_is_new_is_told_with_what_ran_before_in_mind(
    made: Made, read: Reading
) -> None:
    made.commit({"tags/prod/a": "v1", "tags/prod/b": "v1", "values-prod.yaml": "1"})
    elsewhere = made.commit({"README": "1"})
    made.commit({"values-prod.yaml": "2", "tags/prod/a": "v2"}, after=0)
    configs = ["values-{environment}.yaml"]
    everything = read(configs=configs).lines
    assert read(configs=configs, after=elsewhere).lines == everything[2:]
    assert read(configs=configs, after=made.git("rev-parse", "HEAD")).lines == []


def test_after_a_commit_that_is_not_on_the_way(made: Made, read: Reading) -> None:
    made.commit({"tags/prod/a": "v1"})
    made.git("checkout", "--quiet", "-b", "side")
    side = made.commit({"tags/prod/a": "v2"})
    made.git("checkout", "--quiet", "main")
    with pytest.raises(NotARepository, match="first-parent history"):
        read(after=side)


def test_several_patterns_with_a_key_each(made: Made, read: Reading) -> None:
    made.commit({"tags/prod/a": "image_tag: v1", "apps/b/prod": "v2"})
    told = read(["tags/{environment}/{service}", "apps/{service}/{environment}"], ["image_tag", "."])
    assert told.short == [("a@prod", "v1"), ("b@prod", "v2")]


def test_what_no_placeholder_says_can_be_given(made: Made, read: Reading) -> None:
    made.commit({"tags/a": "v1", "only/prod": "v2"})
    assert read(["tags/{service}"], environment="live").short == [("a@live", "v1")]
    assert read(["only/{environment}"], service="shop").short == [("shop@prod", "v2")]


def test_slots(made: Made, read: Reading) -> None:
    made.commit({"prod/a/eu": "v1", "prod/a/main": "v2"})
    lines = read(["{environment}/{service}/{slot}"]).lines
    assert [(line.get("slot"), line["id"].partition("/")[2].partition("/")[2]) for line in lines] == [
        ("eu", "a@prod/eu"),
        (None, "a@prod"),
    ]


def test_a_map_of_all_services(made: Made, read: Reading) -> None:
    made.commit({"values-prod.yaml": "a: {image: {tag: v1}}\nb: {image: {tag: v1}}\nglobal: {x: 1}\n"})
    made.commit({"values-prod.yaml": "a: {image: {tag: v2}}\nglobal: {x: 2}\n"})
    told = read(["values-{environment}.yaml"], ["{service}.image.tag"])
    assert told.short == [("a@prod", "v1"), ("b@prod", "v1"), ("a@prod", "v2"), ("b@prod", None)]


def test_kustomize(made: Made, read: Reading) -> None:
    images = "images:\n- name: registry.example/team/{}\n  newTag: {}\n- name: sidecar\n  newTag: 1.10\n"
    path = "apps/pay/overlays/prod/kustomization.yaml"
    made.commit({path: images.format("pay", "v1")})
    made.commit({path: images.format("pay", "v2")})
    pattern = "apps/{service}/overlays/{environment}/kustomization.yaml"
    assert read([pattern], ["images[{service}].newTag"]).short == [("pay@prod", "v1"), ("pay@prod", "v2")]
    assert read([pattern], ["images[sidecar].newTag"]).short == [("pay@prod", "1.10")]


def test_names_the_ledger_does_not_take_are_named_and_skipped(made: Made, read: Reading) -> None:
    commit = made.commit({"tags/Prod/a": "v1", "tags/prod/my app": "v1", "tags/prod/b": "v1"})
    made.commit({"tags/Prod/a": "v2"})
    told = read()
    assert told.short == [("b@prod", "v1")]
    assert [problem.split(": not a ")[0] for problem in told.problems] == [
        f"{commit[:12]}:tags/Prod/a",
        f"{commit[:12]}:tags/prod/my app",
    ]


def test_a_file_that_cannot_be_read_leaves_things_as_they_were(made: Made, read: Reading) -> None:
    made.commit({"prod/a.yaml": "tag: v1"})
    broken = made.commit({"prod/a.yaml": "<<<<<<< HEAD\ntag: v1\n=======\ntag: v2\n"})
    made.commit({"prod/a.yaml": "tag: v2"})
    told = read(["{environment}/{service}.yaml"], ["tag"])
    assert told.short == [("a@prod", "v1"), ("a@prod", "v2")]
    assert told.problems[0].startswith(f"{broken[:12]}:prod/a.yaml: not YAML")


def test_a_label_the_ledger_does_not_take_is_named_and_skipped(made: Made, read: Reading) -> None:
    made.commit({"tags/prod/a": "v1"})
    made.commit({"tags/prod/a": "v2\nv3"})
    told = read()
    assert told.short == [("a@prod", "v1")]
    assert "control character" in told.problems[0]


def test_of_two_files_about_one_place_the_first_counts_and_it_is_said(made: Made, read: Reading) -> None:
    made.commit({"one/prod/a": "v1", "two/prod/a": "v2"})
    made.commit({"one/prod/a": None})
    told = read(["one/{environment}/{service}", "two/{environment}/{service}"])
    assert told.short == [("a@prod", "v1"), ("a@prod", "v2")]
    assert "two/prod/a: a@prod is declared by one/prod/a already" in told.problems[0]


def test_a_link_is_no_file(made: Made, read: Reading) -> None:
    made.commit({"tags/prod/a": "v1"})
    (made.folder / "tags/prod/b").symlink_to("a")
    made.commit({})
    told = read()
    assert told.short == [("a@prod", "v1")]
    assert told.problems[0].endswith("tags/prod/b: no regular file; what it said before is taken to hold")


def test_a_file_that_becomes_a_link_is_not_a_removal(made: Made, read: Reading) -> None:
    made.commit({"tags/prod/a": "v1", "tags/prod/b": "v2"})
    (made.folder / "tags/prod/b").unlink()
    (made.folder / "tags/prod/b").symlink_to("a")
    made.commit({})
    assert read().short == [("a@prod", "v1"), ("b@prod", "v2")]


def test_a_path_that_fits_in_two_ways_is_named(made: Made, read: Reading) -> None:
    made.commit({"pay-prod.tag": "v1", "pay-api-prod.tag": "v1"})
    told = read(["{service}-{environment}.tag"])
    assert told.short == [("pay@prod", "v1")]
    assert "pay-api-prod.tag: fits" in told.problems[0]


def test_a_time_the_ledger_does_not_take(made: Made, read: Reading) -> None:
    made.commit({"tags/prod/a": "v1"})
    made.commit({"tags/prod/a": "v2"}, after=10**10)
    told = read()
    assert told.short == [("a@prod", "v1")]
    assert "1 lines are left out" in told.problems[0]


def test_paths_of_any_bytes(made: Made, read: Reading) -> None:
    made.commit({"tags/prod/a\nb": "v1", "tags/prod/é": "v1", "tags/prod/c": "v1"})
    told = read()
    assert told.short == [("c@prod", "v1")]
    assert len(told.problems) == 2


def test_a_line_about_very_long_names_still_has_an_id_the_ledger_takes(made: Made, read: Reading) -> None:
    service, environment = "s" * 100, "e" * 100
    made.commit({f"tags/{environment}/{service}": "v1", f"tags/{environment}/{service[:-1]}x": "v1"})
    ids = {str(line["id"]) for line in read().lines}
    assert len(ids) == 2
    assert all(names.name(each, "report id") for each in ids)
