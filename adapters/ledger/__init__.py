"""Implementations of `domain.ports.Ledger`: an `eventsourcing` application over our own recorder."""
