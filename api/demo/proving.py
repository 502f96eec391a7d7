"""What provenance proves: of our own wheel, signed here by a key, and of a file of somebody else's."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from api.cli import exits
from api.demo import attestation, foreign
from api.demo.project import digest_of
from api.demo.story import Made, Say


class Ask(Protocol):
    """Runs a command of `shiplog` in sight of everybody, under its question; returns its exit code."""

    def __call__(self, question: str, /, *command: str) -> int:
        """Run it."""


def own_wheel(made: Made, folder: Path, *, repository: str, say: Say, ask: Ask) -> bool:
    """Sign, hand in and check the provenance of *made*; return whether it went as it must.

    What must not hold is the builder: a key proves that its holder signed, and nothing about who built.
    """
    signed = attestation.attest(made, folder, repository=repository)
    say(f"signed     SLSA provenance of {made.wheel.name}, with a key that was made for it and is gone again")
    key, envelope, artifact = _shown(signed.public_key), _shown(signed.envelope), digest_of(made.wheel)
    codes = (
        ask("Trust the key, by its public half:", "trust", "import", key, "--key", "--name", "demo-builder"),
        ask("Hand the provenance in:", "record", "evidence", envelope, "--for", artifact),
        ask(
            "Was it built as expected? By whom fails on purpose: a key proves who signed, not who built.",
            "check",
            "provenance",
            artifact,
            *_expect(
                f"build_type={attestation.BUILD_TYPE}",
                "parameter.format=wheel",
                "level=1",
                f"builder={attestation.BUILDER}",
            ),
        ),
    )
    return codes == (exits.DONE, exits.DONE, exits.UNVERIFIED)


def somebody_elses(project: Path, *, say: Say, ask: Ask) -> bool:
    """Hand in and check a bundle that nobody here signed, if there is one; return whether all of it held."""
    found = foreign.beside(project)
    where = _shown(project.parent / foreign.FOLDER)
    if found is None:
        say(f"\nleft out   somebody else's bundle: no package installed here ships one, nor is it in {where}")
        return True
    artifact = digest_of(found.artifact)
    say(f"\nfound      a Sigstore bundle that nobody here signed, about {found.artifact.name}, in {where}")
    codes = (
        ask("Hand it in:", "record", "evidence", _shown(found.bundle), "--for", artifact),
        ask(
            "Who built that, from what? A certificate proves it:",
            "check",
            "provenance",
            artifact,
            *_expect(*found.expected),
        ),
    )
    return codes == (exits.DONE, exits.DONE)


def _expect(*expected: str) -> Sequence[str]:
    return [word for each in expected for word in ("--expect", each)]


def _shown(path: Path) -> str:
    """Return *path* from where we stand, when that is shorter."""
    return min(str(path), os.path.relpath(path), key=len)
