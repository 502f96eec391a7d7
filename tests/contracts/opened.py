"""Databases opened by a test, and closed after it."""

import sqlalchemy as sa

from adapters.database.database import Database


class Opened:
    """Opens databases and remembers to close them."""

    def __init__(self) -> None:
        self._databases: list[Database] = []

    def __call__(self, url: str | sa.URL) -> Database:
        text = url if isinstance(url, str) else url.render_as_string(hide_password=False)
        self._databases.append(Database(text))
        return self._databases[-1]

    def close(self) -> None:
        for database in self._databases:
            database.close()
