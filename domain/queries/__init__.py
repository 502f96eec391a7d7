"""Questions the ledger answers. None of them can write: they are handed readers."""
