"""The console script: the table of commands, and the one place where failures become exit codes."""

import sys
from collections.abc import Sequence

import click

from api.cli import exits
from api.cli.lazy import CONTEXT, Entry, LazyGroup
from domain.errors import LedgerError

COMMANDS = {
    "init": Entry("api.cli.init:init", "Make an empty ledger and its keys; safe to repeat."),
    "demo": Entry("api.cli.demo:demo", "Record this project itself, and ask the ledger about it."),
    "record": Entry("api.cli.record:record", "Report a fact: build, config, deployment, removal, …"),
    "release": Entry("api.cli.release:release", "Cut releases, list and show them."),
    "rollback": Entry("api.cli.rollback:rollback", "Report that an earlier release runs again."),
    "at": Entry("api.cli.at:at", "What ran, anywhere, at any moment."),
    "diff": Entry("api.cli.diff:diff", "What differs between two moments or two environments."),
    "drift": Entry("api.cli.drift:drift", "What runs, and was not released and deployed so."),
    "timeline": Entry("api.cli.timeline:timeline", "Everything a service ran, interval by interval."),
    "changes": Entry("api.cli.changes:changes", "The numbered list of changes of an environment."),
    "where": Entry("api.cli.find:where", "Where and when a commit, digest, release or component ran."),
    "components": Entry("api.cli.components:components", "What is inside an artifact, by its SBOM."),
    "who": Entry("api.cli.find:who", "Who built, released and ran it."),
    "evidence": Entry("api.cli.evidence:evidence", "What evidence there is, and what it establishes."),
    "policy": Entry("api.cli.policy:policy", "Rules over verified facts, and which of them decide."),
    "gate": Entry("api.cli.gate:gate", "What the policy in force says of a release."),
    "freeze": Entry("api.cli.freeze:freeze", "When changes wait."),
    "waiver": Entry("api.cli.waiver:waiver", "Violations that are accepted for a while."),
    "check": Entry("api.cli.check:check", "Hold verified provenance against what you expect."),
    "trust": Entry("api.cli.trust:trust", "Whose word counts for evidence, and whose does not."),
    "access": Entry("api.cli.access:access", "Who may do what, and changing that."),
    "login": Entry("api.cli.login:login", "Log a person in, by a link that is good once."),
    "webhook": Entry("api.cli.webhook:webhook", "Have others told of events, and see whether they are."),
    "token": Entry("api.cli.token:token", "Issue, rotate and revoke API tokens."),
    "who-could": Entry("api.cli.who_could:who_could", "Who could do something, at any moment."),
    "events": Entry("api.cli.events:events", "The record itself, event by event, and what is added to it."),
    "verify": Entry("api.cli.verify:verify", "Check every signature, chain and position."),
    "rebuild": Entry("api.cli.rebuild:rebuild", "Make the read models anew, beside whoever uses them."),
    "import": Entry("api.cli.imports:import_", "Take in history: JSON lines, a GitOps repository."),
    "serve": Entry("api.cli.serve:serve", "Serve the HTTP API."),
    "doctor": Entry("api.cli.doctor:doctor", "Find out what is wrong with an installation."),
    "help": Entry("api.cli.help:help_", "Pages of help: exit-codes, instants, settings."),
}

EPILOG = """\b
Ask:     shiplog at prod@2026-08-14T12:47Z      shiplog diff staging prod
Report:  shiplog record build payments-api --artifact-file dist/api.tar
More:    shiplog help exit-codes | instants | settings
"""


@click.group(cls=LazyGroup, entries=COMMANDS, context_settings=CONTEXT, epilog=EPILOG)
@click.version_option(package_name="shiplog", prog_name="shiplog", message="%(prog)s %(version)s")
def cli() -> None:
    """Tell what ran where, when and on whose word: the ship's log of software delivery.

    Without SHIPLOG_SERVER, commands open the ledger in SHIPLOG_HOME themselves.
    """


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    try:
        outcome = cli.main(args=arguments, prog_name="shiplog", standalone_mode=False)
    except exits.Failure as failure:
        _say(str(failure), failure.details)
        return failure.code
    except LedgerError as refusal:
        _say(str(refusal))
        return exits.of_refusal(refusal)
    except click.ClickException as misuse:
        misuse.show()
        return misuse.exit_code
    except click.Abort:
        _say("interrupted")
        return exits.INTERRUPTED
    return outcome if isinstance(outcome, int) else exits.DONE


def _say(message: str, details: Sequence[str] = ()) -> None:
    for line in (f"shiplog: {message}", *(f"  {detail}" for detail in details)):
        click.echo(line, err=True)


if __name__ == "__main__":
    sys.exit(main())
