"""`shiplog import`: history from elsewhere, in batches."""

import click

from api.cli.lazy import CONTEXT, Entry, LazyGroup

ENTRIES = {
    "jsonl": Entry("api.cli.import_jsonl:jsonl", "Reports, one JSON object a line."),
    "gitops": Entry("api.cli.import_gitops:gitops", "What a GitOps repository declared, commit by commit."),
}


@click.group("import", cls=LazyGroup, entries=ENTRIES, context_settings=CONTEXT)
def import_() -> None:
    """Take in history from elsewhere. Safe to run again: the same report twice is recorded once."""
