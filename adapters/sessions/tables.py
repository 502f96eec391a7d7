"""The tables of what is kept for a while, and of what can be erased."""

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

`key` and `holder` are SHA-256: whoever reads this table can present nothing that is in it. `content` is
sealed: whoever writes to it makes nothing that counts.
"""

DISPLAY_NAME = sa.Table(
    "display_name",
    METADATA,
    sa.Column("key", sa.LargeBinary, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
)
"""What people are called, by the keyed digest of who they are to their issuer.

It is no part of the record, so a row can be erased; the record has digests of such names alone.
"""

TOKEN_USE = sa.Table(
    "token_use",
    METADATA,
    sa.Column("token", sa.Text, primary_key=True),
    sa.Column("used_at", BIGINT, nullable=False),
    sa.Column("network", sa.Text, nullable=False),
)
"""When each API token was used last, by its id: overwritten, and no part of the record."""
