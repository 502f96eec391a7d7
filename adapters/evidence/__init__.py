"""Verifies what others signed. Asks no network, no file, no setting and no clock: only what it is handed."""
