"""The servers that are compared, and how the load talks to each."""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from bench.programs import CACHE, HERE, ROOT, compiled, peer_go, peer_node, peer_program, peer_python

SERVERS = HERE / "servers"
C_LOOP, LINE, RAW = "C `send` loop", "Offhook, line", "Offhook, raw socket"
"""Rows that others are compared with."""
SOCKETIFY, PICOWS, WEBSOCKETS, NODE_WS = "socketify", "picows", "websockets", "ws on Node"
STARLETTE, PYTHON_SOCKETIO = "Starlette on uvicorn", "python-socketio"
STARLETTE_WEBSOCKETS, STARLETTE_WSPROTO = f"{STARLETTE} (websockets)", f"{STARLETTE} (wsproto)"


@dataclass(frozen=True, slots=True)
class Command:
    """What starts a server."""

    words: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    folder: Path = ROOT


@dataclass(frozen=True, slots=True)
class Contender:
    """One server.

    :param command: what starts it on a port; ``Missing`` if it cannot be had.
    :param talk: the load's options for subscribers and publisher.
    :param echo: the options in place of these for an echo; None: it has none.
    :param plain: whether it answers ``GET /plain`` on the same port, again and again on one connection.
    :param measured: the only measurements that it takes part in; all if empty.
    """

    name: str
    command: Callable[[int], Command]
    talk: Mapping[str, str] = field(default_factory=dict)
    echo: Mapping[str, str] | None = field(default_factory=lambda: {"sub": "/echo"})
    plain: bool = True
    measured: Sequence[str] = ()


def _c_loop(port: int) -> Command:
    return Command([str(compiled("sendloop")), str(port)])


def _offhook(port: int) -> Command:
    target = "bench.servers.ours:app"
    return Command([sys.executable, "-m", "offhook", "serve", target, "--port", str(port)])


def _python(file: str, packages: Sequence[str], *words: str) -> Callable[[int], Command]:
    def command(port: int) -> Command:
        return Command([str(peer_python(*packages)), str(SERVERS / f"{file}.py"), str(port), *words])

    return command


def _node(file: str, package: str) -> Callable[[int], Command]:
    def command(port: int) -> Command:
        node, modules = peer_node(package)
        return Command([str(node), str(SERVERS / f"{file}.cjs"), str(port)], {"NODE_PATH": str(modules)})

    return command


def _nchan(port: int) -> Command:
    module = "/usr/lib/nginx/modules/ngx_nchan_module.so"
    nginx = peer_program("nginx", "nginx libnginx-mod-nchan", module)
    return Command([str(nginx), "-c", str(_filled("nchan.conf", port))])


def _centrifugo(port: int) -> Command:
    program = peer_go("github.com/centrifugal/centrifugo/v6@v6.2.0")
    return Command([str(program), "-c", str(SERVERS / "centrifugo.json"), "--http_server.port", str(port)])


def _filled(file: str, port: int) -> Path:
    """A configuration with its port, in a folder where the server may write."""
    folder = CACHE / "run"
    folder.mkdir(parents=True, exist_ok=True)
    text = (SERVERS / file).read_text().replace("PORT", str(port)).replace("FOLDER", str(folder))
    path = folder / file
    path.write_text(text)
    return path


_CENTRIFUGE = {
    "sub": "/connection/websocket",
    "hello": '{"id":1,"connect":{}}\n{"id":2,"subscribe":{"channel":"room:1"}}',
    "ready": '"id":2,"subscribe"',
    "ping": "{}",
    "pong": "{}",
}
_CENTRIFUGE_PUBLISHER = {
    "pub": "/connection/websocket",
    "pub_hello": '{"id":1,"connect":{}}',
    "pub_ready": '"id":1,"connect"',
    "prefix": '{"id":3,"publish":{"channel":"room:1","data":',
    "suffix": "}}",
}
_ENGINE_IO = "/socket.io/?EIO=4&transport=websocket"
_SOCKET_IO = {
    **dict.fromkeys(("sub", "pub"), _ENGINE_IO),
    **dict.fromkeys(("hello", "pub_hello"), "40"),
    **dict.fromkeys(("ready", "pub_ready"), "40{"),
    **{"prefix": '42["pub",', "suffix": "]", "ping": "2", "pong": "3"},
}
_SOCKET_IO_ECHO = {"prefix": '42["echo",'}
_ON_UVICORN = ("uvicorn", "uvloop", "httptools", "websockets", "wsproto")
_starlette = partial(_python, "with_starlette", ("starlette", *_ON_UVICORN))

CONTENDERS: Sequence[Contender] = (
    Contender(C_LOOP, _c_loop),
    Contender(LINE, _offhook, _CENTRIFUGE, echo=None),
    Contender(RAW, _offhook, {"pub": "/raw_pub"}),
    Contender(WEBSOCKETS, _python("with_websockets", ("websockets", "uvloop")), plain=False),
    Contender(PICOWS, _python("with_picows", ("picows", "uvloop")), plain=False),
    Contender(SOCKETIFY, _python("with_socketify", ("socketify",))),
    Contender(STARLETTE, _starlette("websockets-sansio")),
    Contender(STARLETTE_WEBSOCKETS, _starlette("websockets"), measured=("connect",)),
    Contender(STARLETTE_WSPROTO, _starlette("wsproto"), measured=("connect",)),
    Contender(
        PYTHON_SOCKETIO,
        _python("with_socketio", ("python-socketio", *_ON_UVICORN)),
        _SOCKET_IO,
        _SOCKET_IO_ECHO,
    ),
    Contender("Django Channels", _python("with_channels", ("channels", "django", *_ON_UVICORN))),
    Contender(NODE_WS, _node("with_ws", "ws")),
    Contender("Socket.IO on Node", _node("with_socket_io", "socket.io"), _SOCKET_IO, _SOCKET_IO_ECHO),
    Contender("nchan", _nchan, echo=None),
    Contender("Centrifugo", _centrifugo, {**_CENTRIFUGE, **_CENTRIFUGE_PUBLISHER}, echo=None, plain=False),
)


def taking_part(measurement: str, only: Sequence[str] = ()) -> list[Contender]:
    """Those that *measurement* is made with; with *only*, those whose name has one of these words in it."""
    return [
        each
        for each in CONTENDERS
        if (not each.measured or measurement in each.measured)
        and (measurement != "echo" or each.echo is not None)
        and (measurement != "http" or each.plain)
        and (not only or any(word.lower() in each.name.lower() for word in only))
    ]
