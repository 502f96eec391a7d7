"""The tables of the ledger itself. `event` refuses UPDATE and DELETE by trigger (see the migrations)."""

import sqlalchemy as sa

from adapters.database.metadata import BIGINT, METADATA

EVENT = sa.Table(
    "event",
    METADATA,
    sa.Column("position", BIGINT, primary_key=True, autoincrement=False),
    sa.Column("stream", sa.Text, nullable=False),
    sa.Column("version", BIGINT, nullable=False),
    sa.Column("topic", sa.Text, nullable=False),
    sa.Column("recorded_at", BIGINT, nullable=False, unique=True),
    sa.Column("digest", sa.LargeBinary, nullable=False),
    sa.Column("state", sa.LargeBinary, nullable=False),
    sa.UniqueConstraint("stream", "version"),
)
"""One row an event. `state` is what was signed, with its signature (see `seal`); all else is an index to it.

`recorded_at`: microseconds since 1970. `digest`: SHA-256 of the DSSE pre-authentication encoding.
"""

REPORT = sa.Table(
    "report",
    METADATA,
    sa.Column("key", sa.LargeBinary, primary_key=True),
    sa.Column("fingerprint", sa.LargeBinary, nullable=False),
    sa.Column("position", BIGINT, nullable=False),
)
"""What may be told only once, and where it was told; derived from the events, in their transaction."""

CLOSED = sa.Table(
    "closed",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("instant", BIGINT, nullable=False),
)
"""One row, id 1: nothing will be recorded at or before this instant, because someone was told so."""

ANSWER = sa.Table(
    "answer",
    METADATA,
    sa.Column("key", sa.LargeBinary, primary_key=True),
    sa.Column("fingerprint", sa.LargeBinary, nullable=False),
    sa.Column("status", sa.Integer, nullable=False),
    sa.Column("headers", sa.LargeBinary, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Column("kept_at", BIGINT, nullable=False),
    sa.Index(None, "kept_at"),
)
"""Answers given under an `Idempotency-Key`, and requests under way (status 0); not part of the record."""
