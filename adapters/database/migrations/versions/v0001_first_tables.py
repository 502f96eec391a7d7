"""The ledger's own tables, which only grow, and the first read models."""

import sqlalchemy as sa
from alembic import op

from adapters.database.migrations import append_only

revision = "0001"
down_revision = None

_BIGINT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_BELIEVED = sa.text(str(2**62))
_DECLARED = sa.text('"commit" IS NOT NULL')


def upgrade() -> None:
    """Make every table."""
    _ledger()
    _names()
    _builds_and_releases()
    _placements()
    _observations()


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
        _bytes("body"),
        _number("kept_at"),
        sa.PrimaryKeyConstraint("key", name="pk_answer"),
    )
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


def _names() -> None:
    projection = op.create_table(
        "projection",
        _text("name"),
        _number("position"),
        sa.PrimaryKeyConstraint("name", name="pk_projection"),
    )
    op.bulk_insert(projection, [{"name": "placements.v1", "position": 0}])
    for table in ("environment", "service"):
        op.create_table(
            table,
            _text("name"),
            _number("position"),
            sa.PrimaryKeyConstraint("name", name=f"pk_{table}"),
        )
    op.create_table(
        "target",
        _number("id"),
        _text("service"),
        _text("environment"),
        sa.PrimaryKeyConstraint("id", name="pk_target"),
        sa.UniqueConstraint("environment", "service", name="uq_target_environment_service"),
    )
    op.create_index("ix_target_service", "target", ["service"])
    op.create_table(
        "slot",
        _number("id"),
        _number("target_id"),
        _text("name"),
        sa.PrimaryKeyConstraint("id", name="pk_slot"),
        sa.UniqueConstraint("target_id", "name", name="uq_slot_target_id_name"),
    )


def _builds_and_releases() -> None:
    op.create_table(
        "build",
        _number("id"),
        _text("service"),
        _text("name"),
        _text("identity"),
        _text("label", nullable=True),
        _text("outcome", nullable=True),
        _text("repository", nullable=True),
        _text("commit", nullable=True),
        _text("ref", nullable=True),
        _text("builder", nullable=True),
        _number("occurred_at"),
        _bytes("artifacts"),
        sa.PrimaryKeyConstraint("id", name="pk_build"),
        sa.UniqueConstraint("service", "name", "identity", name="uq_build_service_name_identity"),
    )
    op.create_index("ix_build_commit", "build", ["commit"])
    op.create_table(
        "artifact",
        _bytes("digest"),
        _number("build_id"),
        sa.PrimaryKeyConstraint("digest", "build_id", name="pk_artifact"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "config",
        _number("target_id"),
        _number("number"),
        _bytes("digest"),
        _text("reference", nullable=True),
        _number("position"),
        sa.PrimaryKeyConstraint("target_id", "number", name="pk_config"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_config_digest", "config", ["digest"])
    op.create_table(
        "release",
        _number("target_id"),
        _number("number"),
        _bytes("digest"),
        _number("build_id"),
        _number("config_number"),
        _number("first_of_build"),
        _number("build_since"),
        _number("cut_at"),
        _text("commit", nullable=True),
        _text("source", nullable=True),
        _number("position"),
        sa.PrimaryKeyConstraint("target_id", "number", name="pk_release"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_release_digest", "release", ["digest"])
    op.create_index("ix_release_build_id_target_id", "release", ["build_id", "target_id"])


def _placements() -> None:
    op.create_table(
        "placement",
        _number("slot_id"),
        _number("valid_from"),
        _number("rank"),
        _number("position"),
        sa.Column("superseded", _BIGINT, nullable=False, server_default=_BELIEVED),
        _number("release", nullable=True),
        _number("recorded_at"),
        sa.PrimaryKeyConstraint(
            "slot_id",
            "valid_from",
            "rank",
            "position",
            name="pk_placement",
            postgresql_include=["superseded", "release"],
        ),
        sa.CheckConstraint("superseded > position", name="ck_placement_superseded_later"),
        sa.CheckConstraint("valid_from <= recorded_at + 300000000", name="ck_placement_not_ahead"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_placement_slot_id_release_valid_from", "placement", ["slot_id", "release", "valid_from"]
    )
    op.create_table(
        "change",
        _number("position"),
        _text("environment"),
        _number("number"),
        _number("slot_id"),
        _number("occurred_at"),
        _number("release", nullable=True),
        _text("topic"),
        _text("deployment", nullable=True),
        _text("reason", nullable=True),
        _text("actor"),
        _number("recorded_at"),
        _text("commit", nullable=True),
        _text("source", nullable=True),
        _number("withdrawn_by", nullable=True),
        sa.PrimaryKeyConstraint("position", name="pk_change"),
        sa.UniqueConstraint("environment", "number", name="uq_change_environment_number"),
    )
    for columns in (["environment", "position"], ["environment", "occurred_at", "position"]):
        op.create_index(f"ix_change_{'_'.join(columns)}", "change", columns)
    op.create_index(
        "ix_change_commit",
        "change",
        ["commit"],
        postgresql_where=_DECLARED,
        sqlite_where=_DECLARED,
    )


def _observations() -> None:
    op.create_table(
        "observer",
        _number("id"),
        _text("environment"),
        _text("name"),
        sa.PrimaryKeyConstraint("id", name="pk_observer"),
        sa.UniqueConstraint("environment", "name", name="uq_observer_environment_name"),
    )
    op.create_table(
        "observation",
        _number("position"),
        _number("observer_id"),
        _number("occurred_at"),
        sa.Column("superseded", _BIGINT, nullable=False, server_default=_BELIEVED),
        _bytes("running"),
        sa.PrimaryKeyConstraint("position", name="pk_observation"),
        sa.CheckConstraint("superseded > position", name="ck_observation_superseded_later"),
    )
    op.create_index(
        "ix_observation_observer_id_occurred_at_position",
        "observation",
        ["observer_id", "occurred_at", "position"],
    )


def _number(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, _BIGINT, nullable=nullable, autoincrement=False)


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _bytes(name: str) -> sa.Column[bytes]:
    return sa.Column(name, sa.LargeBinary(), nullable=False)
