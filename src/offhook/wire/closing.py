"""Why a WebSocket connection ends: close codes, and what a Close frame says (RFC 6455, sections 5.5.1 and 7.4)."""

from enum import IntEnum

from offhook.base.errors import UsageError

_LONGEST_REASON = 123
"""Bytes. The payload of a control frame has at most 125, and two are the code's."""


class CloseCode(IntEnum):
    """The codes that the two RFCs give to what a peer did wrong, and the one that stands for no code."""

    PROTOCOL_ERROR = 1002
    NO_STATUS = 1005
    INVALID_DATA = 1007
    POLICY_VIOLATION = 1008
    TOO_BIG = 1009


class FrameError(Exception):
    """The peer broke the protocol or a limit: the connection is closed with ``code`` and ``reason``."""

    def __init__(self, code: CloseCode, reason: str) -> None:
        super().__init__(f"{code:d} {reason}")
        self.code = code
        self.reason = reason


def may_travel(code: int) -> bool:
    """Whether a Close frame may carry *code* (section 7.4.2, and 1012 to 1014, registered since then)."""
    return 1000 <= code <= 1003 or 1007 <= code <= 1014 or 3000 <= code <= 4999


def close_payload(code: int, reason: str) -> bytes:
    """What a Close frame carries; nothing for ``NO_STATUS``. A reason that is too long loses its end.

    :raises UsageError: *code* may not be sent.
    """
    if code == CloseCode.NO_STATUS:
        return b""
    if not may_travel(code):
        raise UsageError(f"{code} is no close code that may be sent; use 1000, or one of 3000 to 4999")
    text = reason.encode("utf-8", "replace")[:_LONGEST_REASON]
    return code.to_bytes(2, "big") + text.decode("utf-8", "ignore").encode()


def parse_close(payload: bytes) -> tuple[int, str]:
    """Code and reason of a Close frame that came; ``NO_STATUS`` if it has none.

    :raises FrameError: there is half a code, or one that may not travel.
    :raises UnicodeDecodeError: the reason is not UTF-8.
    """
    if not payload:
        return CloseCode.NO_STATUS, ""
    code = int.from_bytes(payload[:2], "big")
    if len(payload) < 2 or not may_travel(code):
        raise FrameError(CloseCode.PROTOCOL_ERROR, "invalid close code")
    return code, str(payload[2:], "utf-8")
