"""Routes' own sockets: from an upgrade at a route's address to its ``socket`` function.

A socket that a user opened ends when a line of that sign-in would: at ``line.revoke`` and ``line.disconnect``, and
when the sign-in expires. That holds from the moment before ``authenticate`` is asked.
"""

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, get_args, get_origin
from urllib.parse import quote

from offhook.base import codes, observe
from offhook.base.errors import Disconnect
from offhook.base.incoming import Authenticate, Identity, Incoming
from offhook.base.inject import Getter, Parameter, Plan, Source
from offhook.base.types import Receive, Scope, Send
from offhook.pages.context import Context
from offhook.pages.handshake import Handshakes, TurnedAway
from offhook.pages.modules import RouteMatch, RouteModule, RouteTable
from offhook.pages.sources import nobody, path_param
from offhook.realtime.engine import Engine
from offhook.realtime.expiry import Expiry
from offhook.realtime.journal import Mark
from offhook.realtime.line import Line
from offhook.realtime.orders import Close, Order, Prolong, Recheck
from offhook.realtime.refresh import seen_again
from offhook.transports.base import Refused, admitted, await_upgrade, deny, guard
from offhook.transports.raw import WebSocket, WebSocketState, open_socket, serve_socket

_KNOWN = (
    "the name of a path parameter, `user`; the type WebSocket, Line, Incoming or Identity, or one that middleware "
    "provides"
)


@dataclass(frozen=True, slots=True)
class _Dial:
    """What the parameters of one socket are taken from."""

    ws: WebSocket
    params: Mapping[str, str]
    identity: Identity[Any] | None
    context: Context


