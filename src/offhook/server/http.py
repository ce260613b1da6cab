"""uvicorn's HTTP class, with deadlines and limits for what a stranger sends.

The parser is httptools', which refuses what two servers could understand differently: repeated lengths, a length
beside chunks, blanks where none may be. The docstrings say what differs from the class underneath.
"""

import asyncio
import logging
import math
import re
from collections.abc import Collection, MutableMapping
from contextlib import suppress
from functools import partial
from ipaddress import IPv6Address
from typing import Any, ClassVar, cast
from urllib.parse import quote
from weakref import WeakKeyDictionary

import httptools
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from offhook.base.limits import Limits
from offhook.base.types import AsgiApp, Receive, Scope, Send
from offhook.realtime.deadlines import Deadlines
from offhook.server import access
from offhook.server.descriptors import sockets_in
from offhook.server.upgrade import refusal, without_prefix

_PIECE = 16 * 1024
"""So much is parsed in one go; by so much may a limit be overrun."""
_PIPELINE = 64
"""Requests that wait for the answer to an earlier one on the same connection."""
_REQUEST, _FIELD = 1024, 160
"""Bytes of the objects of a request that waits, and of each field of its head."""
_LOG = logging.getLogger("offhook.server")
_OFTEN = 10.0
"""Seconds between two lines of the log that say the same."""
_LOGGED = 256
"""Bytes of a refused address that are logged."""
_ABSOLUTE = re.compile(rb"https?://([^/?#@]*)([/?][^#]*)?", re.IGNORECASE)
"""A target in absolute form (RFC 9112, section 3.2.2): its authority, and the rest."""
_HOST = re.compile(r"((?:[0-9a-z._~-]|%[0-9a-f]{2})+|\[[0-9a-f:.]+\])(?::([0-9]{0,5}))?", re.IGNORECASE)
_LARGEST_PORT = 65535
_LINGERING = 5.0
"""Seconds for which a peer may go on sending what nobody takes, so that it gets to read why."""


class Config(uvicorn.Config):
    """uvicorn's settings, and ours.

    :param limits: of the heads and bodies of requests.
    :param hosts: the values of ``Host`` that are answered, without ports; empty: all of them.
    :param logs_access: whether refusals that the application never hears of are in the access log.
    :param room: connections that the server may have; None: any number.
    """

    def __init__(
        self,
        app: AsgiApp,
        *,
        limits: Limits | None = None,
        hosts: Collection[str] = (),
        logs_access: bool = False,
        room: int | None = None,
        **settings: Any,
    ) -> None:
        super().__init__(cast("Any", app), **settings)
        self.limits = limits or Limits()
        self.hosts = frozenset(host.lower() for host in hosts)
        self.logs_access = logs_access
        self.room = room


class State(ServerState):
    """What all connections of one server share, and whether it is about to end."""

    draining = False


def limits_of(config: uvicorn.Config) -> Limits:
    """Those of *config*; the usual ones where it is uvicorn's own."""
    return config.limits if isinstance(config, Config) else Limits()


def log_refusal(
    config: uvicorn.Config, client: tuple[str, int] | None, method: str, target: bytes, status: int
) -> None:
    """Tell the access log, if there is one, of a request that the application never hears of."""
    if isinstance(config, Config) and config.logs_access:
        path = quote(target.partition(b"?")[0][:_LOGGED], safe="/%")
        access.log(client[0] if client else "-", method, path or "-", status, 0.0)


