"""The process that reads ahead for a rebuild: `python -m api.ahead`, started by `shiplog rebuild` alone."""

import os
import signal
import sys

from api import wiring

if __name__ == "__main__":
    # A terminal interrupts all its processes. The one that started this ends it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    wiring.reading_ahead(sys.stdin.buffer, sys.stdout.buffer)
    # What nobody reads any more is not written at the end either.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
