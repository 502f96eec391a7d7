"""The one table of what is kept for a while."""

import sqlalchemy as sa

from adapters.database.metadata import BIGINT, METADATA

PASSING = sa.Table(
    "passing",
    METADATA,
    sa.Column("purpose", sa.Text, nullable=False),
    sa.Column("key", sa.LargeBinary, nullable=False),
    sa.Column("holder", sa.LargeBinary),
    sa.Column("content", sa.LargeBinary, nullable=False),
    sa.Column("expires_at", BIGINT, nullable=False),
    sa.PrimaryKeyConstraint("purpose", "key"),
    sa.Index(None, "expires_at"),
    sa.Index("ix_passing_holder", "purpose", "holder"),
)
"""Sessions, exchanged tokens, logins under way, and marks of what may be presented only once.

`key` and `holder` are SHA-256: whoever reads this table can present nothing that is in it.
"""
