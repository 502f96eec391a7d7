"""The database itself refuses to change or remove a row of the ledger.

Against mistakes and casual tampering: whoever owns the database can drop a
trigger, and then signatures and chains are what tells.
"""

from collections.abc import Sequence

REFUSAL = "the ledger is append-only"


def statements(table: str, keys: Sequence[Sequence[str]], *, postgres: bool) -> list[str]:
    """Return the DDL that makes *table* append-only; *keys* are its unique columns."""
    return _postgres(table) if postgres else _sqlite(table, keys)


def _postgres(table: str) -> list[str]:
    refuse = (
        f"CREATE FUNCTION {table}_is_append_only() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN RAISE EXCEPTION '{REFUSAL}' USING ERRCODE = 'restrict_violation'; END $$"
    )
    rows = (
        f"CREATE TRIGGER {table}_keeps_rows BEFORE UPDATE OR DELETE ON {table}"
        f" FOR EACH ROW EXECUTE FUNCTION {table}_is_append_only()"
    )
    whole = (
        f"CREATE TRIGGER {table}_keeps_all BEFORE TRUNCATE ON {table}"
        f" FOR EACH STATEMENT EXECUTE FUNCTION {table}_is_append_only()"
    )
    # ALWAYS: session_replication_role = replica, which restores and replicas set, must not disable it.
    always = [
        f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}"
        for name in (f"{table}_keeps_rows", f"{table}_keeps_all")
    ]
    return [refuse, rows, whole, *always]


def _sqlite(table: str, keys: Sequence[Sequence[str]]) -> list[str]:
    refused = f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
    # INSERT OR REPLACE removes the row it collides with, and no DELETE trigger fires for it
    # (sqlite.org/lang_conflict.html, "REPLACE"): refuse the collision before it happens.
    taken = " OR ".join(
        f"EXISTS (SELECT 1 FROM {table} WHERE "  # noqa: S608 - names from a migration, no input
        + " AND ".join(f"{column} = NEW.{column}" for column in key)
        + ")"
        for key in keys
    )
    return [
        f"CREATE TRIGGER {table}_keeps_rows BEFORE UPDATE ON {table} {refused}",
        f"CREATE TRIGGER {table}_keeps_all BEFORE DELETE ON {table} {refused}",
        f"CREATE TRIGGER {table}_takes_no_place BEFORE INSERT ON {table} WHEN {taken} {refused}",
    ]