class _Refusal(Exception):
    """The request is answered with ``status``, and the connection closed."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class _Times:
    """The deadlines of all HTTP connections of one server."""

    _all: ClassVar[MutableMapping[ServerState, "_Times"]] = WeakKeyDictionary()

    def __init__(self, limits: Limits) -> None:
        self.heads: Deadlines[HttpProtocol] = Deadlines(limits.head_time, HttpProtocol.late_head)
        self.bodies: Deadlines[HttpProtocol] = Deadlines(limits.body_idle, HttpProtocol.late_body)
        self.stalled: Deadlines[HttpProtocol] = Deadlines(limits.unread, HttpProtocol.give_up)
        self.lingering: Deadlines[HttpProtocol] = Deadlines(_LINGERING, HttpProtocol.leave)
        self.open = 0
        """Connections that are no WebSockets."""
        self._warned = -math.inf

    @classmethod
    def of(cls, limits: Limits, server_state: ServerState) -> "_Times":
        """Those of the server with *server_state*."""
        times = cls._all.get(server_state)
        if times is None:
            times = cls._all[server_state] = cls(limits)
        return times

    def warn(self, text: str) -> None:
        """Log that there is no room, once in a while."""
        now = asyncio.get_running_loop().time()
        if now - self._warned > _OFTEN:
            self._warned = now
            _LOG.warning("event=connections.full: %s", text)

    def forget(self, connection: "HttpProtocol") -> None:
        """It is gone, or none of ours any more."""
        for deadlines in (self.heads, self.bodies, self.stalled, self.lingering):
            deadlines.end(connection)


class _Outlet:
    """What uvicorn's answer to a request with a body writes to, and closes."""

    def __init__(self, connection: "HttpProtocol", cycle: RequestResponseCycle) -> None:
        self.write, self.is_closing = connection.transport.write, connection.transport.is_closing
        self._connection = connection
        self._cycle = cycle

    def close(self) -> None:
        """The answer is complete, and the last one."""
        self._connection.part(self._cycle)


