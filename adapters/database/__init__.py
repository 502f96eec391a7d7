"""One database, SQLite or PostgreSQL: connections, transactions, the append lock, the schema."""
