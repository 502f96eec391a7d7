"""`shiplog trust`: what may vouch for evidence, and whose signatures no longer count."""

from pathlib import Path

import click
import orjson

from api.cli import client, columns, exits, files, instants, output, parameters, reporting, trust_impact
from api.cli.exits import Failure
from api.cli.instants import Moment
from api.cli.lazy import CONTEXT, Entry, LazyGroup
from api.cli.output import Column
from domain.evidence import Signs

ENTRIES = {
    "import": Entry("api.cli.trust:import_", "Trust a root of Sigstore, or a public key."),
    "list": Entry("api.cli.trust:list_", "What is trusted, and who is not."),
    "show": Entry("api.cli.trust:show", "One root, and all that is said of it."),
    "get": Entry("api.cli.trust:get", "The root or the key itself, byte for byte."),
    "withdraw": Entry("api.cli.trust_changes:withdraw", "Nothing is verified with a root or a key any more."),
    "builders": Entry("api.cli.trust_changes:builders", "Which builder counts for which level."),
    "impact": Entry("api.cli.trust_impact:impact", "What is affected if a signer is not trusted."),
    "distrust": Entry("api.cli.trust:distrust", "A signer no longer counts from an instant on."),
}
COLUMNS = (
    columns.at("trusted", "trusted"),
    columns.at("kind", "kind"),
    columns.at("name", "name"),
    columns.at("instance", "instance"),
    Column("root or signer", lambda row: row["who"]),
    columns.at("from", "from"),
    columns.at("until", "until"),
    columns.at("why", "why"),
)


@click.group("trust", cls=LazyGroup, entries=ENTRIES, context_settings=CONTEXT)
def trust() -> None:
    """Say whose word counts for evidence. All of it is recorded, and known at any moment."""


@click.command(
    "import",
    context_settings=CONTEXT,
    epilog="""\b
Example:
  shiplog trust import trusted_root.json --name "sigstore, July" --instance public-good
  shiplog trust import release-key.pub.pem --key --from 2026-01-01T00:00Z
""",
)
@click.argument("path", metavar="FILE", type=parameters.FILE)
@click.option("--key", "is_key", is_flag=True, help="The file is a public key (PEM), not a root of Sigstore.")
@click.option("--name", type=parameters.LINE, help="What people call it. [default: the file's name]")
@click.option("--source", type=parameters.LINE, help="Where it came from.")
@click.option(
    "--instance",
    type=parameters.INSTANCE,
    help="Which instance of Sigstore it is a root of: public-good, github, or a name of your own; builders"
    " count under instances. [default: what it was, or none]",
)
@click.option("--log", type=parameters.DIGEST, help="The imported root whose log says when the key signed.")
@click.option("--key-id", type=parameters.LINE, help="Only signatures that name the key so.")
@click.option(
    "--signs",
    type=click.Choice([each.value for each in Signs]),
    help="What the key signs: envelopes (pae, the rule), their bare payload, or in-toto layouts and no more.",
)
@click.option(
    "--from", "valid_from", type=parameters.INSTANT, metavar="INSTANT", help="The key's first instant of use."
)
@click.option(
    "--until",
    "valid_until",
    type=parameters.INSTANT,
    metavar="INSTANT",
    help="The key's last instant of use.",
)
@output.recording
def import_(
    *,
    path: Path,
    is_key: bool,
    name: str | None,
    source: str | None,
    instance: str | None,
    log: str | None,
    key_id: str | None,
    signs: str | None,
    valid_from: Moment | None,
    valid_until: Moment | None,
    output: str,
) -> None:
    """Trust what is in FILE from now on; `shiplog evidence verify` tries it on what is there already."""
    with client.connected() as api:
        said = {
            "kind": "key" if is_key else "sigstore",
            "name": name or path.name,
            "content": files.read(str(path)),
            "source": source,
            "instance": instance,
            "log": log,
            "key_id": key_id,
            "signs": signs,
            "valid_from": None if valid_from is None else instants.resolve(valid_from, api),
            "valid_until": None if valid_until is None else instants.resolve(valid_until, api),
        }
        body = {member: value for member, value in said.items() if value is not None}
        receipt = api.post("/v1/trust/roots", body)
    reporting.show(receipt, output)


@click.command("list", context_settings=CONTEXT, epilog="\b\nExample:\n  shiplog trust list")
@parameters.known_at
@output.asking
def list_(*, known_at: str | Moment | None, output: str) -> None:
    """List what is trusted or was, the last import first, and the signers that are distrusted."""
    _list(known_at, output)


