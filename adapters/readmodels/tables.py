"""The tables that answer what ran. All of them can be dropped and made again from the events.

A row has the position of the event that introduced it, as its `id` where other rows refer to it:
a rebuild gives the same bytes, and what was recorded later is recognised by its number. Instants
are microseconds since 1970, digests 32 bytes. What is *believed* was not withdrawn: a reader at
position K sees rows with `position <= K < superseded`.

Their names carry the version of the projection. Whoever changes what is in them, or their columns,
gives the projection and every table the next version (ADR 0011).
"""

from typing import Any

import sqlalchemy as sa

from adapters.database.metadata import BIGINT, METADATA, NAMING
from domain.instant import CLOCK_SKEW_SECONDS_MAX

BELIEVED = 2**62
"""The `superseded` of a row that nothing has withdrawn."""
SKEW_MICROSECONDS = CLOCK_SKEW_SECONDS_MAX * 1_000_000

NAME = "placements.v2"
"""The projection: these tables, and how they are made from the events."""

DERIVED_METADATA = sa.MetaData(naming_convention=NAMING)
"""No migration makes what is on it; the projector does (`adapters.readmodels.copies`)."""

_STILL = sa.text(str(BELIEVED))
_DECLARED = sa.text('"commit" IS NOT NULL')


def _only(condition: str) -> dict[str, Any]:
    """Return the options of an index over the rows of which *condition* is true."""
    return dict.fromkeys(("postgresql_where", "sqlite_where"), sa.text(condition))


PROJECTION = sa.Table(
    "projection",
    METADATA,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("position", BIGINT, nullable=False),
)
"""How far each set of derived tables has read the ledger; a set without a row is not there."""

ENVIRONMENT = sa.Table(
    "environment_v2",
    DERIVED_METADATA,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("position", BIGINT, nullable=False),
)

SERVICE = sa.Table(
    "service_v2",
    DERIVED_METADATA,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("position", BIGINT, nullable=False),
)

TARGET = sa.Table(
    "target_v2",
    DERIVED_METADATA,
    sa.Column("id", BIGINT, primary_key=True, autoincrement=False),
    sa.Column("service", sa.Text, nullable=False),
    sa.Column("environment", sa.Text, nullable=False),
    sa.UniqueConstraint("environment", "service"),
    sa.Index(None, "service"),
)

