"""What people are called, in clear: the one place where the name of a person is kept, and can be erased."""

import hmac
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

import sqlalchemy as sa

from adapters.database import many
from adapters.database.database import Database
from adapters.sessions.tables import DISPLAY_NAME
from domain.errors import ConflictingAppend
from domain.identity import Identity

_NAMES = sa.select(DISPLAY_NAME.c.key, DISPLAY_NAME.c.name).where(many.one_of(DISPLAY_NAME.c.key))


class SqlPeopleNames:
    """Implements `api.people.names.PeopleNames`. Safe to use from any thread."""

    def __init__(self, database: Database, *, secret: bytes) -> None:
        """Keep names in *database*, under digests of identities that are keyed with *secret*."""
        self._database = database
        self._secret = secret

    def keep(self, identity: Identity, name: str) -> None:
        """Keep *name* as what *identity* is called from now on."""
        if self.of([identity]).get(identity) == name:
            return
        row = {"key": self._key(identity), "name": name}
        renamed = sa.update(DISPLAY_NAME).where(DISPLAY_NAME.c.key == row["key"]).values(name=name)
        try:
            with self._erasing() as connection:
                if not connection.execute(renamed).rowcount:
                    connection.execute(sa.insert(DISPLAY_NAME), row)
        except ConflictingAppend:  # they logged in twice at once
            with self._erasing() as connection:
                connection.execute(renamed)

    def of(self, identities: Iterable[Identity]) -> Mapping[Identity, str]:
        """Return what *identities* are called, those of whom that is known."""
        asked = {self._key(identity): identity for identity in identities}
        if not asked:
            return {}
        with self._database.reading() as connection:
            found = many.rows(connection, _NAMES, ((key,) for key in asked))
            return {asked[bytes(key)]: name for key, name in found}

    def forget(self, identity: Identity) -> bool:
        """Erase what *identity* is called; False when nothing is known."""
        erased = sa.delete(DISPLAY_NAME).where(DISPLAY_NAME.c.key == self._key(identity))
        with self._erasing() as connection:
            return connection.execute(erased).rowcount > 0

    @contextmanager
    def _erasing(self) -> Iterator[sa.Connection]:
        """Lend a connection that leaves nothing in the file of what it deletes.

        On PostgreSQL it stays there until the table is vacuumed.
        """
        with self._database.beside(durable=True) as connection:
            if not self._database.is_postgres:
                connection.exec_driver_sql("PRAGMA secure_delete = ON")
            yield connection

    def _key(self, identity: Identity) -> bytes:
        parts = (text.encode() for text in (identity.issuer, identity.subject))
        framed = b"".join(len(part).to_bytes(4) + part for part in parts)
        return hmac.digest(self._secret, framed, "sha256")
