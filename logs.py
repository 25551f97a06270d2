"""How the process speaks to its operator: one line an event, as text or JSON, nothing personal and no token.

A line that was written while a request was answered bears the number of that request.
"""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime

from routes import request_ids

# At its level debug each of these tells what passes through it: statements with their values, addresses, mails.
TALKATIVE = ("aiosmtplib", "aiosqlite", "alembic", "asyncio", "httpcore", "httpx", "multipart", "PIL", "sqlalchemy")


class JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        told = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if number := request_ids.current():
            told["request"] = number
        if record.exc_info:
            told["exception"] = self.formatException(record.exc_info)
        return json.dumps(told, ensure_ascii=False)


class TextLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        number = request_ids.current()
        record.request = f" [{number}]" if number else ""
        return super().format(record)


def set_up(level: str, form: str) -> None:
    """`level` and `form` as in TRESEN_LOG_LEVEL and TRESEN_LOG_FORMAT; writes to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if form == "json" else TextLines("%(levelname)s %(name)s%(request)s: %(message)s"))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for library in TALKATIVE:
        logging.getLogger(library).setLevel(logging.WARNING)
