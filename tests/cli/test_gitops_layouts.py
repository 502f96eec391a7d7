"""`--detect` on the layouts people have: what it understood, and a command that then does it."""

import shlex
from pathlib import Path

import pytest

from tests.cli.running import Shell
from tests.gitops.made import Made

HELM = "image:\n  repository: r.example/x\n  tag: v1\n"
KUSTOMIZE = "images:\n- name: r.example/team/{}\n  newTag: v1\n"
ENVIRONMENTS = ("prod", "staging")
SERVICES = ("pay", "search")


def files(path: str, content: str) -> dict[str, str | None]:
    return {
        path.format(environment=environment, service=service): content.format(service)
        for environment in ENVIRONMENTS
        for service in SERVICES
    }


@pytest.mark.parametrize(
    ("pattern", "content", "key"),
    [
        ("image-tags/{environment}/{service}", "image_tag: v1\n", "image_tag"),
        ("charts/app-config/image-tags/{environment}/{service}", "image_tag: v1\n", "image_tag"),
        ("image-tags/{environment}/{service}", "v1\n", "."),
        ("environments/{environment}/{service}/values.yaml", HELM, "image.tag"),
        (
            "apps/{service}/overlays/{environment}/kustomization.yaml",
            KUSTOMIZE,
            "images[{service}].newTag",
        ),
        ("{environment}/{service}.yaml", HELM, "image.tag"),
        ("clusters/{environment}/{service}/values.yaml", HELM, "image.tag"),
        ("charts/{service}/values-{environment}.yaml", HELM, "image.tag"),
        ("k8s/{environment}/{service}.json", '{{"tag": "v1"}}', "tag"),
    ],
)
def test_a_layout_is_understood_and_its_command_works(
    shiplog: Shell, tmp_path: Path, pattern: str, content: str, key: str
) -> None:
    made = Made.at(tmp_path / "some deployments")
    made.commit({**files(pattern, content), "README.md": "x", "docs/a/b.yaml": "tag: v1"})
    found = shiplog.done("import", "gitops", str(made.folder), "--detect", "-o", "json").json["layouts"]
    assert [(each["pattern"], each["key"]) for each in found] == [(pattern, key)]
    first = found[0]
    assert (first["files"], first["labels"], first["environments"], first["services"]) == (
        *(4, 4),
        list(ENVIRONMENTS),
        2,
    )
    assert "says pay@prod runs v1" in first["example"]
    shell, *command = shlex.split(first["command"])
    assert shell == "shiplog"
    assert shiplog.done(*command, "-o", "json").json["new"] == 4


def test_a_map_of_services_and_its_own_configuration(shiplog: Shell, tmp_path: Path) -> None:
    made = Made.at(tmp_path / "deployments")
    values = "pay: {image: {tag: v1}}\nsearch: {image: {tag: v2}}\nglobal: {domain: x}\n"
    made.commit({f"charts/values-{environment}.yaml": values for environment in ENVIRONMENTS})
    found = shiplog.done("import", "gitops", str(made.folder), "--detect", "-o", "json").json["layouts"]
    assert [(each["pattern"], each["key"], each["labels"]) for each in found] == [
        ("charts/values-{environment}.yaml", "{service}.image.tag", 4)
    ]


def test_configuration_beside_the_labels_is_proposed(shiplog: Shell, tmp_path: Path) -> None:
    made = Made.at(tmp_path / "deployments")
    labels = files("charts/app-config/image-tags/{environment}/{service}", "image_tag: v1")
    made.commit({**labels, "charts/app-config/values-prod.yaml": "x: 1"})
    ran = shiplog.done("import", "gitops", str(made.folder), "--detect")
    options = (
        "--pattern 'charts/app-config/image-tags/{environment}/{service}' --key image_tag"
        " --config-pattern 'charts/app-config/values-{environment}.yaml'"
    )
    assert ran.out.splitlines() == [
        "charts/app-config/image-tags/{environment}/{service}  image_tag",
        "  4 files, 2 environments (prod, staging), 2 services",
        "  charts/app-config/image-tags/prod/pay says pay@prod runs v1",
        f"  shiplog import gitops {made.folder} {options}",
    ]


def test_nothing_is_understood(shiplog: Shell, tmp_path: Path) -> None:
    made = Made.at(tmp_path / "code")
    made.commit({"src/main/app.py": "print()", "docs/guide.yaml": "tag: x"})
    ran = shiplog("import", "gitops", str(made.folder), "--detect")
    assert (ran.code, ran.out) == (3, "")
    assert "no known layout" in ran.err
