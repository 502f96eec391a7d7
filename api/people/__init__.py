"""People: their logins and sessions, and the names they are known by."""
