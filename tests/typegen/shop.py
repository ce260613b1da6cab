"""A small application on disk, for the tests that need files."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from offhook.app import App
from offhook.dev.node import find_node
from offhook.server.loading import load

FILES = {
    "__init__.py": "",
    "data.py": """
from msgspec import Struct

class Message(Struct):
    id: int
    text: str

class RoomPage(Struct):
    messages: list[Message]

class NewMessage(Struct):
    text: str
    reply_to: int | None = None
""",
    "channels.py": """
from offhook import Channel, History
from shop.data import Message

class Room(Channel[Message], pattern="room:{room_id}", history=History(10, "1m")):
    room_id: int
""",
    "routes/__init__.py": """
from offhook import index, layout, route

routes = [layout("routes/shell", [index("routes/home"), route("rooms/:room_id", "routes/room")])]
""",
    "routes/shell.tsx": "",
    "routes/home.tsx": "",
    "routes/room.py": """
from offhook import live
from shop.channels import Room
from shop.data import Message, NewMessage, RoomPage

@live(Room)
async def loader(room_id: int) -> RoomPage:
    return RoomPage([])

async def action(room_id: int, form: NewMessage) -> Message:
    return Message(1, form.text)
""",
    "routes/room.tsx": """
import type { LiveRoute, Reducer } from "offhook/types";
import type { Route } from "./+types/room";

export function Live<L extends LiveRoute>(reducer: Reducer<L>): Reducer<L> {
  return reducer;
}

export const fold = Live<Route.Live>((room, message) => ({ ...room, messages: [...room.messages, message] }));

export function words(room: Route.LoaderData, params: Route.Params): string {
  return params.room_id + room.messages.map((message) => message.text).join();
}

export function problem(answer: Route.ActionData): string | undefined {
  return answer && "errors" in answer ? answer.errors.text?.code ?? answer.values.reply_to : answer?.text;
}

export const form: Route.Form = { text: "reply_to may be left out" };
""",
    "app.py": """
from offhook import App
from shop.channels import Room
from shop.routes import routes

app = App(routes, channels=[Room], render="none")
""",
    "tsconfig.json": """{
  "compilerOptions": {
    "strict": true,
    "exactOptionalPropertyTypes": true,
    "noUncheckedIndexedAccess": true,
    "noEmit": true,
    "target": "es2023",
    "module": "esnext",
    "moduleResolution": "bundler",
    "types": [],
    "rootDirs": [".", "./.offhook/types"],
    "skipLibCheck": true,
    "paths": { "offhook": ["CLIENT/dist/index.d.ts"], "offhook/types": ["CLIENT/dist/types.d.ts"] }
  },
  "include": [".", ".offhook/types"]
}
""",
}
"""``routes/room.tsx`` is a view as far as types go: all that a view does with them, without React."""

ROOT = Path(__file__).parent.parent.parent


def make(folder: Path, monkeypatch: pytest.MonkeyPatch, files: Mapping[str, str] | None = None) -> Path:
    """The application below *folder*, which becomes the current directory, with other or further *files*."""
    shop = folder / "shop"
    for name, text in {**FILES, **(files or {})}.items():
        (shop / name).parent.mkdir(parents=True, exist_ok=True)
        (shop / name).write_text(text.replace("CLIENT", str(ROOT / "client")))
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "path", list(sys.path))
    return shop


def loaded(monkeypatch: pytest.MonkeyPatch) -> App:
    """The application as it stands on the disk now."""
    for name in [name for name in sys.modules if name.split(".")[0] == "shop"]:
        monkeypatch.delitem(sys.modules, name)
    app = load("shop.app:app")
    assert isinstance(app, App)
    return app


def edit(path: Path, old: str, new: str) -> None:
    """Replace *old* in a file, whose compiled form is forgotten."""
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    for compiled in path.parent.glob(f"__pycache__/{path.stem}.*"):
        compiled.unlink()


def compiled(shop: Path) -> str:
    """What ``tsc`` complains of."""
    tsc = ROOT / "node_modules/typescript/bin/tsc"
    done = subprocess.run([find_node(), tsc, "-p", shop], capture_output=True, text=True, timeout=120)
    assert (done.returncode == 0) == (done.stdout == ""), done.stderr
    return done.stdout
