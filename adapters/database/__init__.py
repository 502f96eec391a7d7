"""One database, SQLite or PostgreSQL: connections, transactions, the append lock, and all tables' metadata."""
