"""Offhook in front of an ordinary React Router application, on one port.

It answers the line and the HTTP API; every other request, and in development Vite's own socket, goes on to the
React Router server. ``REMIX_URL`` says where that is, ``OFFHOOK_API_KEY`` is the secret of its calls to the API.
"""

import os
from typing import TypedDict

import httpx

from offhook import Channel, Client, History, Identity, Incoming, Realtime
from offhook.proxy import proxy

REMIX = os.environ.get("REMIX_URL", "http://127.0.0.1:3000")


class Question(TypedDict):
    """A question as the application publishes it."""

    id: int
    text: str
    by: str
    voters: list[str]
    version: int


class Questions(Channel[Question], pattern="questions", history=History(300, "10m"), presence=True):
    """Every question that is new or has changed."""

    async def on_subscribe(self, client: Client[str]) -> None:
        """Whoever has signed in may follow."""


async def authenticate(incoming: Incoming) -> Identity[str] | None:
    """Ask the application whose cookie this is: the cookie and its secret are the application's alone."""
    async with httpx.AsyncClient(base_url=REMIX, trust_env=False) as remix:
        answer = await remix.get("/me", headers={"Cookie": incoming.headers.get("cookie", "")})
    name = answer.raise_for_status().json()["name"]
    return Identity(id=name, user=name) if name else None


app = Realtime(
    channels=[Questions],
    authenticate=authenticate,
    api_key=os.environ["OFFHOOK_API_KEY"],
    fallback=proxy(REMIX),
)