def _list(known_at: str | Moment | None, form: str) -> None:
    with client.connected() as api:
        known = instants.resolve_known(known_at, api)
        answer = api.get("v1", "trust", "roots", query={"known_at": known})
    found = client.read(answer)
    rows = [
        {
            "trusted": "yes" if root["withdrawn"] is None else "no",
            "kind": root["kind"],
            "name": root["name"],
            "instance": root["instance"],
            "who": root["root"],
            "from": root["valid_from"] if root["withdrawn"] is None else root["withdrawn"]["from"],
            "until": root["valid_until"],
            "why": root["source"] if root["withdrawn"] is None else root["withdrawn"]["reason"],
        }
        for root in found["roots"]
    ]
    rows += [
        {
            "trusted": "no",
            "kind": "key" if each["key"] else "identity",
            "name": each["issuer"],
            "instance": None,
            "who": each["key"] or each["identity"],
            "from": each["from"],
            "until": None,
            "why": each["reason"],
        }
        for each in found["distrusted"]
    ]
    output.hint(client.prefix_of(found))
    table = found["builders"]
    output.hint(f"table of builders: {table['table'] if table else 'none, so no builder counts'}")
    output.show(form, answer, rows, COLUMNS)


@click.command("show", context_settings=CONTEXT, epilog="\b\nExample:\n  shiplog trust show sha256:5f5f…")
@click.argument("root", type=parameters.DIGEST)
@parameters.known_at
@output.recording
def show(*, root: str, known_at: str | Moment | None, output: str) -> None:
    """Show the ROOT that goes by that digest or fingerprint."""
    _show(root, known_at, output)


def _show(root: str, known_at: str | Moment | None, form: str) -> None:
    with client.connected() as api:
        known = instants.resolve_known(known_at, api)
        found = api.ask("v1", "trust", "roots", query={"known_at": known})
    named = next((each for each in found["roots"] if each["root"] == root), None)
    if named is None:
        raise Failure(exits.NOT_FOUND, f"nothing that is trusted goes by {root}")
    if form == "json":
        output.document(orjson.dumps(named))
        return
    withdrawn = named.pop("withdrawn") or {"from": None, "reason": None}
    named |= {"withdrawn from": withdrawn["from"], "withdrawn because": withdrawn["reason"]}
    output.facts({name.replace("_", " "): value for name, value in named.items()})


@click.command(
    "get",
    context_settings=CONTEXT,
    epilog="\b\nExample:\n  shiplog trust get sha256:5f5f… --to trusted_root.json",
)
@click.argument("root", type=parameters.DIGEST)
@click.option("--to", "goal", type=parameters.OUTPUT, default="-", help="Where to write it; - is stdout.")
def get(*, root: str, goal: str) -> None:
    """Fetch the ROOT or the key that goes by that digest or fingerprint, to verify without this ledger."""
    with client.connected() as api:
        content = api.get("v1", "trust", "roots", root, "content")
    files.write(goal, content)


@click.command(
    "distrust",
    context_settings=CONTEXT,
    epilog="""\b
IDENTITY is that of certificates, to the letter, or the fingerprint of a key or a certificate (sha256:…).
What is recorded stays; from now on, what was signed then or later is not counted when it is judged.
Prints what is affected, as `shiplog trust impact` does; that may be asked before and after.

\b
Example:
  shiplog trust distrust https://github.com/acme/app/.github/workflows/build.yml@refs/heads/main
      --from 2026-03-01T00:00Z --reason "the workflow was taken over"
""",
)
@click.argument("identity", type=parameters.LINE)
@click.option("--issuer", type=parameters.LINE, help="Who vouched for the identity. [default: whoever did]")
@click.option(
    "--from",
    "since",
    type=parameters.INSTANT,
    metavar="INSTANT",
    required=True,
    help="What was signed then or later does not count.",
)
@click.option("--reason", type=parameters.LINE, required=True, help="Why, for whoever asks later.")
@output.recording
def distrust(*, identity: str, issuer: str | None, since: Moment, reason: str, output: str) -> None:
    """Distrust a signer from an instant on, and tell what is affected."""
    with client.connected() as api:
        asked = {**trust_impact.signer(identity, issuer), "from": instants.resolve(since, api)}
        said = {**asked, "reason": reason}
        receipt = api.post("/v1/trust/distrusted", {n: v for n, v in said.items() if v is not None})
        trust_impact.show_distrusted(api, receipt, asked, output)
