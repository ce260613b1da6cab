"""A gallery: everything that a route module can have in Python. ``offhook serve tests.apps.gallery.app:app``."""

from typing import Literal

from offhook import App, Identity, Incoming, MemorySessions
from tests.apps.gallery.routes import routes
from tests.apps.gallery.store import Person


async def authenticate(incoming: Incoming) -> Identity[Person] | None:
    """Whoever signed in."""
    name = incoming.session.get("name")
    return Identity(id=name, user=Person(name)) if isinstance(name, str) else None


def gallery(render: Literal["v8", "none"] = "v8") -> App:
    """The application."""
    return App(
        routes,
        authenticate=authenticate,
        secret_key=["the key of this year", "the key of last year"],
        session_store=MemorySessions(),
        sign_in="/sign-in",
        csp={"img-src": "'self' data: https://images.example"},
        render=render,
    )


app = gallery()
