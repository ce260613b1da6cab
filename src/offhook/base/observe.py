"""Loggers by half. Nothing logs a payload, a cookie or a token.

A record's fields (``extra``) are for programs: ``connection``, ``code``, ``error``. ``JsonLines`` writes them out.
"""

import logging
import traceback

import msgspec

from offhook.base.errors import Disconnect, UsageError

LINE = logging.getLogger("offhook.line")
"""The engine: connections, subscriptions, handlers."""
PAGES = logging.getLogger("offhook.pages")
"""The pages: loaders, actions, rendering."""
PROXY = logging.getLogger("offhook.proxy")
"""The proxy: whether the other server is there."""


def failure(logger: logging.Logger, what: str, error: BaseException) -> None:
    """Log that *what* failed, once: the kind of error and where it was raised.

    Its text, which may quote what a stranger sent, and the traceback are logged at the level DEBUG only.
    """
    if isinstance(error, UsageError):
        logger.error("%s: %s", what, error)  # our own words, for the application's author
        return
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {frames[-1].filename}:{frames[-1].lineno} in {frames[-1].name}" if frames else ""
    logger.error("%s: %s%s", what, type(error).__name__, place, extra={"error": type(error).__name__})
    logger.debug("%s", what, exc_info=error)


def ended(connection: str, disconnect: Disconnect) -> None:
    """Log how a connection ended, at the level DEBUG."""
    fields = {"connection": connection, "code": disconnect.code.number}
    LINE.debug("a line ended: %s", disconnect.code.name, extra=fields)


_STANDARD = {*vars(logging.makeLogRecord({})), "message", "asctime", "taskName"}


class JsonLines(logging.Formatter):
    """Each record as one JSON object on a line: ``time``, ``level``, ``logger``, ``text`` and its fields."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end."""
        line = {
            "time": record.created,
            "level": record.levelname,
            "logger": record.name,
            "text": record.getMessage(),
            **{name: value for name, value in vars(record).items() if name not in _STANDARD},
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return msgspec.json.encode(line, enc_hook=str).decode()
