"""The ledger's own tables, which only grow, the list of the derived ones, and what is kept for a while."""

import sqlalchemy as sa
from alembic import op

from adapters.database.migrations import append_only

revision = "0001"
down_revision = None

_BIGINT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make every table."""
    _ledger()
    _projection()
    _passing()
    _webhooks()
    _display_name()
    _token_use()


def _ledger() -> None:
    op.create_table(
        "event",
        _number("position"),
        _text("stream"),
        _number("version"),
        _text("topic"),
        _number("recorded_at"),
        _bytes("digest"),
        _bytes("state"),
        sa.PrimaryKeyConstraint("position", name="pk_event"),
        sa.UniqueConstraint("recorded_at", name="uq_event_recorded_at"),
        sa.UniqueConstraint("stream", "version", name="uq_event_stream_version"),
    )
    op.create_table(
        "report",
        _bytes("key"),
        _bytes("fingerprint"),
        _number("position"),
        sa.PrimaryKeyConstraint("key", name="pk_report"),
    )
    op.create_table(
        "closed",
        sa.Column("id", sa.Integer(), nullable=False, autoincrement=False),
        _number("instant"),
        sa.PrimaryKeyConstraint("id", name="pk_closed"),
    )
    op.create_table(
        "answer",
        _bytes("key"),
        _bytes("fingerprint"),
        sa.Column("status", sa.Integer(), nullable=False),
        _bytes("headers"),
        _bytes("body"),
        _number("kept_at"),
        sa.PrimaryKeyConstraint("key", name="pk_answer"),
    )
    op.create_index("ix_answer_kept_at", "answer", ["kept_at"])
    postgres = op.get_bind().dialect.name == "postgresql"
    keys = [("position",), ("recorded_at",), ("stream", "version")]
    for statement in append_only.statements("event", keys, postgres=postgres):
        op.execute(statement)
    if postgres and _compresses_with_lz4():
        op.execute("ALTER TABLE event ALTER COLUMN state SET COMPRESSION lz4")


def _compresses_with_lz4() -> bool:
    """Say whether the server was built with lz4, which halves the time that TOAST takes."""
    setting = sa.text(
        "SELECT 'lz4' = ANY (enumvals) FROM pg_settings WHERE name = 'default_toast_compression'"
    )
    return bool(op.get_bind().scalar(setting))


def _projection() -> None:
    """Make the list of derived tables; the tables themselves are made by the programs that fill them."""
    op.create_table(
        "projection",
        _text("name"),
        _number("position"),
        sa.PrimaryKeyConstraint("name", name="pk_projection"),
    )


def _passing() -> None:
    op.create_table(
        "passing",
        _text("purpose"),
        _bytes("key"),
        sa.Column("holder", sa.LargeBinary()),
        _bytes("content"),
        _number("expires_at"),
        sa.PrimaryKeyConstraint("purpose", "key", name="pk_passing"),
    )
    op.create_index("ix_passing_expires_at", "passing", ["expires_at"])
    op.create_index("ix_passing_holder", "passing", ["purpose", "holder"])


def _display_name() -> None:
    op.create_table(
        "display_name",
        _bytes("key"),
        _text("name"),
        sa.PrimaryKeyConstraint("key", name="pk_display_name"),
    )


def _token_use() -> None:
    op.create_table(
        "token_use",
        _text("token"),
        _number("used_at"),
        _text("network"),
        sa.PrimaryKeyConstraint("token", name="pk_token_use"),
    )


def _webhooks() -> None:
    op.create_table(
        "webhook",
        _text("name"),
        _number("begun"),
        _number("position"),
        _number("due_at"),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failing_since", _BIGINT),
        sa.Column("paused_at", _BIGINT),
        sa.Column("paused_why", sa.Text()),
        sa.Column("holder", sa.Text()),
        _number("held_until"),
        sa.PrimaryKeyConstraint("name", name="pk_webhook"),
    )
    op.create_table(
        "webhook_attempt",
        sa.Column("number", _BIGINT, nullable=False, autoincrement=True),
        _text("webhook"),
        _text("id"),
        sa.Column("position", _BIGINT),
        _number("at"),
        sa.Column("milliseconds", sa.Integer(), nullable=False),
        sa.Column("status", sa.Integer()),
        _text("said"),
        sa.PrimaryKeyConstraint("number", name="pk_webhook_attempt"),
    )
    op.create_index("ix_webhook_attempt_webhook", "webhook_attempt", ["webhook", "number"])


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, _BIGINT, nullable=False, autoincrement=False)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False)


def _bytes(name: str) -> sa.Column[bytes]:
    return sa.Column(name, sa.LargeBinary(), nullable=False)
