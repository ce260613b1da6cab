"""Pages, forms, files, lines and a raw socket, all of them open to strangers."""

import atexit
import shutil
import tempfile
from pathlib import Path
from typing import Any

from offhook import App, Channel, Client, History, Limits, index, route

METRICS_KEY = "only the tests know it"
ASSET = "/assets/big.js"
"""A file that is larger than what the network holds."""
_LARGE = 16 * 1024 * 1024


class Feed(Channel[str], pattern="feed:{name}", history=History(100, "1m"), presence=True):
    """Everybody may do everything."""

    name: str

    async def on_subscribe(self, client: Client[Any]) -> None: ...

    async def on_publish(self, client: Client[Any], data: str) -> str:
        return data


class Target(App):
    """It is served without having been built: its one file is made here."""

    @property
    def build(self) -> Path:
        return _build


HASTY = Limits(
    head_time=1.0,
    body_idle=0.6,
    body_pace=0.6,
    connect=1.0,
    ping=0.6,
    pong=2.0,
    write=0.6,
    unread=0.6,
    queue=64 * 1024,
    connections_of_address=150,
)
"""For those who do not wait. Where somebody who is served meanwhile could be late by chance, it is a bit more."""


def _made() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="offhook-"))
    atexit.register(shutil.rmtree, folder)
    for name, content in ((".vite/manifest.json", b"{}"), (ASSET[1:], bytes(_LARGE))):
        file = folder / "client" / name
        file.parent.mkdir(parents=True)
        file.write_bytes(content)
    return folder


def _target(limits: Limits) -> App:
    nodes = [index("routes/page"), route("echo", "routes/echo"), route("traces", "routes/traces")]
    return Target(nodes, channels=[Feed], metrics_key=METRICS_KEY, render="none", csp=False, limits=limits)


_build = _made()
app = _target(Limits())
hasty = _target(HASTY)
