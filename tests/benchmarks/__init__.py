"""Figures, measured where they are run; not part of the tests."""
