"""A vote: Starlette has the page, and Offhook's engine stands in front of it. The browser needs no client library.

``offhook serve examples.starlette_app.app:app``, or any other ASGI server.
"""

import json
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from examples.starlette_app.votes import Tally, Votes
from offhook import Channel, Client, Connecting, History, Realtime, Welcome

HERE = Path(__file__).parent


class Vote(Channel[Tally], pattern="vote", history=History(1, "1h"), recovery="cache"):
    """How the vote stands. Whoever comes back gets the newest tally at once."""


async def on_connect(client: Client[None], connecting: Connecting) -> Welcome:
    """An EventSource cannot ask for channels: it follows those that it is welcomed with."""
    return Welcome(channels=[Vote()])


votes = Votes(["Tea", "Coffee", "Water"])


async def page(request: Request) -> Response:
    """The page: plain HTML."""
    return FileResponse(HERE / "index.html")


async def tally(request: Request) -> Response:
    """How the vote stands, and the position in the channel from which it goes on."""
    position = await app.line.position(Vote())
    return JSONResponse({"tally": votes.tally(), "since": {"offset": position.offset, "epoch": position.epoch}})


async def vote(request: Request) -> Response:
    """A vote, published from an ``async def`` view."""
    choice = json.loads(await request.body())
    if not isinstance(choice, str) or not votes.count(choice):
        return Response(status_code=400)
    await app.line.publish(Vote(), votes.tally())
    return Response(status_code=204)


def reset(request: Request) -> Response:
    """Back to nothing, published from a plain ``def`` view, which Starlette runs in a thread."""
    votes.clear()
    app.line.publish_sync(Vote(), votes.tally())
    return Response(status_code=204)


pages = Starlette(
    routes=[
        Route("/", page),
        Route("/votes", tally),
        Route("/votes", vote, methods=["POST"]),
        Route("/votes", reset, methods=["DELETE"]),
    ]
)
app = Realtime(channels=[Vote], on_connect=on_connect, fallback=pages)
