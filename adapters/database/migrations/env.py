"""Run by Alembic for each command; the connection and its transaction are the caller's.

See `adapters.database.schema`: there is no `alembic.ini`, and nothing here opens a database.
"""

from alembic import context

context.configure(connection=context.config.attributes["connection"])
context.run_migrations()
