"""Real processes and real databases, killed, cut off, filled up and promoted; then the ledger is audited."""
