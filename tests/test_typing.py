"""What a type checker says about an application: wrong channels and payloads are errors before anything runs."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
PREAMBLE = """
from typing import assert_type

from msgspec import Struct

from offhook import Channel, Client, History, Identity, Incoming, Line, live

class User(Struct):
    name: str

class Message(Struct, tag=True):
    text: str

class Renamed(Struct, tag=True):
    name: str

class Room(Channel[Message | Renamed], pattern="room:{room_id}", history=History(300, "10m"), presence=True):
    room_id: int

    async def on_subscribe(self, client: Client[User]) -> None:
        assert_type(self.room_id, int)
        assert_type(client.user, User)

class Numbers(Channel[int], pattern="numbers"): ...

class Page(Struct):
    messages: list[Message]

@live(Room)
async def loader(room_id: int) -> Page:
    return Page([])

async def authenticate(incoming: Incoming) -> Identity[User] | None:
    return Identity("1", User("Ann"))

async def use(line: Line) -> None:
"""

RIGHT = [
    "Room(room_id=1)",
    "Room(room_id=1) == Room(room_id=2)",
    "{Room(room_id=1): 1}[Room(room_id=1)].bit_length()",
    "Room(room_id=1).format().upper()",
    "found = Room.parse('room:1'); print(found and found.room_id + 1)",
    "(await line.publish(Room(room_id=1), Message('hello'))).offset + 1",
    "await line.publish(Room(room_id=1), Renamed('attic'))",
    "await line.publish(Numbers(), 1)",
    "change = line.change(Room(room_id=1), Numbers(), deadline='5s')",
    "(await change.publish(Numbers(), 1)).epoch.upper()",
    "(await loader(room_id=1)).messages",
]

WRONG = [
    ('Room(room_id="x")', 'Argument "room_id" to "Room" has incompatible type "str"; expected "int"'),
    ("Room()", 'Missing named argument "room_id" for "Room"'),
    ("Room(1)", "Too many positional arguments"),
    ("Room(room_id=1, other=2)", 'Unexpected keyword argument "other" for "Room"'),
    ("Room(room_id=1).room_id = 2", 'Property "room_id" defined in "Room" is read-only'),
    ("await line.publish(Room(room_id=1), User('Ann'))", 'type parameter "P" of "publish" of "Line"'),
    ("await line.publish(Room(room_id=1), 'hello')", 'type parameter "P" of "publish" of "Line"'),
    ("await line.publish(Numbers(), Message('hello'))", 'type parameter "P" of "publish" of "Line"'),
    ("await line.publish(Room, Message('hello'))", 'has incompatible type "type[Room]"'),
    ("await line.publish('room:1', Message('hello'))", 'has incompatible type "str"'),
    ("await line.change(Numbers()).publish(Numbers(), 'x')", 'type parameter "P" of "publish" of "Change"'),
    ("await loader(room_id='x')", 'has incompatible type "str"'),
]


def checked(folder: Path, *statements: str) -> list[str]:
    """What ``mypy --strict`` says about each of *statements*, one after another."""
    file = folder / "application.py"
    file.write_text(PREAMBLE + "".join(f"    {statement}\n" for statement in statements))
    command = [sys.executable, "-m", "mypy", "--strict", "--no-incremental", "--config-file=", str(file)]
    done = subprocess.run(command, cwd=ROOT / "src", capture_output=True, text=True, timeout=300)
    said = [line.removeprefix(f"{file}:") for line in done.stdout.splitlines() if line.startswith(str(file))]
    first = PREAMBLE.count("\n") + 1
    return [_about(said, first + place) for place in range(len(statements))] + [_about(said, *range(1, first))]


def _about(said: list[str], *lines: int) -> str:
    wanted = {str(line) for line in lines}
    return "\n".join(line for line in said if line.split(":")[0] in wanted)


def test_a_type_checker_refuses_what_is_wrong_and_only_that(tmp_path: Path) -> None:
    *about, preamble = checked(tmp_path, *RIGHT, *(statement for statement, _ in WRONG))

    assert preamble.splitlines() == []
    assert dict(zip(RIGHT, about, strict=False)) == dict.fromkeys(RIGHT, "")
    for (statement, complaint), said in zip(WRONG, about[len(RIGHT) :], strict=True):
        assert "error: " in said, statement
        assert complaint in said, statement
