"""Rows and columns of what is in force."""

from collections.abc import Mapping, Sequence
from typing import Any

from api.cli import columns
from api.cli.client import Document
from api.cli.output import Column

UNTIL = (columns.at("since", "since"), columns.at("until", "until"))
KINDS: Mapping[str, tuple[Column, ...]] = {
    "grants": (
        columns.at("number", "number"),
        columns.at("role", "role"),
        columns.at("who", "who"),
        columns.at("reach", "reach"),
        *UNTIL,
        columns.at("in force", "in_force"),
    ),
    "issuers": (
        columns.at("number", "number"),
        columns.at("issuer", "url"),
        columns.at("platform", "platform"),
        columns.at("audience", "audience"),
        columns.at("keys", "keys"),
        columns.at("since", "since"),
    ),
    "bindings": (
        columns.at("number", "number"),
        columns.at("name", "name"),
        columns.at("issuer", "issuer"),
        columns.at("rules", "rules"),
        columns.at("scopes", "scopes"),
        columns.at("reach", "reach"),
        columns.at("since", "since"),
    ),
    "links": (
        columns.at("one", "one"),
        columns.at("other", "other"),
        columns.at("how", "how"),
        columns.at("since", "since"),
    ),
    "bots": (
        columns.at("number", "number"),
        columns.at("who", "who"),
        columns.at("since", "since"),
    ),
    "webhooks": (
        columns.at("number", "number"),
        columns.at("name", "name"),
        columns.at("url", "url"),
        columns.at("scopes", "scopes"),
        columns.at("reach", "reach"),
        columns.at("topics", "topics"),
        columns.at("since", "since"),
    ),
    "proposals": (
        columns.at("number", "number"),
        columns.at("change", "change"),
        columns.at("proposed by", "proposed_by"),
        columns.at("expires", "expires_at"),
        columns.at("reason", "reason"),
    ),
}
TOKENS = (
    columns.at("id", "id"),
    columns.at("name", "name"),
    columns.at("holder", "who"),
    columns.at("scopes", "scopes"),
    columns.at("reach", "reach"),
    columns.at("expires", "expires_at"),
    columns.at("last used", "last_used_at"),
    columns.at("from", "last_used_from"),
    columns.at("state", "state"),
)


def rows_of(kind: str, found: Sequence[Document]) -> list[Document]:
    """Return a row for each item of *kind* that was *found*, with texts in place of what is nested."""
    return [{**each, **_texts(kind, each)} for each in found]


def reach(said: Mapping[str, Sequence[str]]) -> str:
    """Return how far something reaches, in words."""
    services, environments = ", ".join(said["services"]), ", ".join(said["environments"])
    return f"{services or 'any service'} in {environments or 'any environment'}"


def who(identity: Mapping[str, str]) -> str:
    """Return somebody, and who vouches for them."""
    return f"{identity['subject']} of {identity['issuer']}"


def _texts(kind: str, each: Document) -> Document:
    match kind:
        case "grants":
            group = each["group"]
            named = who(each["holder"]) if group is None else f"group {group['name']} of {group['issuer']}"
            texts: Document = {"who": named, "in_force": _yes(each["in_force"])}
        case "issuers":
            texts = {"keys": each["jwks_url"] or each["jwks"]}
        case "bindings":
            rules = "; ".join(f"{claim}: {', '.join(values)}" for claim, values in each["rules"].items())
            texts = {"rules": rules, "scopes": ", ".join(each["scopes"])}
        case "links":
            texts = {"one": who(each["one"]), "other": who(each["other"])}
        case "bots":
            texts = {"who": who(each["identity"])}
        case "webhooks":
            texts = {"scopes": ", ".join(each["scopes"]), "topics": ", ".join(each["topics"]) or "all"}
        case "tokens":
            state = "revoked" if each["revoked_at"] else "live" if each["live"] else "expired"
            texts = {"who": who(each["holder"]), "scopes": ", ".join(each["scopes"]), "state": state}
        case _:
            texts = {"change": ", ".join(each["change"]), "proposed_by": who(each["proposed_by"])}
    return {**texts, "reach": reach(each["reach"])} if "reach" in each else texts


def _yes(said: Any) -> str:
    return "yes" if said else "no"
