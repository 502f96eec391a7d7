"""What `shiplog where` shows of a component: where it ran, and where nobody can tell."""

import orjson

from api.cli import client, columns, listing, output, unknown
from api.cli.client import Client, Document, Query
from api.cli.output import Column, Row

PREFIXES = ("pkg:", "name:")
"""What the name of a component begins with, and the name of nothing else."""
MORE = "nobody may have reported in more of the time: ask with --environment, --from and --to"
_WHY = {
    "none": "no SBOM",
    "claimed": "a claimed SBOM alone",
    "unreadable": "no readable SBOM",
}


def _contains(row: Row) -> str:
    if "lacking" in row:
        return "unknown"
    return ",".join(dict.fromkeys(each["component"] for each in row["listings"]))


def _sbom(row: Row) -> str:
    if "lacking" not in row:
        return "verified" if row["verified"] else "claimed"
    why = dict.fromkeys(_WHY[each["why"]] for each in row["lacking"])
    return ",".join(why) or "nobody reported the artifacts"


COLUMNS = unknown.columns(
    (
        *columns.RUNNING[:5],
        columns.at("since", "since"),
        columns.at("until", "until"),
        Column("contains", _contains),
        Column("sbom", _sbom),
        columns.CHANGE,
    ),
    {"environment": "environment", "release": "unknown", "since": "from", "until": "to", "sbom": "why"},
)


def ask(api: Client, name: str, query: Query, limit: int | None) -> Document:
    """Return the answer about the component *name*."""
    whole = listing.collect(api, ("v1", "components"), {**query, "purl": name}, "intervals", limit)
    whole["unknown"] = unknown.newest_first(whole["unknown"])
    return whole


def show(whole: Document, form: str) -> None:
    """Print the answer."""
    output.hint(client.prefix_of(whole))
    _hint(whole)
    unknown.hint(whole, more=MORE)
    among = unknown.among(rows(whole), whole["unknown"], "since")
    output.show(form, orjson.dumps(whole), among, COLUMNS)


def rows(whole: Document) -> list[Document]:
    """Return what contained it and what nobody can tell of, newest first.

    An interval of which a reporter claims that it contained it is told once, as that.
    """
    found = list(whole["intervals"])
    told = {each["deployment"]["position"] for each in found}
    found += [each for each in whole["unlisted"] if each["deployment"]["position"] not in told]
    return sorted(found, key=_newest, reverse=True)


def _newest(row: Row) -> tuple[str, int]:
    position: int = row["deployment"]["position"]
    return row["since"], position


def _hint(whole: Document) -> None:
    found, unlisted = len(whole["intervals"]), len(whole["unlisted"])
    if not whole["listed"]:
        output.hint(f"no SBOM lists {whole['package']}: check the spelling")
    elif not found:
        output.hint(f"nothing that ran is listed with these versions of {whole['package']}")
    elif whole["next"] is not None:
        output.hint(f"these are the newest {found}; there are more: --limit N, or --all")
    if unlisted:
        more = " or more" if whole["unlisted_truncated"] else ""
        output.hint(f"{unlisted}{more} without a verified SBOM: what they contain is unknown")
    elif whole["unlisted_truncated"]:
        output.hint("there was too much to look at for what has no verified SBOM; ask for a shorter time")
    for each in whole["unplaced"]:
        output.hint(f"cannot tell whether {each} is in the range")
