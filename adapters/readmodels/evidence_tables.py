"""The tables that find evidence: they name the events that say what is known of it.

What was found is in the events, and read from there; a row holds what is searched by. Rows are only ever
added, so that a reader at position K sees those with `position <= K`.
"""

import sqlalchemy as sa

from adapters.database.metadata import BIGINT, NAMING

EVIDENCE_METADATA = sa.MetaData(naming_convention=NAMING)
"""As with `adapters.readmodels.tables`, the projector makes what is on it, and no migration."""

EVIDENCE = sa.Table(
    "evidence_v2",
    EVIDENCE_METADATA,
    sa.Column("digest", sa.LargeBinary, primary_key=True),
    sa.Column("position", BIGINT, primary_key=True, autoincrement=False),
    sa.Column("admitted", BIGINT, nullable=False),
    sqlite_with_rowid=False,
)
"""Every event about a file; `admitted` is 1 where it came in for the first time, otherwise 0."""

EVIDENCE_FOR = sa.Table(
    "evidence_for_v2",
    EVIDENCE_METADATA,
    sa.Column("artifact", sa.LargeBinary, primary_key=True),
    sa.Column("position", BIGINT, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)
"""For which artifacts a reporter said that a file is: a claim."""

VERIFICATION = sa.Table(
    "verification_v2",
    EVIDENCE_METADATA,
    sa.Column("position", BIGINT, primary_key=True, autoincrement=False),
    sa.Column("evidence", sa.LargeBinary, nullable=False),
    sa.Column("place", BIGINT, nullable=False),
    sa.Column("engine", sa.Text, nullable=False),
    sa.Column("root", sa.LargeBinary, nullable=False),
    sa.Column("signer", sa.LargeBinary, nullable=False),
    sa.Column("identity", sa.Text),
    sa.Column("issuer", sa.Text),
    sa.Column("repository_id", sa.Text),
    sa.Column("owner_id", sa.Text),
    sa.Column("signed_at", BIGINT),
    sa.Column("predicate_type", sa.Text),
    sa.Index(None, "signer"),
    sa.Index(None, "identity"),
)
"""One for each verification. `signer` is the fingerprint of the certificate or key; `signed_at` the earliest
instant somebody else vouches for.

Text is cut to 1,000 characters, and has no NUL, which PostgreSQL cannot hold.
"""

SUBJECT = sa.Table(
    "subject_v2",
    EVIDENCE_METADATA,
    sa.Column("digest", sa.LargeBinary, primary_key=True),
    sa.Column("position", BIGINT, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)
"""Which artifacts a verification speaks of: by SHA-256 (32 bytes) or SHA-512 (64 bytes)."""

PROVENANCE = sa.Table(
    "provenance_v2",
    EVIDENCE_METADATA,
    sa.Column("digest", sa.LargeBinary, primary_key=True),
    sa.Column("position", BIGINT, primary_key=True, autoincrement=False),
    sa.Column("piece", sa.LargeBinary, nullable=False),
    sa.Column("source", sa.Text),
    sa.Column("owner_id", sa.Text),
    sa.Column("repository_id", sa.Text),
    sa.Column("identity", sa.Text),
    sa.Column("issuer", sa.Text),
    sa.Column("signed_at", BIGINT),
    sqlite_with_rowid=False,
)
"""The verifications of SLSA provenance among those, by the same digests.

`piece` is the same for the same piece by the same engine under the same roots, in whatever file it came: a
piece has many spellings, and whoever hands in a thousand of them hides nothing by it. What a certificate
proves of the source and the signer is there so that the provenance of others can be passed over.
"""

TRUST = sa.Table(
    "trust_v2",
    EVIDENCE_METADATA,
    sa.Column("position", BIGINT, primary_key=True, autoincrement=False),
    sa.Column("topic", sa.Text, nullable=False),
)
"""Every event about trust."""

EVIDENCE_TABLES = (EVIDENCE, EVIDENCE_FOR, VERIFICATION, SUBJECT, PROVENANCE, TRUST)
