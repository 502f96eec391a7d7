"""The ledger's vocabulary and rules: no I/O, no clock, no randomness, nothing but the standard library."""
