"""The tables that answer what contained a component. All of them can be dropped and made again.

An SBOM speaks of an artifact, and the artifacts of one name that a service builds are a *series*: their
SBOMs are numbered as they arrive, so that a late one rewrites nothing. A component is listed by *runs*
of numbers; from one build to the next little changes, so a service with a hundred SBOMs of 150 components
has some 500 runs instead of 15,000 rows. A run that goes on has no end yet, so what did not change
between two SBOMs is not written at all.
"""

import sqlalchemy as sa

from adapters.database.metadata import BIGINT, NAMING

COMPONENT_METADATA = sa.MetaData(naming_convention=NAMING)
"""As with `adapters.readmodels.tables`, the projector makes what is on it, and no migration."""

ONGOING = 2**62
"""The `last` of a run that the newest SBOM of the series continues."""

_GOES_ON = sa.text(f"last = {ONGOING}")

COMPONENT = sa.Table(
    "component_v2",
    COMPONENT_METADATA,
    sa.Column("id", BIGINT, primary_key=True, autoincrement=False),
    sa.Column("package", sa.Text, nullable=False),
    sa.Column("version", sa.Text, nullable=False),
    sa.Column("qualifiers", sa.Text, nullable=False),
    sa.Column("position", BIGINT, nullable=False),
    sa.UniqueConstraint("package", "version", "qualifiers"),
)
"""The dictionary: see `domain.component.Coordinates`. `position` is where it was first listed."""

SERIES = sa.Table(
    "series_v2",
    COMPONENT_METADATA,
    sa.Column("id", BIGINT, primary_key=True, autoincrement=False),
    sa.Column("service", sa.Text, nullable=False),
    sa.Column("artifact", sa.Text, nullable=False),
    sa.UniqueConstraint("service", "artifact"),
)
"""By name of the artifact, because two images of one service list different things, and taking turns
would end every run."""

UNSIGNED = -1
"""The `piece` of an SBOM that is a file by itself, which nobody signed."""

SBOM_ABOUT = sa.Table(
    "sbom_about_v2",
    COMPONENT_METADATA,
    sa.Column("artifact", sa.LargeBinary, primary_key=True),
    sa.Column("position", BIGINT, primary_key=True, autoincrement=False),
    sa.Column("evidence", sa.LargeBinary, nullable=False),
    sa.Column("piece", BIGINT, nullable=False),
    sa.Column("identity", sa.LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)
"""Which SBOM the event at `position` says is about an artifact, known here by its SHA-256.

`piece` is the place of the signed piece in the file, and `identity` its three digests; see
`domain.evidence.Identity`.
"""

SBOM = sa.Table(
    "sbom_v2",
    COMPONENT_METADATA,
    sa.Column("series_id", BIGINT, primary_key=True, autoincrement=False),
    sa.Column("number", BIGINT, primary_key=True, autoincrement=False),
    sa.Column("evidence", sa.LargeBinary, nullable=False),
    sa.Column("piece", BIGINT, nullable=False),
    sa.Column("position", BIGINT, nullable=False),
    sa.UniqueConstraint("evidence", "piece", "series_id"),
    sqlite_with_rowid=False,
)
"""One that cannot be read has no number, and is in none of the tables that follow."""

BUILD_SBOM = sa.Table(
    "build_sbom_v2",
    COMPONENT_METADATA,
    sa.Column("build_id", BIGINT, primary_key=True, autoincrement=False),
    sa.Column("series_id", BIGINT, primary_key=True, autoincrement=False),
    sa.Column("number", BIGINT, primary_key=True, autoincrement=False),
    sa.Column("artifact", sa.LargeBinary, primary_key=True),
    sa.Column("verified", BIGINT, nullable=False),
    sa.Column("position", BIGINT, nullable=False),
    sqlite_with_rowid=False,
)
"""Which SBOMs speak of what a build made; `position` is where the ledger first knew both.

`verified` is 1 where a verified signature says whose the SBOM is, and 0 where a reporter claims it.
"""

BUILD_LISTED = sa.Table(
    "build_listed_v2",
    COMPONENT_METADATA,
    sa.Column("build_id", BIGINT, primary_key=True, autoincrement=False),
    sa.Column("position", BIGINT, nullable=False),
)
"""From where on a verified SBOM speaks of each artifact of the build; of the others, nobody can tell."""

RUN = sa.Table(
    "component_run_v2",
    COMPONENT_METADATA,
    sa.Column("component_id", BIGINT, primary_key=True, autoincrement=False),
    sa.Column("series_id", BIGINT, primary_key=True, autoincrement=False),
    sa.Column("first", BIGINT, primary_key=True, autoincrement=False),
    sa.Column("last", BIGINT, nullable=False),
    sa.Index(
        "ix_component_run_v2_ongoing",
        "series_id",
        "component_id",
        sqlite_where=_GOES_ON,
        postgresql_where=_GOES_ON,
    ),
    sqlite_with_rowid=False,
)
"""The SBOMs numbered `first` to `last` of the series list the component.

Nothing here says when that was known: a number is known from the position of its `BUILD_SBOM` on, and
ending a run later takes no earlier number out of it.
"""

COMPONENT_TABLES = (COMPONENT, SERIES, SBOM_ABOUT, SBOM, BUILD_SBOM, BUILD_LISTED, RUN)
