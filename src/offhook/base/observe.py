"""Loggers by half. Nothing logs a payload, a cookie or a token.

A record's fields (``extra``) are for programs: ``connection``, ``code``, ``error``. ``JsonLines`` writes them out.
"""

import logging
import traceback
from typing import Any

import msgspec

from offhook.base.errors import Disconnect, UsageError

LINE = logging.getLogger("offhook.line")
"""The engine: connections, subscriptions, handlers."""
PAGES = logging.getLogger("offhook.pages")
"""The pages: loaders, actions, rendering."""
PROXY = logging.getLogger("offhook.proxy")
"""The proxy: whether the other server is there."""


def one_line(text: str) -> str:
    """*text* without anything that could begin another line or change a terminal: such characters are escaped."""
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)


class Lines(logging.Formatter):
    """A line of text for each record; what a peer has sent cannot look like another record.

    The lines of a traceback are indented, because the text of an exception may quote what a peer has sent.
    """

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the name of the standard library
        """The line, in which everything that is not printable is escaped."""
        return one_line(super().formatMessage(record))

    def formatException(self, ei: Any) -> str:  # noqa: N802
        """The traceback, each line indented."""
        return "\n".join(f"    {one_line(line)}" for line in super().formatException(ei).splitlines())


def failure(logger: logging.Logger, what: str, error: BaseException) -> None:
    """Log that *what* failed, once: the kind of error and where it was raised.

    Its text, which may quote what a stranger sent, and the traceback are logged at the level DEBUG only.
    """
    what = one_line(what)
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
