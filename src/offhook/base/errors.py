"""Errors, named after their consequence: who has to act, and what ends.

``UsageError``    our user's Python is wrong; raised at once, never reaches the wire.
``CommandError``  this command failed; becomes an error reply, the connection lives.
``Disconnect``    the connection ends; the code's range says whether the client comes back.
``BrokerError``   the broker could not do it; a publish that raised this did not promise anything.

``Denied``, ``NotFound`` and ``Unauthorized`` are command errors that a page understands as well, so that one
rule serves both: raised in a loader they are the answers 403, 404 and 401.
"""

import msgspec

from offhook.base import codes
from offhook.base.codes import Code


class UsageError(Exception):
    """The application uses Offhook wrongly. The text says what to do instead."""


class BrokerError(Exception):
    """The broker is away or refused; what was asked for did not (provably) happen."""


class CommandError(Exception):
    """This command failed.

    :param code: one of ``offhook.base.codes``, or an own code with a number from 400 to 1999.
    :param text: what the client sees; the code's own words when left out.
    """

    code: Code = codes.INTERNAL
    status: int = 500
    """The HTTP status that a page answers with when a loader raises this."""

    def __init__(self, text: str = "", *, code: Code | None = None) -> None:
        if code is not None:
            self.code = code
        self.text = text or self.code.name
        super().__init__(f"{self.code.number} {self.text}")


class Denied(CommandError):
    """The user is known and may not do this: 403 on a page, error 103 on the line."""

    code = codes.PERMISSION_DENIED
    status = 403


class NotFound(CommandError):
    """What the address names does not exist: 404 on a page, error 102 on the line."""

    code = codes.UNKNOWN_CHANNEL
    status = 404


class Unauthorized(CommandError):
    """Nobody is signed in: the sign-in page or 401 on a page, error 101 on the line."""

    code = codes.UNAUTHORIZED
    status = 401


class Disconnect(Exception):
    """The connection ends with this code and reason.

    A reason is plain words of at most 123 bytes (RFC 6455, section 5.5.1); it must not be valid JSON,
    because the JavaScript SDK tries to parse it.
    """

    def __init__(self, code: Code, reason: str = "") -> None:
        self.code = code
        self.reason = reason or code.name
        if len(self.reason.encode()) > 123 or _is_json(self.reason):
            raise UsageError(
                f"{self.reason!r} cannot be the reason of a close: write plain words, up to 123 bytes"
            )
        super().__init__(f"{code.number} {self.reason}")


def _is_json(text: str) -> bool:
    try:
        msgspec.json.decode(text)
    except msgspec.DecodeError:
        return False
    return True
