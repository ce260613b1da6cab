"""``App``: pages and line as one ASGI callable, and the only place where the parts meet."""

import hashlib
import os
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from offhook.base.cookies import CookieOptions, SameSite
from offhook.base.env import SYSTEM, Env
from offhook.base.errors import UsageError
from offhook.base.incoming import Authenticate, Identity, Incoming
from offhook.base.inject import Getter, Parameter
from offhook.base.limits import Limits, chosen
from offhook.base.mounting import below_root, with_root
from offhook.base.sessions import SessionCookie, SessionStore, opened
from offhook.base.types import Json, Receive, Scope, Send
from offhook.bridge import ChannelClass, LivePages
from offhook.brokers.base import Broker
from offhook.pages.assets import Assets, SourceAssets
from offhook.pages.calls import Call, Provider
from offhook.pages.csp import ContentPolicy
from offhook.pages.handler import PagesHandler
from offhook.pages.modules import load_routes
from offhook.pages.render.base import Renderer
from offhook.pages.render.none import NoRenderer
from offhook.pages.render.v8 import V8Renderer
from offhook.pages.routes import RouteNode
from offhook.pages.visit import Visit
from offhook.realtime.hooks import OnConnect, OnDisconnect
from offhook.realtime.line import Line
from offhook.realtime.tokens import Tokens
from offhook.sockets import Sockets
from offhook.standalone import LINE_PATH, Realtime
from offhook.transports.lifespan import serve_lifespan

if TYPE_CHECKING:
    from offhook.prometheus import EngineCollector

Lifespan = Callable[[], AbstractAsyncContextManager[None]]
Mode = Literal["production", "development"]

MODE = "OFFHOOK_MODE"
"""The environment variable by which ``offhook serve --mode`` tells an App which build to use."""
VITE = "OFFHOOK_VITE"
"""Set by ``offhook dev``: the browser's half comes from Vite, and the other one is built anew at any time."""


