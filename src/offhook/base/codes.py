"""Every number that Offhook sends, in one table.

Python, the TypeScript client (``client/src/codes.ts``) and ``docs/codes.md`` read this table, so that
a code has the same meaning everywhere. The numbers are those of the Centrifuge client protocol v2.
"""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["error", "disconnect", "unsubscribe"]


@dataclass(frozen=True, slots=True)
class Code:
    """One number of the protocol.

    ``retry`` says what a client does by itself afterwards: send the command again (errors), open a new
    connection (disconnects), or subscribe again (unsubscribes).
    """

    number: int
    name: str
    kind: Kind
    retry: bool
    meaning: str


def _error(number: int, name: str, meaning: str, *, retry: bool = False) -> Code:
    return Code(number, name, "error", retry, meaning)


def _disconnect(number: int, name: str, meaning: str) -> Code:
    # The range carries the decision, so that a client needs no table.
    return Code(number, name, "disconnect", number < 3500, meaning)


def _unsubscribe(number: int, name: str, meaning: str) -> Code:
    return Code(number, name, "unsubscribe", number >= 2500, meaning)


# Errors: the answer to one command; the connection stays open.
INTERNAL = _error(100, "internal server error", "The server failed; it may work a moment later.", retry=True)
UNAUTHORIZED = _error(101, "unauthorized", "The channel is for signed-in users.")
UNKNOWN_CHANNEL = _error(102, "unknown channel", "No channel of the application has this name.")
PERMISSION_DENIED = _error(103, "permission denied", "The channel's rule refused this client.")
METHOD_NOT_FOUND = _error(104, "method not found", "No call of this name exists.")
ALREADY_SUBSCRIBED = _error(105, "already subscribed", "This connection has this channel already.")
LIMIT_EXCEEDED = _error(106, "limit exceeded", "The connection has as many channels as it may have.")
BAD_REQUEST = _error(107, "bad request", "A field of the command has a value that is not allowed.")
NOT_AVAILABLE = _error(108, "not available", "The channel, or this server, does not offer this command.")
TOKEN_EXPIRED = _error(109, "token expired", "Fetch a new token and try again.")
EXPIRED = _error(110, "expired", "The credentials ran out before the connection was made.")
TOO_MANY_REQUESTS = _error(111, "too many requests", "Slow down; it will work later.", retry=True)
UNRECOVERABLE_POSITION = _error(112, "unrecoverable position", "The history no longer reaches that far back.")

# Disconnects: the connection ends. 3000-3499 and 4000-4499: come back; 3500-3999 and 4500-4999: do not.
CONNECTION_CLOSED = _disconnect(3000, "connection closed", "The client left. Never sent; on_disconnect sees it.")
SHUTDOWN = _disconnect(3001, "shutdown", "This server is going away; another one answers.")
SERVER_ERROR = _disconnect(3004, "internal server error", "The server failed while it served this connection.")
CONNECTION_EXPIRED = _disconnect(3005, "connection expired", "The sign-in behind the connection ran out.")
SUBSCRIPTION_EXPIRED = _disconnect(3006, "subscription expired", "A server-side subscription ran out.")
SLOW = _disconnect(3008, "slow", "The client did not read fast enough; it comes back and recovers.")
WRITE_ERROR = _disconnect(3009, "write error", "The network did not take what was written.")
INSUFFICIENT_STATE = _disconnect(3010, "insufficient state", "A publication is missing; recover it.")
FORCE_RECONNECT = _disconnect(3011, "force reconnect", "The application asked the client to come back.")
NO_PONG = _disconnect(3012, "no pong", "The client did not answer a ping.")
FLOOD = _disconnect(3013, "too many requests", "The client sent more commands than it may.")
STATE_INVALIDATED = _disconnect(3014, "state invalidated", "Take a new snapshot of everything.")
FRAME_TOO_LARGE = _disconnect(3015, "frame too large", "A frame was larger than allowed; what it held is lost.")
CONNECTION_LIMIT = _disconnect(3016, "connection limit", "The user has as many connections as allowed now.")
INVALID_TOKEN = _disconnect(3500, "invalid token", "The token is not one of this application's.")
BAD_COMMAND = _disconnect(3501, "bad request", "The client broke the protocol, or may not connect at all.")
STALE = _disconnect(3502, "stale", "The client opened a connection and did not say who it is.")
FORCE_DISCONNECT = _disconnect(3503, "force disconnect", "The application ended the connection.")
CHANNEL_LIMIT = _disconnect(3505, "channel limit", "Too many server-side subscriptions.")
INAPPROPRIATE_PROTOCOL = _disconnect(3506, "inappropriate protocol", "The payload does not fit the codec.")
DISCONNECT_DENIED = _disconnect(3507, "permission denied", "The application refused the connection.")
DISCONNECT_UNAVAILABLE = _disconnect(3508, "not available", "The server does not take what the client sent.")

# Unsubscribes: one subscription ends; the connection stays open. From 2500 on the client subscribes again.
UNSUBSCRIBED = _unsubscribe(2000, "server unsubscribe", "The application ended the subscription.")
UNSUBSCRIBED_INSUFFICIENT = _unsubscribe(2500, "insufficient state", "A publication is missing; recover it.")
UNSUBSCRIBED_EXPIRED = _unsubscribe(2501, "subscription expired", "Fetch new credentials and subscribe again.")
UNSUBSCRIBED_INVALIDATED = _unsubscribe(2502, "state invalidated", "Take a new snapshot of this channel.")

TABLE: tuple[Code, ...] = tuple(value for value in list(globals().values()) if isinstance(value, Code))
"""All codes, in the order in which they stand above."""

_INSTEAD = {109: CONNECTION_EXPIRED, 110: CONNECTION_EXPIRED, 111: FLOOD, 103: DISCONNECT_DENIED}


def instead_of(error: Code) -> Code:
    """The disconnect that says the same as *error*, where there are no replies (protocol §14)."""
    return _INSTEAD.get(error.number, SERVER_ERROR)


def disconnect(number: int) -> Code:
    """The disconnect with this *number*: one of the table, or an application's own."""
    known = (each for each in TABLE if each.kind == "disconnect" and each.number == number)
    comes_back = number < 3500 or 4000 <= number < 4500
    return next(known, Code(number, "disconnect", "disconnect", comes_back, "The application's own."))
