"""What an auditor runs: pure checks over bytes anyone may hold, with the standard library alone."""