SLOT = sa.Table(
    "slot_v2",
    DERIVED_METADATA,
    sa.Column("id", BIGINT, primary_key=True, autoincrement=False),
    sa.Column("target_id", BIGINT, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.UniqueConstraint("target_id", "name"),
)
"""Only slots in which something was placed; an attempt alone makes none."""

BUILD = sa.Table(
    "build_v2",
    DERIVED_METADATA,
    sa.Column("id", BIGINT, primary_key=True, autoincrement=False),
    sa.Column("service", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("identity", sa.Text, nullable=False),
    sa.Column("label", sa.Text),
    sa.Column("outcome", sa.Text),
    sa.Column("repository", sa.Text),
    sa.Column("commit", sa.Text),
    sa.Column("ref", sa.Text),
    sa.Column("builder", sa.Text),
    sa.Column("occurred_at", BIGINT, nullable=False),
    sa.Column("artifacts", sa.LargeBinary, nullable=False),
    sa.UniqueConstraint("service", "name", "identity"),
    sa.Index(None, "commit"),
)
"""A declared build goes by its label; how it ended and from which commit is not its own fact.

`artifacts`: canonical JSON, a list of name, hex of the digest, and purl; an answer needs no join.
"""

ARTIFACT = sa.Table(
    "artifact_v2",
    DERIVED_METADATA,
    sa.Column("digest", sa.LargeBinary, primary_key=True),
    sa.Column("build_id", BIGINT, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)
"""Which builds made an artifact."""

CONFIG = sa.Table(
    "config_v2",
    DERIVED_METADATA,
    sa.Column("target_id", BIGINT, primary_key=True, autoincrement=False),
    sa.Column("number", BIGINT, primary_key=True, autoincrement=False),
    sa.Column("digest", sa.LargeBinary, nullable=False),
    sa.Column("reference", sa.Text),
    sa.Column("position", BIGINT, nullable=False),
    sa.Index(None, "digest"),
    sqlite_with_rowid=False,
)

RELEASE = sa.Table(
    "release_v2",
    DERIVED_METADATA,
    sa.Column("target_id", BIGINT, primary_key=True, autoincrement=False),
    sa.Column("number", BIGINT, primary_key=True, autoincrement=False),
    sa.Column("digest", sa.LargeBinary, nullable=False),
    sa.Column("build_id", BIGINT, nullable=False),
    sa.Column("build", sa.Text, nullable=False),
    sa.Column("config_number", BIGINT, nullable=False),
    sa.Column("config_digest", sa.LargeBinary, nullable=False),
    sa.Column("config_reference", sa.Text),
    sa.Column("first_of_build", BIGINT, nullable=False),
    sa.Column("build_since", BIGINT, nullable=False),
    sa.Column("cut_at", BIGINT, nullable=False),
    sa.Column("commit", sa.Text),
    sa.Column("source", sa.Text),
    sa.Column("position", BIGINT, nullable=False),
    sa.Index(None, "digest"),
    sa.Index(None, "build_id", "target_id"),
    sqlite_with_rowid=False,
)
"""`commit` is the one built, or that of the declaration that implied the release; `source` is its source.

`build`, `config_digest` and `config_reference` repeat what the rows they come from say: which commit
and which configuration ran is answered without looking those up.

`first_of_build` is the smallest number in the target with the same build, and `build_since` when that
one was cut; neither ever changes, for a later release of the same build has a greater number.
"""

PLACEMENT = sa.Table(
    "placement_v2",
    DERIVED_METADATA,
    sa.Column("slot_id", BIGINT, nullable=False, autoincrement=False),
    sa.Column("valid_from", BIGINT, nullable=False, autoincrement=False),
    sa.Column("rank", BIGINT, nullable=False, autoincrement=False),
    sa.Column("position", BIGINT, nullable=False, autoincrement=False),
    sa.Column("superseded", BIGINT, nullable=False, server_default=_STILL),
    sa.Column("release", BIGINT),
    sa.Column("recorded_at", BIGINT, nullable=False),
    sa.PrimaryKeyConstraint(
        "slot_id",
        "valid_from",
        "rank",
        "position",
        postgresql_include=["superseded", "release"],
    ),
    sa.CheckConstraint("superseded > position", name="superseded_later"),
    sa.CheckConstraint(f"valid_from <= recorded_at + {SKEW_MICROSECONDS}", name="not_ahead"),
    sa.Index(None, "slot_id", "release", "valid_from"),
    sqlite_with_rowid=False,
)
"""Change points: from `valid_from` on the slot runs `release`, or nothing, until the next row.

A late report is one more row and a correction one UPDATE of `superseded`, so nothing is ever
split. `not_ahead` is what makes `domain.prefix.clamped` sound. Measured against intervals, GiST
and R*Tree before it was chosen.
"""

CHANGE = sa.Table(
    "change_v2",
    DERIVED_METADATA,
    sa.Column("position", BIGINT, primary_key=True, autoincrement=False),
    sa.Column("environment", sa.Text, nullable=False),
    sa.Column("number", BIGINT, nullable=False),
    sa.Column("slot_id", BIGINT, nullable=False),
    sa.Column("occurred_at", BIGINT, nullable=False),
    sa.Column("release", BIGINT),
    sa.Column("topic", sa.Text, nullable=False),
    sa.Column("deployment", sa.Text),
    sa.Column("reason", sa.Text),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("recorded_at", BIGINT, nullable=False),
    sa.Column("commit", sa.Text),
    sa.Column("source", sa.Text),
    sa.Column("withdrawn_by", BIGINT),
    sa.UniqueConstraint("environment", "number"),
    sa.Index(None, "environment", "position"),
    sa.Index(None, "environment", "occurred_at", "position"),
    sa.Index(None, "commit", postgresql_where=_DECLARED, sqlite_where=_DECLARED),
)
"""Why the placement recorded at the same position is there. A correction has a change alone.

`number` has no gaps in an environment and follows the position.
"""

OBSERVER = sa.Table(
    "observer_v2",
    DERIVED_METADATA,
    sa.Column("id", BIGINT, primary_key=True, autoincrement=False),
    sa.Column("environment", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.UniqueConstraint("environment", "name"),
)

OBSERVATION = sa.Table(
    "observation_v2",
    DERIVED_METADATA,
    sa.Column("position", BIGINT, primary_key=True, autoincrement=False),
    sa.Column("observer_id", BIGINT, nullable=False),
    sa.Column("occurred_at", BIGINT, nullable=False),
    sa.Column("superseded", BIGINT, nullable=False, server_default=_STILL),
    sa.Column("promised", BIGINT),
    sa.Column("seam", BIGINT, nullable=False),
    sa.Column("digest", sa.LargeBinary),
    sa.Column("running", sa.LargeBinary),
    sa.CheckConstraint("superseded > position", name="superseded_later"),
    sa.Index(None, "observer_id", "occurred_at", "position"),
    sa.Index(
        "ix_observation_v2_told", "observer_id", "occurred_at", "position", **_only("digest IS NOT NULL")
    ),
    sa.Index("ix_observation_v2_list", "observer_id", "digest", **_only("running IS NOT NULL")),
    sa.Index("ix_observation_v2_seam", "observer_id", "occurred_at", "position", **_only("seam = 1")),
)
"""What observers reported: lists, and heartbeats.

`promised`: until when the observer said it would be heard again; null for no promise. `digest` names
the list that held, which `running` has where it was told anew: canonical JSON, service to slot to the
hex of each artifact, sorted; last, for it is long. `seam` is 0 where a report went on as the one before
it, promised in time or not at all, and nothing came late or was withdrawn: what
`adapters.readmodels.seams` steps over.
"""

DERIVED = (
    ENVIRONMENT,
    SERVICE,
    TARGET,
    SLOT,
    BUILD,
    ARTIFACT,
    CONFIG,
    RELEASE,
    PLACEMENT,
    CHANGE,
    OBSERVER,
    OBSERVATION,
)
"""Every table of the projection."""
