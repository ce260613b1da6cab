"""Offhook: Remix-style routes with Python loaders, whose data stays live over a WebSocket on the same port.

Names are imported when they are first used: the engine alone needs nothing of the page half.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from offhook.app import App as App
    from offhook.base.env import Env as Env
    from offhook.base.errors import (
        BrokerError as BrokerError,
        CommandError as CommandError,
        Denied as Denied,
        Disconnect as Disconnect,
        NotFound as NotFound,
        Unauthorized as Unauthorized,
        UsageError as UsageError,
    )
    from offhook.base.incoming import Authenticate as Authenticate, Identity as Identity, Incoming as Incoming
    from offhook.base.limits import Limits as Limits
    from offhook.base.schema import Raw as Raw
    from offhook.base.sessions import (
        MemorySessions as MemorySessions,
        Session as Session,
        SessionStore as SessionStore,
    )
    from offhook.bridge import live as live
    from offhook.brokers.base import History as History
    from offhook.pages.context import Context as Context, Next as Next
    from offhook.pages.field_errors import FieldError as FieldError, Invalid as Invalid
    from offhook.pages.href import href as href
    from offhook.pages.results import (
        Data as Data,
        Redirect as Redirect,
        data as data,
        redirect as redirect,
        stays as stays,
    )
    from offhook.pages.routes import index as index, layout as layout, prefix as prefix, route as route
    from offhook.publisher import Publisher as Publisher
    from offhook.realtime.channel import Channel as Channel, Subscribed as Subscribed
    from offhook.realtime.client import Client as Client
    from offhook.realtime.hooks import Connecting as Connecting, Welcome as Welcome
    from offhook.realtime.line import Line as Line
    from offhook.standalone import Realtime as Realtime
    from offhook.transports.raw import Closed as Closed, WebSocket as WebSocket, WebSocketState as WebSocketState
    from offhook.wire.position import Position as Position

_HOMES = {
    "offhook.app": ["App"],
    "offhook.base.env": ["Env"],
    "offhook.base.errors": [
        "BrokerError",
        "CommandError",
        "Denied",
        "Disconnect",
        "NotFound",
        "Unauthorized",
        "UsageError",
    ],
    "offhook.base.incoming": ["Authenticate", "Identity", "Incoming"],
    "offhook.base.limits": ["Limits"],
    "offhook.base.schema": ["Raw"],
    "offhook.base.sessions": ["MemorySessions", "Session", "SessionStore"],
    "offhook.brokers.base": ["History"],
    "offhook.bridge": ["live"],
    "offhook.pages.context": ["Context", "Next"],
    "offhook.pages.field_errors": ["FieldError", "Invalid"],
    "offhook.pages.href": ["href"],
    "offhook.pages.results": ["Data", "Redirect", "data", "redirect", "stays"],
    "offhook.pages.routes": ["index", "layout", "prefix", "route"],
    "offhook.publisher": ["Publisher"],
    "offhook.realtime.channel": ["Channel", "Subscribed"],
    "offhook.realtime.client": ["Client"],
    "offhook.realtime.hooks": ["Connecting", "Welcome"],
    "offhook.realtime.line": ["Line"],
    "offhook.standalone": ["Realtime"],
    "offhook.transports.raw": ["Closed", "WebSocket", "WebSocketState"],
    "offhook.wire.position": ["Position"],
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [*_HOME]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'offhook' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)
