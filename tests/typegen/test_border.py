"""Types across the border, by the compilers of both sides: right use compiles, wrong use fails, at its line."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from offhook import typegen
from tests.typegen.shop import compiled, edit, loaded, make

FILES = {
    "data.py": '''
import enum
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, Literal, NewType, NotRequired, TypedDict

from msgspec import Meta, Struct
from pydantic import BaseModel, Field

OrderId = NewType("OrderId", int)

class Size(enum.Enum):
    SMALL = "s"
    LARGE = "l"

class Item(Struct, rename="camel"):
    """Something on the list."""

    unit_price: float
    size: Size = Size.SMALL

class Note(TypedDict):
    text: str
    colour: NotRequired[Literal["red", "blue"]]

@dataclass
class Order:
    id: OrderId
    due: date | None
    items: list[Item] = field(default_factory=list)
    notes: dict[str, Note] = field(default_factory=dict)

@dataclass
class SoldOut:
    until: date

class Customer(BaseModel):
    name: str = Field(min_length=1, alias="fullName")
    age: int | None = None
    friends: list["Customer"] = []

class NewOrder(Struct, rename="camel"):
    item_id: Annotated[int, Meta(ge=1)]
    how_many: int = 1
    tags: list[str] = []

class Placed(Struct, tag="placed"):
    order: Order

class Cancelled(Struct, tag="cancelled"):
    id: OrderId
''',
    "channels.py": """
from offhook import Channel, Client, History
from shop.data import Cancelled, Customer, NewOrder, Order, Placed, SoldOut

class Orders(Channel[Placed | Cancelled], pattern="orders:{room_id}", history=History(10, "1m")):
    room_id: int

    async def on_publish(self, client: Client[None], data: NewOrder) -> Placed: ...

    async def on_call(self, client: Client[None], data: Customer) -> Order | SoldOut | None: ...

class Customers(Channel[Customer], pattern="customers"): ...
""",
    "routes/__init__.py": """
from offhook import index, layout, route

routes = [
    layout("routes/shell", [
        index("routes/home"),
        route("rooms/:room_id/:tab?", "routes/room"),
        route("files/*", "routes/files"),
    ]),
]
""",
    "routes/files.tsx": "",
    "routes/home.py": """
from offhook import Data, Redirect
from shop.data import Customer

async def loader() -> list[Customer]: ...

async def action(form: Customer) -> Customer | Data | Redirect: ...
""",
    "routes/room.py": """
from offhook import Data, live
from shop.channels import Orders
from shop.data import NewOrder, Order, SoldOut

@live(Orders)
async def loader(room_id: int) -> Order: ...

async def action(form: NewOrder) -> Order | SoldOut | Data: ...
""",
    "app.py": """
from offhook import App
from shop.channels import Customers, Orders
from shop.routes import routes

app = App(routes, channels=[Orders, Customers], render="none")
""",
    "paths.py": "from offhook import href as href\n",
    "routes/room.tsx": "",
    "right.ts": """
import { href } from "offhook";
import type { LiveRoute, Reducer } from "offhook/types";
import type { Customers, Orders } from "./+types/channels";
import type { Route as Home } from "./routes/+types/home";
import type { Route } from "./routes/+types/room";

export const live: Reducer<Route.Live & LiveRoute> = (order, told) =>
  told.type === "placed" ? told.order : { ...order, items: [] };

export function out(order: Route.LoaderData): string[] {
  const note = order.notes["first"];
  return [
    order.id.toFixed(), order.due?.slice(0, 4) ?? "", note?.colour ?? "none",
    ...order.items.map((item) => item.unitPrice.toFixed() + (item.size === "s" ? "small" : "large")),
  ];
}

export function answered(answer: Route.ActionData): string {
  if (!answer) return "";
  if ("errors" in answer) return answer.errors.howMany?.text ?? answer.errors[""]?.code ?? "";
  return "until" in answer ? answer.until : answer.id.toFixed();
}

export const forms: Route.Form[] = [{ itemId: 1 }, { itemId: 1, howMany: 2, tags: ["a"] }];
export const field: Route.Field = "itemId";

export function name(customer: Home.LoaderData[number]): string {
  return customer.fullName + (customer.age?.toFixed() ?? "") + customer.friends.map(name).join();
}
export const customer: Home.Form = { fullName: "Ann", friends: [{ fullName: "Bob" }] };
export const published: Customers.Publication = { fullName: "Ann", age: null, friends: [] };
export const publish: Orders.Publish = { itemId: 1 };
export const call: Orders.Call = { fullName: "Ann" };
export function result(of: Orders.Result): string | null {
  return of === null ? null : "until" in of ? of.until : of.id.toFixed();
}

export const addresses = [
  href("/"), href("/rooms/:room_id/:tab?", { room_id: 1 }),
  href("/rooms/:room_id/:tab?", { room_id: "a", tab: "b" }),
  href("/files/*", { "*": "a/b" }), href("/files/*"),
];
export const params: Route.Params = { room_id: "1" };
""",
    "wrong.ts": """
