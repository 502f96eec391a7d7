"""A signed bundle that nobody here wrote, with the file it is about.

None of the packages that shiplog installs ships one, and it is not ours to copy: it is read where the shared
evidence lies, beside the project, and is absent where that is absent.
"""

from dataclasses import dataclass
from pathlib import Path

FOLDER = Path("shared", "corpus")
"""Where it lies, from the folder that the project is in."""
_CASE = Path("slsa-verifier", "cli", "slsa-verifier", "testdata", "bcr")
_REPOSITORY = "https://github.com/aspect-build/rules_lint"
_BUILDER = "https://github.com/bazel-contrib/publish-to-bcr/.github/workflows/publish.yaml"


@dataclass(frozen=True, slots=True)
class Foreign:
    """Provenance that a GitHub workflow signed on 2025-03-26 by Sigstore's public instance and in its log."""

    bundle: Path
    artifact: Path
    expected: tuple[str, ...] = (
        f"source={_REPOSITORY}",
        "owner_id=60951090",
        "repository_id=631710741",
        f"builder={_BUILDER}",
        "trigger=workflow_dispatch",
        "level=2",
    )
    """All of it holds."""


def beside(project: Path) -> Foreign | None:
    """Return what lies beside the folder *project*; None when nothing does."""
    artifact = project.parent / FOLDER / _CASE / "MODULE.bazel"
    bundle = artifact.with_name(f"{artifact.name}.intoto.jsonl")
    return Foreign(bundle, artifact) if bundle.is_file() and artifact.is_file() else None
