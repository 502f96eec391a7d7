"""Telling others of events: what is kept of that, the keys it is signed with, and the way out."""