class Sockets:
    """Serves ``websocket`` scopes at the addresses of routes that have a ``socket``.

    :param engine: beside its lines sockets count, and its orders they obey.
    :param handshakes: the middleware of routes, which an upgrade passes before the socket begins.
    :raises UsageError: a socket wants what nobody provides.
    """

    def __init__(
        self,
        table: RouteTable,
        engine: Engine,
        authenticate: Authenticate[Any] | None,
        origins: Collection[str],
        handshakes: Handshakes,
    ) -> None:
        self._table = table
        self._engine = engine
        self._handshakes = handshakes
        self._authenticate = authenticate
        self._origins = origins
        self._limits = engine.limits
        self._plans = {
            module.id: _plan(table, module, engine.line)
            for module in table.modules.values()
            if module.socket is not None
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One socket, from the upgrade to its end; 404 where there is none."""
        try:
            seen = guard(scope, self._origins)
            match = self._match(scope)
            mark = self._engine.control.mark()
            identity = await admitted(self._engine.sessions, seen, self._authenticate, self._limits)
            context = await self._admit(scope, seen, match, identity)
        except Refused as refused:
            if await await_upgrade(receive):
                await deny(scope, send, refused.status)
            return
        ws = open_socket(scope, receive, send, seen, self._limits)
        guest = None if identity is None else _Guest(ws, identity, self._engine, self._authenticate, mark)
        await self._serve(match, _Dial(ws, match.params, identity, context), guest)

    def _match(self, scope: Scope) -> RouteMatch:
        raw = scope.get("raw_path")
        path = raw.decode("latin-1").partition("?")[0] if raw else quote(scope["path"])
        match = self._table.match(path)
        if match is None or match.routes[-1].id not in self._plans:
            raise Refused(404)
        return match

    async def _admit(
        self, scope: Scope, seen: Incoming, match: RouteMatch, identity: Identity[Any] | None
    ) -> Context:
        if not any(route.middleware for route in match.routes):
            return Context()
        try:
            async with asyncio.timeout(self._limits.handler):
                return await self._handshakes.admit(scope, seen, match, identity)
        except TurnedAway as turned:
            raise Refused(turned.status) from None
        except TimeoutError:
            observe.LINE.error("the middleware of %s took longer than its deadline", match.routes[-1].id)
            raise Refused(503) from None

    async def _serve(self, match: RouteMatch, dial: _Dial, guest: "_Guest | None") -> None:
        plan = self._plans[match.routes[-1].id]
        sessions = self._engine.sessions
        await serve_socket(dial.ws, lambda: plan.function(**plan.arguments(dial)), sessions, guest)


class _Guest:
    """The sign-in behind a socket: it obeys orders of the application (``Addressee``), and expires.

    :param mark: the moment before the application was asked for *identity*.
    """

    def __init__(
        self,
        ws: WebSocket,
        identity: Identity[Any],
        engine: Engine,
        authenticate: Authenticate[Any] | None,
        mark: Mark,
    ) -> None:
        self.user_id = identity.id
        self.sign_in = identity.session
        self.began = mark.at
        self._ws = ws
        self._identity = identity
        self._engine = engine
        self._authenticate = authenticate
        self._mark = mark
        self._expiry = Expiry(engine.env, self._expired)
        self._is_open = False
        self._refusal: Disconnect | None = None

    def begin(self) -> None:
        """The socket begins, unless its sign-in has ended by now.

        :raises Disconnect: it has.
        """
        self._engine.sessions.add_socket(self)
        self._expiry.set(self._identity.expires)
        self._engine.control.catch_up(self, self._mark)
        if self._refusal is not None:
            raise self._refusal
        self._is_open = True

    def end(self) -> None:
        """The socket has ended."""
        self._engine.sessions.discard_socket(self)
        self._expiry.cancel()

    def obey(self, order: Order) -> None:
        """What ends a line ends the socket; what concerns subscriptions and pushes does not concern it."""
        match order:
            case Close(number, reason):
                self._close(Disconnect(codes.disconnect(number), reason))
            case Prolong(expires):
                self._expiry.set(expires)
            case Recheck():
                self._expired()

    def _close(self, disconnect: Disconnect) -> None:
        if self._is_open:
            self._engine.background.start(self._ws.close(disconnect.code.number, disconnect.reason))
        else:
            self._refusal = disconnect

    def _expired(self) -> None:
        if self._authenticate is None:
            self._close(Disconnect(codes.CONNECTION_EXPIRED))
        else:
            self._engine.background.start(self._ask_again(self._authenticate))

    async def _ask_again(self, authenticate: Authenticate[Any]) -> None:
        mark = self._engine.control.mark()
        identity = await seen_again(self._ws.incoming, authenticate, self._engine.limits.handler)
        if identity is None or identity.id != self.user_id or identity.expires <= self._engine.env.now():
            self._close(Disconnect(codes.CONNECTION_EXPIRED))
        elif self._ws.state is not WebSocketState.CLOSED:
            self.sign_in = identity.session
            self._expiry.set(identity.expires)
            self._engine.control.catch_up(self, mark, sign_in_only=True)


def _plan(table: RouteTable, module: RouteModule, line: Line) -> Plan[_Dial]:
    assert module.socket is not None
    sources: list[Source[_Dial]] = [partial(_param, table.parameters(module.id)), _user, partial(_typed, line)]
    if any(route.middleware for route in table.chain(module.id)):
        sources.append(_provided)
    return Plan(module.socket, sources, _KNOWN)


def _param(names: Collection[str], parameter: Parameter) -> Getter[_Dial] | None:
    name = "*" if parameter.name == "splat" else parameter.name
    if name not in names:
        return None
    return lambda dial: path_param(dial.params.get(name), parameter)


def _user(parameter: Parameter) -> Getter[_Dial] | None:
    if parameter.name != "user":
        return None
    return lambda dial: dial.identity.user if dial.identity else nobody(parameter)


def _typed(line: Line, parameter: Parameter) -> Getter[_Dial] | None:
    getters: dict[Any, Getter[_Dial]] = {
        WebSocket: lambda dial: dial.ws,
        Line: lambda dial: line,
        Incoming: lambda dial: dial.ws.incoming,
        Identity: lambda dial: dial.identity or nobody(parameter),
    }
    members = {get_origin(each) or each for each in (parameter.annotation, *get_args(parameter.annotation))}
    return next((getter for wanted, getter in getters.items() if wanted in members), None)


def _provided(parameter: Parameter) -> Getter[_Dial] | None:
    wanted = parameter.annotation
    if not isinstance(wanted, type) or wanted.__module__ == "builtins":
        return None
    return lambda dial: dial.context.provided(wanted)
