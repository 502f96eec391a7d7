"""`shiplog record`: one command for each kind of report."""

import click

from api.cli.lazy import CONTEXT, Entry, LazyGroup

ENTRIES = {
    "build": Entry("api.cli.record_build:build", "How a build ended, and what came out of it."),
    "evidence": Entry("api.cli.record_evidence:evidence", "Provenance, SBOMs, test reports: any file."),
    "config": Entry("api.cli.record_config:config", "The configuration meant for a target."),
    "deployment": Entry("api.cli.record_run:deployment", "How far an attempt to run a release got."),
    "removal": Entry("api.cli.record_run:removal", "A slot stopped running anything."),
    "observation": Entry("api.cli.record_observation:observation", "All that was seen running."),
    "heartbeat": Entry("api.cli.record_heartbeat:heartbeat", "A reporter is there, and until when."),
    "correction": Entry("api.cli.record_correction:correction", "An earlier report was wrong."),
}


@click.group("record", cls=LazyGroup, entries=ENTRIES, context_settings=CONTEXT)
def record() -> None:
    """Report a fact. The same report twice is recorded once."""
