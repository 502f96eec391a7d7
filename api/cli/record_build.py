"""`shiplog record build`."""

import os
from collections.abc import Sequence
from hashlib import file_digest
from pathlib import Path

import click

from api.cli import ci, parameters, reporting
from api.cli.instants import Moment
from api.cli.lazy import CONTEXT

EPILOG = """\b
In a CI job, commit, repository, ref, build and builder come from the CI's variables:
  shiplog record build payments-api --artifact-file dist/payments-api.tar
Anywhere:
  shiplog record build payments-api --build ci/4711 --artifact payments-api=sha256:…
      --commit 9f2c… --repository https://git.example/pay/api --ref refs/heads/main
"""


@click.command("build", context_settings=CONTEXT, epilog=EPILOG)
@click.argument("service", type=parameters.SERVICE)
@click.option("--build", type=parameters.NAME, help="Name of the build in its service, such as ci/4711.")
@click.option("--commit", type=parameters.COMMIT, help="40 or 64 hex digits.")
@click.option("--repository", type=parameters.REPOSITORY, help="Where the commit is.")
@click.option("--ref", type=parameters.LINE, help="The ref it was taken from.")
@click.option(
    "--artifact", "artifacts", multiple=True, type=parameters.ARTIFACT, help="What came out. Repeatable."
)
@click.option(
    "--artifact-file",
    "files",
    multiple=True,
    type=parameters.FILE,
    help="A file that came out; it is digested here. Repeatable.",
)
@click.option("--outcome", type=click.Choice(["succeeded", "failed"]), default="succeeded", show_default=True)
@click.option("--label", type=parameters.LINE, help="A version people use, such as v1357.")
@click.option("--builder", type=parameters.LINE, help="What built it, as a URI.")
@click.option(
    "--author",
    type=(parameters.LINE, parameters.LINE),
    metavar="ISSUER SUBJECT",
    help="Who wrote it, perhaps a bot; of an e-mail address only a digest is kept.",
)
@click.option(
    "--merged-by",
    type=(parameters.LINE, parameters.LINE),
    metavar="ISSUER SUBJECT",
    help="Who let it in: of a bot's work, who answers for it.",
)
@reporting.report_options
def build(
    *,
    service: str,
    build: str | None,
    commit: str | None,
    repository: str | None,
    ref: str | None,
    artifacts: Sequence[tuple[str, str]],
    files: Sequence[Path],
    outcome: str,
    label: str | None,
    builder: str | None,
    author: tuple[str, str] | None,
    merged_by: tuple[str, str] | None,
    occurred_at: Moment | None,
    report_id: str | None,
    reporter: str | None,
    output: str,
) -> None:
    """Report how a build ended, and what came out of it."""
    job = ci.job(os.environ)
    source = {
        "repository": job.needed("repository", repository),
        "commit": job.needed("commit", commit),
        "ref": job.value("ref", ref),
        "author": _who(author),
        "merged_by": _who(merged_by),
    }
    body = {
        "service": service,
        "build": job.needed("build", build),
        "outcome": outcome,
        "source": {name: value for name, value in source.items() if value is not None},
        "builder": job.value("builder", builder),
        "label": label,
        "artifacts": [
            *({"name": name, "digest": digest} for name, digest in artifacts),
            *({"name": path.name, "digest": _digest(path)} for path in files),
        ],
    }
    reporting.send(
        "/v1/builds", body, occurred_at=occurred_at, report_id=report_id, reporter=reporter, form=output
    )


def _who(named: tuple[str, str] | None) -> dict[str, str] | None:
    return named and {"issuer": named[0], "subject": named[1]}


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        digest = f"sha256:{file_digest(file, 'sha256').hexdigest()}"
    click.echo(f"artifact: {path.name} {digest}", err=True)
    return digest