class App:
    """Pages and line as one ASGI application.

    :param routes: the route table, made of ``layout``, ``index``, ``route`` and ``prefix``.
    :param channels: the channel classes of the application.
    :param authenticate: who somebody is; one function for pages and line.
    :param broker: a URL such as ``memory://``, or a broker.
    :param secret_key: signs the cookie session, at least 16 characters; several rotate, the newest first. Without
        one there are no sessions.
    :param sign_in: where somebody unknown is sent whom a handler wants to know.
    :param lifespan: an async context manager that is open while the application runs.
    :param provide: resources by type; each call of a handler gets its own and it is closed right after the call.
    :param anonymous: whether a line may be opened by nobody in particular; by default only where nobody is known.
    :param on_connect: asked about every client that opens a line: see ``Realtime``.
    :param on_disconnect: told about every client that was let in when it has gone, and why.
    :param tokens: reads the tokens that clients of a line show, beside the cookie session.
    :param origins: further origins whose pages may open a line or post.
    :param api_key: opens the HTTP API to servers; ``health`` and ``metrics_key`` open probes and metrics: see
        ``Realtime``.
    :param session_name: the session cookie's name; over HTTPS ``__Host-`` is put in front of it.
    :param session_max_age: seconds that a session lives after it was last written.
    :param session_same_site: ``"lax"``, ``"strict"`` or ``"none"``: on which requests from other sites it is sent.
    :param session_secure: whether it is sent over HTTPS only; None: if the request that sets it came over HTTPS.
    :param session_domain: a domain whose hosts all receive it; None: this host alone.
    :param session_path: the addresses below which it is sent; the line's address has to be among them.
    :param session_partitioned: whether a browser keeps one for each site that has the application in a frame.
    :param session_store: keeps the sessions on the server; None: the cookie holds them.
    :param csp: in production, directives of the documents' Content Security Policy in place of the usual ones
        (``offhook.pages.csp.DEFAULTS``); None as a value removes one, and False sends no policy at all.
    :param render: ``"v8"`` renders documents on the server, ``"none"`` leaves it to the browser.
    :param module: the module in whose folder the route modules and views stand; the caller's by default.

    ``line`` is the application's end of all lines.
    """

    def __init__(
        self,
        routes: Sequence[RouteNode],
        *,
        channels: Sequence[ChannelClass] = (),
        authenticate: Authenticate[Any] | None = None,
        broker: str | Broker = "memory://",
        secret_key: str | Sequence[str] | None = None,
        sign_in: str | None = None,
        lifespan: Lifespan | None = None,
        provide: Mapping[Any, Provider] | None = None,
        anonymous: bool | None = None,
        on_connect: OnConnect | None = None,
        on_disconnect: OnDisconnect | None = None,
        tokens: Tokens | None = None,
        origins: Sequence[str] = (),
        api_key: str | None = None,
        health: bool = False,
        metrics_key: str | None = None,
        session_name: str = "offhook",
        session_max_age: int = 14 * 24 * 3600,
        session_same_site: SameSite = "lax",
        session_secure: bool | None = None,
        session_domain: str | None = None,
        session_path: str = "/",
        session_partitioned: bool = False,
        session_store: SessionStore | None = None,
        csp: Mapping[str, str | None] | Literal[False] | None = None,
        render: Literal["v8", "none"] = "v8",
        limits: Limits | None = None,
        env: Env = SYSTEM,
        module: str | None = None,
    ) -> None:
        self.limits = limits = chosen(limits)
        cookie = CookieOptions(
            name=session_name,
            max_age=session_max_age,
            same_site=session_same_site,
            secure=session_secure,
            domain=session_domain,
            path=session_path,
            partitioned=session_partitioned,
        )
        sessions = _sessions(secret_key, cookie, env, session_store)
        who = _identify(sessions, authenticate)
        self.mode: Mode = "development" if os.environ.get(MODE) == "development" else "production"
        self.folder, package = _home(module or sys._getframe(1).f_globals["__name__"])
        self.table = load_routes(routes, self.folder, package)
        self.channels = tuple(channels)
        self._realtime = Realtime(
            channels=channels,
            authenticate=who,
            broker=broker,
            anonymous=authenticate is None and tokens is None if anonymous is None else anonymous,
            on_connect=on_connect,
            on_disconnect=on_disconnect,
            tokens=tokens,
            origins=origins,
            api_key=api_key,
            health=health,
            metrics_key=metrics_key,
            limits=limits,
            env=env,
        )
        self.line: Line = self._realtime.line
        self._live = LivePages(self.line)
        self._live.check(self.table, channels, identifies=authenticate is not None)
        self._assets = self._views()
        self._pages = PagesHandler(
            self.table,
            self._renderer(render, limits),
            self._assets,
            authenticate=authenticate,
            sessions=sessions,
            extensions=[self._live, _LineAddress(needed=bool(channels))],
            sources=[self._line_source, _no_socket],
            provide=provide,
            limits=limits,
            origins=origins,
            sign_in=sign_in,
            csp=None if csp is False or self.mode == "development" else ContentPolicy(csp),
            debug=self.mode == "development",
            env=env,
        )
        self._sockets = Sockets(self.table, self._realtime._engine, who, origins, self._pages.handshakes)
        self._lifespan = lifespan

    def collector(self) -> "EngineCollector":
        """The line's numbers for a Prometheus registry of the application's own: see ``Realtime.collector``."""
        return self._realtime.collector()

    @property
    def build(self) -> Path:
        """Where the built views of this mode are: ``build/``, or ``.offhook/development/`` in development."""
        return build_folder(self.folder, self.mode)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Dispatch by kind: pages, the line, a route's own socket, the lifespan."""
        match scope["type"]:
            case _ if self._realtime.serves(scope):
                await self._realtime(scope, receive, send)
            case "http":
                await self._pages(below_root(scope), receive, send)
            case "websocket":
                await self._sockets(below_root(scope), receive, send)
            case "lifespan":
                self._realtime.ends_with(scope)
                await serve_lifespan(self._running, receive, send)

    @asynccontextmanager
    async def _running(self) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            if self._lifespan is not None:
                await stack.enter_async_context(self._lifespan())
            await self._realtime.start()
            stack.push_async_callback(self._realtime.stop)
            await self._pages.start()
            stack.push_async_callback(self._pages.close)
            self._realtime.announce(self._assets.build)
            yield

    def _views(self) -> Assets:
        if not self.table.has_views and not self.build.is_dir():
            return Assets()
        return SourceAssets(self.build) if VITE in os.environ else Assets(self.build)

    def _renderer(self, render: Literal["v8", "none"], limits: Limits) -> Renderer:
        if render == "none" or not self.table.has_views:
            return NoRenderer()
        return V8Renderer(self.build / "server" / "server.js", limits, fresh=VITE in os.environ)

    def _line_source(self, parameter: Parameter) -> Getter[Call] | None:
        return (lambda call: self._live.line_of(call.visit)) if parameter.annotation is Line else None


