"""When tokens were used last: one row for each, overwritten."""

from collections.abc import Iterable, Mapping
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from adapters.database import many
from adapters.database.database import Database
from adapters.sessions.tables import TOKEN_USE
from domain import instant

Use = tuple[datetime, str]

_USES = sa.select(TOKEN_USE).where(many.one_of(TOKEN_USE.c.token))


class SqlTokenUses:
    """Implements `api.access.last_used.TokenUses`. Safe to use from any thread."""

    def __init__(self, database: Database) -> None:
        """Keep them in *database*."""
        self._database = database
        dialect = postgresql if database.is_postgres else sqlite
        new = dialect.insert(TOKEN_USE)
        self._upsert = new.on_conflict_do_update(
            index_elements=["token"],
            set_={"used_at": new.excluded.used_at, "network": new.excluded.network},
            where=TOKEN_USE.c.used_at < new.excluded.used_at,
        )

    def keep(self, uses: Mapping[str, Use]) -> None:
        """Keep *uses*; of two of the same token, the later one stays."""
        rows = [
            {"token": token, "used_at": instant.micros(at), "network": network}
            for token, (at, network) in sorted(
                uses.items()
            )  # in one order, or two servers wait for each other
        ]
        if rows:
            with self._database.beside() as connection:
                connection.execute(self._upsert, rows)

    def of(self, tokens: Iterable[str]) -> Mapping[str, Use]:
        """Return the last use of each of *tokens* that was ever used."""
        asked = [(token,) for token in tokens]
        if not asked:
            return {}
        with self._database.reading() as connection:
            found = many.rows(connection, _USES, asked)
            return {token: (instant.from_micros(used_at), network) for token, used_at, network in found}
