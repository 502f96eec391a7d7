"""Showing where a decision landed in the ledger."""

import orjson

from api.cli import client, output


def show(answer: bytes, form: str, *, hint: str | None = None) -> None:
    """Print *answer*: where something landed, or that under `recorded` beside what is told as *hint*."""
    if form == "json":
        output.document(answer)
        return
    told = client.read(answer)
    if hint is not None:
        output.hint(hint.format(**told))
    where = told.get("recorded")
    if isinstance(where, dict):
        told = where
    output.hint("it was there already; nothing was added" if told["existing"] else "recorded")
    output.facts({name: told[name] for name in ("position", "recorded_at", "topic", "digest")})


def body(**said: object) -> bytes:
    """Return what is *said*, without what is not."""
    return orjson.dumps({name: value for name, value in said.items() if value is not None})