def build_folder(folder: Path, mode: Mode) -> Path:
    """Where the views of the application in *folder* are built for *mode*."""
    return folder / ("build" if mode == "production" else ".offhook/development")


def _no_socket(parameter: Parameter) -> Getter[Call] | None:
    """Nobody has a socket in a request, ours or Starlette's."""
    if getattr(parameter.annotation, "__name__", "") == "WebSocket":
        raise UsageError(
            "loaders, actions and middleware answer requests and have no socket; write `async def socket(ws: "
            "WebSocket)` in the same module, or publish to a channel with `line: Line`"
        )
    return None


@dataclass(frozen=True, slots=True)
class _LineAddress:
    """The extension that tells a page where its line is, and whose; an application without channels has none."""

    needed: bool

    async def before(self, visit: Visit) -> Mapping[str, Json]:
        return {"line": {"url": _line_of(visit)} if self.needed else None}

    async def identified(self, visit: Visit, identity: Identity[Any] | None) -> Mapping[str, Json]:
        # A line lives on while the visitor signs out and in again; by this mark the browser opens another one.
        mark = hashlib.sha256(identity.id.encode()).hexdigest()[:16] if identity else None
        return {"line": {"url": _line_of(visit), "user": mark}} if self.needed else {}

    def headers(self, visit: Visit) -> Mapping[str, str]:
        return {}


def _line_of(visit: Visit) -> str:
    return with_root(visit.incoming.root, LINE_PATH)


def _sessions(
    secret_key: str | Sequence[str] | None, cookie: CookieOptions, env: Env, store: SessionStore | None
) -> SessionCookie | None:
    if secret_key is None:
        if store is not None:
            raise UsageError("a session_store needs a secret_key: it signs the cookie that names a session")
        return None
    keys = [secret_key] if isinstance(secret_key, str) else list(secret_key)
    return SessionCookie(keys, cookie, env, store)


def _identify(sessions: SessionCookie | None, authenticate: Authenticate[Any] | None) -> Authenticate[Any] | None:
    """*authenticate* with the cookie session filled in; an identity does not outlive the cookie it came from."""
    if authenticate is None:
        return None

    async def identify(incoming: Incoming) -> Identity[Any] | None:
        came = opened(incoming, await sessions.read(incoming)) if sessions else incoming
        identity = await authenticate(came)
        if identity is None or not came.session:
            return identity
        expires = min(identity.expires, came.session_expires)
        return replace(identity, expires=expires, session=identity.session or came.session_id)

    return identify


def _home(module: str) -> tuple[Path, str]:
    """The folder of a module, and that folder's name as a package."""
    file = getattr(sys.modules.get(module), "__file__", None)
    if file is None:
        raise UsageError(
            f"App(module={module!r}): there is no such module, or it has no file; pass module=__name__"
        )
    package = getattr(sys.modules[module], "__package__", None) or ""
    return Path(file).resolve().parent, package