class HttpProtocol(HttpToolsProtocol):
    """One HTTP connection, from uvicorn's ``http=``."""

    def __init__(
        self, config: uvicorn.Config, server_state: ServerState, app_state: dict[str, Any], **further: Any
    ) -> None:
        super().__init__(config, server_state, app_state, **further)
        self._limits = limits_of(config)
        self._hosts: frozenset[str | None] = frozenset(config.hosts if isinstance(config, Config) else ())
        self._room = config.room if isinstance(config, Config) else None
        self._times = _Times.of(self._limits, server_state)
        self._in_head = False
        """Whether a request has begun whose head is not complete."""
        self._in_message = False
        """The same of the whole request."""
        self._size = 0
        """Bytes of the head, as far as they came."""
        self._answered: RequestResponseCycle | None = None
        """The request that is being answered; ``cycle`` is the latest one, which may wait for that."""
        self._body_left = 0
        """So much may the body still bring."""
        self._has_grown = False
        """Whether a part of it came."""
        self._waiting: dict[RequestResponseCycle, int] = {}
        """Bytes of memory of each request that waits for the answer to an earlier one."""
        self._resumes = False
        """Whether the parser is given a head again, after an upgrade that is ignored."""

    # The connection

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """The deadline of the first head begins at once, also for those who say nothing."""
        super().connection_made(transport)
        self._times.open += 1
        self._make_room()
        self._times.heads.begin(self)

    def _make_room(self) -> None:
        """Beyond the room, the connection that has waited the longest for its head gives way; or else this one."""
        if self._room is None or len(self.connections) <= self._room:
            return
        oldest = self._times.heads.oldest() or self._times.lingering.oldest() or self
        self._times.warn(f"{self._room} connections are open; a silent one is closed for each new one")
        oldest.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing of it is left. uvicorn tells the latest request alone; an earlier one would write on.

        After a reset it also forgets the timer of a connection that is kept alive.
        """
        self._times.forget(self)
        self._times.open -= 1
        self._unset_keepalive_if_required()
        if self._answered is not None:
            self._answered.disconnected = True
            self._answered.message_event.set()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """Somebody who reads nothing at all does not hold the answer for ever."""
        self._times.stalled.begin(self)
        super().pause_writing()

    def resume_writing(self) -> None:
        """They read."""
        self._times.stalled.end(self)
        super().resume_writing()

    def data_received(self, data: bytes) -> None:
        """Parse it in pieces, so that limits hold before much is in memory."""
        if self in self._times.lingering:
            return
        self._unset_keepalive_if_required()
        if not self._in_message and self not in self._times.heads:
            self._times.heads.begin(self)
        try:
            self._parse(data)
        except _Refusal as refused:
            self._refuse(refused.status)
        except httptools.HttpParserError as error:
            reason = error.__context__
            self._refuse(reason.status if isinstance(reason, _Refusal) else 400)

    def _parse(self, data: bytes) -> None:
        at = 0
        while at < len(data) and not self.transport.is_closing() and self not in self._times.lingering:
            try:
                self._feed(data[at : at + _PIECE])  # a slice that is all of it is no copy
                at += _PIECE
            except httptools.HttpParserUpgrade as upgrade:
                at += upgrade.args[0]
                if self._should_upgrade():
                    self._upgrade(data[at:])
                    return
                self._ignore_upgrade()

    def _feed(self, piece: bytes) -> None:
        if self._in_head:
            self._count(len(piece))
        self.parser.feed_data(piece)
        if self._has_grown:
            self._has_grown = False
            if self in self._times.bodies:
                self._times.bodies.begin(self)

    def _count(self, size: int) -> None:
        self._size += size
        if self._size > self._limits.head:
            raise _Refusal(431 if self.headers else 414)

    # What the parser says

    def on_message_begin(self) -> None:
        """A head begins."""
        if self._resumes:
            return
        super().on_message_begin()
        self._in_head = self._in_message = True
        self._size = 0
        if self not in self._times.heads:
            self._times.heads.begin(self)

    def on_url(self, url: bytes) -> None:
        """A part of the address."""
        if self._resumes:
            return
        super().on_url(url)
        if len(self.url) > self._limits.head_line:
            raise _Refusal(414)

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header field. Those that follow a body are not passed on: nobody looks at them any more."""
        if self._resumes:
            return
        if not self._in_head:
            self._count(len(name) + len(value))
            return
        if len(name) + len(value) > self._limits.head_line or len(self.headers) >= self._limits.headers:
            raise _Refusal(431)
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head is complete, and looked at before anybody else does."""
        if self._resumes:
            self._resumes = False
            return
        self._in_head, self._size = False, 0
        self._times.heads.end(self)
        if self.parser.get_http_version() not in ("1.0", "1.1"):
            raise _Refusal(505)
        self._check_target()
        self._check_host()
        has_body = self._check_framing()
        self._check_length()
        self._check_pipeline()
        super().on_headers_complete()
        if has_body:
            cast("Any", self.cycle).transport = _Outlet(self, self.cycle)
        if self.cycle is not self._answered and not self._should_upgrade():
            self._waiting[self.cycle] = self._memory()
        if self._is_draining and self.cycle is not None:
            self.cycle.keep_alive = False
        if has_body:
            self._times.bodies.begin(self)

    def on_body(self, body: bytes) -> None:
        """A part of the body. It may be a single byte, so that this is not the place for much."""
        self._has_grown = True
        self._body_left -= len(body)
        if self._body_left < 0:
            raise _Refusal(413)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is complete; if it asks for an upgrade that is ignored, its body still follows."""
        if self.parser.should_upgrade() and not self._should_upgrade():
            return
        self._in_message = False
        self._times.bodies.end(self)
        super().on_message_complete()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        """Answer a request."""
        self._answered = cycle
        self._waiting.pop(cycle, None)
        super()._start_asgi_task(cycle, partial(self._answer, cycle, app))

    async def _answer(
        self, cycle: RequestResponseCycle, app: AsgiApp, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Ask *app*. An answer that it gives up because nobody reads it does not wait for them any longer."""
        await app(scope, receive, send)
        if cycle.response_started and not cycle.response_complete and self.flow.write_paused:
            cycle.disconnected = True
            self.transport.abort()

    def on_response_complete(self) -> None:
        """The answer is written, though perhaps not read."""
        if self.transport.is_closing() and self.transport.get_write_buffer_size():
            self._times.stalled.begin(self)
        super().on_response_complete()

    def _check_target(self) -> None:
        """A target in absolute form names the host, whatever Host says (RFC 9112, section 3.2.2).

        A proxy may have removed the prefix at which the application is mounted, or left it.
        """
        self._check_form()
        self.url = without_prefix(self.url, self.root_path.encode())

    def _check_form(self) -> None:
        if self.url.startswith(b"/") or self.url == b"*":
            return
        absolute = _ABSOLUTE.fullmatch(self.url)
        if absolute is None:
            raise _Refusal(400)
        authority, rest = absolute[1], absolute[2] or b"/"
        self.url = rest if rest.startswith(b"/") else b"/" + rest
        others = [field for field in self.headers if field[0] != b"host"]
        if len(self.headers) - len(others) == 1:  # otherwise the fields are refused as they are
            self.headers[:] = [(b"host", authority), *others]

    def _check_host(self) -> None:
        """One valid Host in HTTP/1.1 (RFC 9112, section 3.2), and one of those that are answered."""
        given = [value for name, value in self.headers if name == b"host"]
        if len(given) > 1 or (not given and self.parser.get_http_version() == "1.1"):
            raise _Refusal(400)
        names = [_host_name(value.decode("latin-1")) for value in given]
        if None in names or (self._hosts and not self._hosts.issuperset(names or [None])):
            raise _Refusal(400)

    def _check_pipeline(self) -> None:
        """Requests that wait for the answer to an earlier one are bounded in number and in memory."""
        if self.cycle is None or self.cycle.response_complete:
            return
        waits = sum(self._waiting.values()) + self._memory()
        if len(self.pipeline) >= _PIPELINE or waits > self._limits.pipeline:
            raise _Refusal(503)

    def _memory(self) -> int:
        """Bytes that the request occupies while it waits."""
        fields = sum(_FIELD + len(name) + len(value) for name, value in self.headers)
        return _REQUEST + len(self.url) + fields

    def _check_framing(self) -> bool:
        """Whether there is a body. Every server on the way must see the same end of it (RFC 9112, section 6.1)."""
        fields = [field for field in self.headers if field[0] in (b"transfer-encoding", b"content-length")]
        chunks = [value for name, value in fields if name == b"transfer-encoding"]
        is_old = self.parser.get_http_version() != "1.1"
        if len(fields) > 1 or (chunks and (is_old or chunks[0].lower() != b"chunked")):
            raise _Refusal(400)
        if self._should_upgrade() and (fields or is_old):
            raise _Refusal(400)  # RFC 6455, section 4.2.1
        return bool(fields)

    def _check_length(self) -> None:
        """A body that is announced as too large is refused before it comes; the others while they come."""
        fields = dict(self.headers)
        is_form = fields.get(b"content-type", b"").lower().startswith(b"multipart/form-data")
        self._body_left = self._limits.uploads if is_form else self._limits.body
        length = fields.get(b"content-length", b"0")
        if length.isdigit() and int(length) > self._body_left:
            raise _Refusal(413)

    # The end

    @property
    def _is_draining(self) -> bool:
        return isinstance(self.server_state, State) and self.server_state.draining

    def late_head(self) -> None:
        """The head took too long. Who has begun one is told; an answer that is under way is not disturbed."""
        if self._is_answering():
            self._times.heads.begin(self)
        elif self._in_head:
            self._refuse(408)
        else:
            self.transport.close()

    def late_body(self) -> None:
        """The body stopped, unless it is the application that does not take it, or we did not ask for it."""
        if self.flow.read_paused or (self.cycle is not None and self.cycle.waiting_for_100_continue):
            self._times.bodies.begin(self)
        else:
            self._refuse(408)

    def give_up(self) -> None:
        """Nobody reads."""
        self.transport.abort()

    def leave(self) -> None:
        """They had the time to read why."""
        self.transport.close()
        if self.transport.get_write_buffer_size():
            self._times.stalled.begin(self)

    def part(self, cycle: RequestResponseCycle) -> None:
        """The application has answered *cycle* for good; the rest of its body may still be on its way."""
        if self._in_message and cycle.scope is self.scope:
            self._times.forget(self)
            self._linger()
        else:
            self.transport.close()

    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def timeout_keep_alive_handler(self) -> None:
        """Nobody asks any more. What waits for them does not wait for ever."""
        self._times.stalled.begin(self)
        super().timeout_keep_alive_handler()

    def _refuse(self, status: int) -> None:
        """Answer and close. Into an answer that has begun nothing can be written but its end."""
        self._times.forget(self)
        if self._is_answering():
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self._times.stalled.begin(self)
        if self._has_answered() or (self._is_answering() and (self.cycle.response_started or self.pipeline)):
            self.transport.close()
            return
        self._log(status)
        self.transport.write(refusal(status))
        if status == 408:
            self.transport.close()  # nothing came, so that nothing is unread
        else:
            self._linger()

    def _has_answered(self) -> bool:
        """Whether the rest of a request is refused that has its answer; a second one would pass for the next's."""
        cycle = self.cycle
        return self._in_message and cycle is not None and cycle.scope is self.scope and cycle.response_complete

    def _linger(self) -> None:
        """A connection that is closed while bytes arrive is reset, and the answer is lost with it."""
        if self.transport.can_write_eof():
            with suppress(OSError):  # the peer has gone already
                self.transport.write_eof()
        self.flow.resume_reading()
        self._times.lingering.begin(self)

    def _log(self, status: int) -> None:
        method, target = (self.scope.get("method", "-"), self.url) if self.scope else ("-", b"")
        log_refusal(self.config, self.client, method, target, status)

    def _ignore_upgrade(self) -> None:
        """Serve a request for a protocol that the server does not speak as if it had not asked (RFC 9110, 7.8).

        The parser stops behind the head. Another one goes on from there: it is given the same framing of the body.
        """
        framing = [field for field in self.headers if field[0] in (b"transfer-encoding", b"content-length")]
        fields = b"".join(b"%b: %b\r\n" % field for field in framing)
        self.parser, self._resumes = httptools.HttpRequestParser(self), True
        self.parser.feed_data(b"POST / HTTP/1.1\r\n%b\r\n" % fields)

    def _has_room(self) -> bool:
        """Whether there may be another WebSocket: a part of the room is for requests."""
        if self._room is None or len(self.connections) - self._times.open < sockets_in(self._room):
            return True
        self._times.warn(f"{sockets_in(self._room)} WebSockets are open; more are refused with 503")
        return False

    def _upgrade(self, rest: bytes) -> None:
        """uvicorn drops what follows the head of an upgrade; and an upgrade ends a pipeline."""
        if self._is_draining or not self._has_room():
            self._refuse(503)
            return
        self._times.forget(self)
        if self._is_answering():
            self.transport.close()
            return
        self._times.open -= 1
        self.handle_websocket_upgrade()
        self.parser = None  # type: ignore[assignment]  # It holds us, and nobody would let go of either.
        if rest:
            cast("Any", self.transport.get_protocol()).data_received(rest)


def _host_name(host: str) -> str | None:
    """The name or address in a ``Host``, in lower case and without the port; None: it is malformed."""
    found = _HOST.fullmatch(host)
    if found is None or int(found[2] or 0) > _LARGEST_PORT:
        return None
    if not found[1].startswith("["):
        return found[1].lower()
    try:
        IPv6Address(found[1][1:-1])
    except ValueError:
        return None
    return found[1].lower()
