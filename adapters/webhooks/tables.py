"""How far each webhook has been told, and the log of attempts."""

import sqlalchemy as sa

from adapters.database.metadata import BIGINT, METADATA

STANDING = sa.Table(
    "webhook",
    METADATA,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("begun", BIGINT, nullable=False),
    sa.Column("position", BIGINT, nullable=False),
    sa.Column("due_at", BIGINT, nullable=False),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("failing_since", BIGINT),
    sa.Column("paused_at", BIGINT),
    sa.Column("paused_why", sa.Text),
    sa.Column("holder", sa.Text),
    sa.Column("held_until", BIGINT, nullable=False),
)
"""`holder` is the server that tells it, until `held_until`, unless it says again that it still does."""

ATTEMPT = sa.Table(
    "webhook_attempt",
    METADATA,
    sa.Column("number", BIGINT, primary_key=True, autoincrement=True),
    sa.Column("webhook", sa.Text, nullable=False),
    sa.Column("id", sa.Text, nullable=False),
    sa.Column("position", BIGINT),
    sa.Column("at", BIGINT, nullable=False),
    sa.Column("milliseconds", sa.Integer, nullable=False),
    sa.Column("status", sa.Integer),
    sa.Column("said", sa.Text, nullable=False),
    sa.Index("ix_webhook_attempt_webhook", "webhook", "number"),
)
"""The newest of each webhook; nothing depends on them."""
