"""Keeps content by its digest; knows nothing of what is in it."""
