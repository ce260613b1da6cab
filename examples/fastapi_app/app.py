"""A kitchen's orders: FastAPI has the page and the data, Offhook's engine beside it keeps every screen true.

``offhook serve examples.fastapi_app.app:app``, or any other ASGI server.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any

from fastapi import Body, FastAPI, HTTPException
from fastapi.responses import FileResponse

from examples.fastapi_app.orders import Order, Step, Store
from offhook import Channel, Client, History, Position, Realtime

HERE = Path(__file__).parent
SDK = HERE.parent.parent / "node_modules/centrifuge/dist/centrifuge.js"


class Orders(Channel[Order], pattern="orders", history=History(300, "10m")):
    """Every order that is new or has changed."""

    async def on_subscribe(self, client: Client[None]) -> None:
        """Everybody may look into the kitchen."""


store = Store()
realtime = Realtime(channels=[Orders])


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """FastAPI passes no lifespan on to what is mounted in it."""
    await realtime.start()
    yield
    await realtime.stop()


app = FastAPI(lifespan=lifespan)
app.mount("/realtime", realtime)


@app.get("/orders")
async def orders() -> dict[str, Any]:
    """The snapshot and its position: the position is read first, so that nothing falls between the two."""
    position: Position = await realtime.line.position(Orders())
    return {"orders": store.all(), "position": position}


@app.post("/orders")
async def take(dish: Annotated[str, Body(embed=True, min_length=1, max_length=60)]) -> Order:
    """A new order, published from an ``async def`` view."""
    order = store.add(dish)
    await realtime.line.publish(Orders(), order)
    return order


@app.put("/orders/{number}")
def move(number: int, step: Annotated[Step, Body(embed=True)]) -> Order:
    """An order that goes on, published from a plain ``def`` view, which FastAPI runs in a thread."""
    order = store.move(number, step)
    if order is None:
        raise HTTPException(404)
    realtime.line.publish_sync(Orders(), order)
    return order


@app.get("/", include_in_schema=False)
async def page() -> FileResponse:
    """The page: plain HTML."""
    return FileResponse(HERE / "index.html")


@app.get("/centrifuge.js", include_in_schema=False)
async def sdk() -> FileResponse:
    """The official client, in its build for browsers."""
    return FileResponse(SDK)
