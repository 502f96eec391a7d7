"""`shiplog import gitops`: what a GitOps repository declared, commit by commit."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click
import orjson

from api.cli import client, exits, gitops_layouts, output, parameters, sending
from api.cli.exits import Failure
from api.cli.lazy import CONTEXT
from api.cli.progress import Progress
from api.cli.sending import Placed, Tally
from api.gitops.documents import NoYaml
from api.gitops.git import GitFailed
from api.gitops.history import NotARepository, Repository
from api.gitops.lines import Line
from api.gitops.passing import Pass
from api.gitops.patterns import Bound
from api.gitops.plan import Plan

EPILOG = """\b
A pattern is a path with {environment}, {service} and, if need be, {slot}. A key says where in
the file the label stands; steps have a dot between (\\. is a dot in a name), and may hold
placeholders too:
  image.tag                 one label in a file
  {service}.image.tag       a map with an entry for each service
  images[{service}].newTag  the item of a list with that name, as Kustomize has them
  images[*].newTag          the only item of a list
  .                         the whole file; meant when there is no --key
A configuration file counts for every target that its placeholders fit.

\b
Every line is told once, whatever is imported again: the second run adds what is new. To pass over
the rest quickly, give --after the last commit of the run before, which it names.
What cannot be taken (names with upper case, a file that is no YAML) is named as COMMIT:PATH on
stderr and skipped; the exit code is then 2.

\b
Example:
  shiplog import gitops ../deployments --detect
  shiplog import gitops ../deployments --pattern 'image-tags/{environment}/{service}' --key image_tag
  shiplog import gitops charts.git --pattern 'values-{environment}.yaml' --key '{service}.image.tag' \\
      --config-pattern 'values-{environment}.yaml'
"""
TEXT = parameters.LINE


@click.command("gitops", context_settings=CONTEXT, epilog=EPILOG)
@click.argument("repository", type=parameters.FOLDER, metavar="REPO")
@click.option("--pattern", "patterns", type=TEXT, multiple=True, help="Files with labels; may be repeated.")
@click.option(
    "--key",
    "keys",
    type=TEXT,
    multiple=True,
    help="Where the label stands: one for all patterns, or one each.",
)
@click.option(
    "--config-pattern", "configs", type=TEXT, multiple=True, help="Files with configuration; may be repeated."
)
@click.option("--environment", type=parameters.ENVIRONMENT, help="Meant where no placeholder says it.")
@click.option("--service", type=parameters.SERVICE, help="Meant where no placeholder says it.")
@click.option(
    "--ref", type=TEXT, default="HEAD", show_default=True, help="The branch or commit to read up to."
)
@click.option("--after", type=TEXT, metavar="COMMIT", help="Declare only what came after this commit.")
@click.option("--source", type=parameters.REPOSITORY, help="Name of the repository.  [default: its origin]")
@click.option("--detect", is_flag=True, help="Try known layouts and say how to import them; records nothing.")
@output.recording
@click.pass_context
def gitops(
    ctx: click.Context,
    repository: Path,
    *,
    patterns: Sequence[str],
    keys: Sequence[str],
    configs: Sequence[str],
    environment: str | None,
    service: str | None,
    ref: str,
    after: str | None,
    source: str | None,
    detect: bool,
    output: str,
) -> None:
    """Record what a local GitOps repository REPO declared: its first-parent history, as `declared` lines."""
    if detect == bool(patterns):
        raise click.UsageError("give a --pattern, or --detect to have them proposed")
    if not patterns and (keys or configs):
        raise click.UsageError("--key and --config-pattern go with a --pattern")
    with _opened(repository) as opened:
        head = opened.resolve(ref)
        if detect:
            ctx.exit(gitops_layouts.show(opened, repository, head, output))
        if opened.shallow():
            click.echo(
                "warning: the clone is shallow; what ran before its first commit is not known", err=True
            )
        plan = Plan.of(patterns, keys, configs, Bound(environment, service))
        reading = Pass(opened, plan, source or opened.source(), _say)
        start = None if after is None else opened.resolve(after)
        tally = _import(opened, reading, head, start)
    _show(reading, tally, head, output)
    ctx.exit(tally.code if tally.code or not reading.problems else exits.USAGE)


@contextmanager
def _opened(folder: Path) -> Iterator[Repository]:
    try:
        with Repository.opened(folder) as opened:
            yield opened
    except NotARepository as nothing:
        raise Failure(exits.NOT_FOUND, str(nothing)) from nothing
    except NoYaml as missing:
        raise Failure(exits.USAGE, str(missing)) from missing
    except GitFailed as failed:
        raise Failure(exits.UNEXPECTED, str(failed)) from failed


def _import(repository: Repository, reading: Pass, head: str, after: str | None) -> Tally:
    tally, progress = Tally(), Progress()
    total = repository.count(head, reading.plan.folders) if progress.shown else 0
    with client.connected() as api:
        for batch in sending.batches(_placed(reading.lines(head, after))):
            sending.send(api, batch, tally, atomic=False)
            progress.at(tally.lines, reading.commits, total)
    progress.end()
    return tally


def _placed(lines: Iterator[Line]) -> Iterator[Placed]:
    for line in lines:
        yield str(line["id"]), orjson.dumps(line)


def _say(problem: str) -> None:
    click.echo(problem if problem.isprintable() else ascii(problem)[1:-1], err=True)


def _show(reading: Pass, tally: Tally, head: str, form: str) -> None:
    told: dict[str, object] = {
        "new": tally.new,
        "existing": tally.existing,
        "refused": tally.refused,
        "skipped": reading.problems,
        "commits": reading.commits,
        "backwards": reading.backwards,
        "head": head,
    }
    if reading.backwards:
        output.hint(f"commits dated before the one they follow: {reading.backwards}; each keeps its own time")
    if form == "json":
        output.document(orjson.dumps(told))
    else:
        output.facts(told)
    if tally.refused:
        output.hint(
            "mend what was refused and run this again without --after: what is recorded is not recorded twice"
        )
    else:
        output.hint(f"next time only what is new: --after {head}")
