"""Verbs that add to the ledger: one file, one verb. They fetch, let a noun decide, and append."""