import { href } from "offhook";
import type { Customers, Orders } from "./+types/channels";
import type { Route as Home } from "./routes/+types/home";
import type { Route } from "./routes/+types/room";

declare const order: Route.LoaderData;
declare const told: Route.Publication;
declare const answer: Exclude<Route.ActionData, undefined>;
declare const result: Orders.Result;

export const a = order.items[0]?.unit_price; // wrong
export const b: string = order.due; // wrong
export const c: number = order.due?.length ?? "none"; // wrong
export const d = order.items.map((item) => item.size === "medium"); // wrong
export const e: string = order.notes["first"].text; // wrong
export const f = told.order; // wrong
export const g = answer.until; // wrong
export const h = result.until; // wrong
export const i: Route.Form = { howMany: 1 }; // wrong
export const j: Route.Form = { itemId: "1" }; // wrong
export const k: Route.Form = { itemId: 1, item_id: 1 }; // wrong
export const l: Route.Field = "item_id"; // wrong
export const m: Home.LoaderData = [{ fullName: "Ann", age: null }]; // wrong
export const n: Home.Form = { name: "Ann" }; // wrong
export const o: Customers.Publication = { fullName: "Ann" }; // wrong
export const p: Orders.Publish = {}; // wrong
export const q: Orders.Call = { fullName: 1 }; // wrong
export const r = href("/room/:room_id", { room_id: 1 }); // wrong
export const s = href("/rooms/:room_id/:tab?"); // wrong
export const t = href("/rooms/:room_id/:tab?", { room: 1 }); // wrong
export const u = href("/rooms/:room_id/:tab?", { room_id: { id: 1 } }); // wrong
export const v = href("/", { room_id: 1 }); // wrong
export const w: string = ({} as Route.Params).tab; // wrong
""",
}
PYTHON = """
from shop.paths import href

href("/")
href("/rooms/:room_id/:tab?", room_id=1)
href("/rooms/:room_id/:tab?", room_id="a", tab=None)
href("/files/*", splat="a/b")
href("/rooms/:room_id", room_id=1)  # wrong
href("/rooms/:room_id/:tab?")  # wrong
href("/rooms/:room_id/:tab?", id=1)  # wrong
href("/rooms/:room_id/:tab?", room_id=[1])  # wrong
href("/", room_id=1)  # wrong
"""


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shop = make(tmp_path, monkeypatch, FILES)
    typegen.write(loaded(monkeypatch))
    return shop


def marked(text: str) -> list[int]:
    """The lines that are wrong."""
    return [number for number, line in enumerate(text.splitlines(), 1) if "wrong" in line.partition(" // ")[2]]


def test_right_use_compiles_and_wrong_use_fails_at_its_line(shop: Path) -> None:
    errors = compiled(shop)

    assert {line.partition("(")[0] for line in errors.splitlines() if line[0] != " "} == {"shop/wrong.ts"}, errors
    lines = [int(line) for line in re.findall(r"^shop/wrong\.ts\((\d+)", errors, re.MULTILINE)]
    assert list(dict.fromkeys(lines)) == marked(FILES["wrong.ts"]), errors


@pytest.mark.parametrize(
    ("file", "old", "new", "error"),
    [
        ("data.py", "unit_price: float", "price: float", "'unitPrice' does not exist on type 'Item'"),
        ("data.py", 'LARGE = "l"', 'LARGE = "xl"', ""),
        ("data.py", "due: date | None", "due: date", ""),
        ("data.py", "how_many: int = 1", "how_many: int", "'howMany' is missing in type"),
        ("data.py", 'alias="fullName"', 'alias="name"', "'fullName' does not exist on type 'Customer'"),
        ("data.py", "until: date", "again: date", "'id' does not exist on type 'SoldOut'"),
        ("data.py", 'tag="placed"', 'tag="made"', '"cancelled" | "made"'),
        ("routes/__init__.py", ":tab?", ":part?", '"/rooms/:room_id/:tab?"'),
    ],
)
def test_a_change_in_python_reaches_the_compiler(
    shop: Path, monkeypatch: pytest.MonkeyPatch, file: str, old: str, new: str, error: str
) -> None:
    (shop / "wrong.ts").unlink()
    edit(shop / file, old, new)
    typegen.write(loaded(monkeypatch))

    errors = compiled(shop)

    assert ("shop/right.ts" in errors, error in errors) == (bool(error), True), errors


def test_python_knows_the_addresses_too(shop: Path) -> None:
    (shop / "use.py").write_text(PYTHON)

    checked = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--no-incremental", shop / "use.py"],
        cwd=shop.parent,
        capture_output=True,
        text=True,
        timeout=120,
    )

    wrong = [number for number, line in enumerate(PYTHON.splitlines(), 1) if line.endswith("# wrong")]
    found = [int(line) for line in re.findall(r"use\.py:(\d+): error", checked.stdout)]
    assert list(dict.fromkeys(found)) == wrong, checked.stdout
