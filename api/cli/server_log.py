"""The log of a server: one line a record on stderr, with when, how bad, where and what.

Whatever is logged may repeat what somebody sent: no line of it looks as if it began another record.
"""

import logging
import sys
from datetime import UTC, datetime

FORMAT = "%(asctime)s %(levelname)s %(process)d %(name)s: %(message)s"
OURS = ("api", "adapters")
"""Whose records of what went well are told too: who logged in, and what ended."""
_CONTROL: dict[int, str] = {code: f"\\x{code:02x}" for code in (*range(0x20), *range(0x7F, 0xA0))} | {
    code: f"\\u{code:04x}" for code in (0x2028, 0x2029)
}
_WITHIN = "    "
"""What the lines of a traceback begin with."""


class OneLine(logging.Formatter):
    """Writes each record so that what is in it stays in it."""

    def __init__(self) -> None:
        super().__init__(FORMAT)

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: ARG002, N802 - the library's own names
        """Return when it was made, in UTC."""
        at = datetime.fromtimestamp(record.created, UTC)
        return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}Z"

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the library's own name
        """Return the line, whatever the message has."""
        return super().formatMessage(record).translate(_CONTROL)

    def formatException(self, ei: object) -> str:  # noqa: N802 - the same
        """Return the traceback, each line of it further in."""
        lines = super().formatException(ei).splitlines()  # type: ignore[arg-type]  # as the library has it
        return "\n".join(_WITHIN + line.translate(_CONTROL) for line in lines)


def begin() -> None:
    """Have this process log to stderr."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(OneLine())
    logging.getLogger().addHandler(handler)
    for name in OURS:
        logging.getLogger(name).setLevel(logging.INFO)
