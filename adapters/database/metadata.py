"""The `MetaData` of the record's own tables, and the names of constraints that migrations can rely on.

What can be made again from the events has a `MetaData` of its own and no migration: see ADR 0011.
"""

from sqlalchemy import BigInteger, Integer, MetaData

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
METADATA = MetaData(naming_convention=NAMING)

BIGINT = BigInteger().with_variant(Integer(), "sqlite")
"""64 bits on both: SQLite's INTEGER is as wide and, unlike its BIGINT, can be a row id."""

SCHEMA_REVISION = "0001"
"""The Alembic revision this code reads and writes."""
