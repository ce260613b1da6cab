"""The lifespan protocol."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from offhook.base.types import Receive, Scope, Send
from offhook.testing.asgi import lifespan
from offhook.testing.clock import run
from offhook.transports.lifespan import nested, serve_lifespan


class Application:
    """Fails where it is told to."""

    def __init__(self, fails: str = "") -> None:
        self.fails = fails
        self.log: list[str] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await serve_lifespan(self.running, receive, send)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        if self.fails == "startup":
            raise ValueError("cannot start")
        self.log.append("started")
        yield
        if self.fails == "shutdown":
            raise ValueError("cannot stop")
        self.log.append("stopped")


def test_it_is_open_between_startup_and_shutdown() -> None:
    async def scenario() -> None:
        app = Application()
        async with lifespan(app):
            assert app.log == ["started"]
        assert app.log == ["started", "stopped"]

    run(scenario())


@pytest.mark.parametrize("phase", ["startup", "shutdown"])
def test_a_failure_is_reported_to_the_server(phase: str) -> None:
    async def scenario() -> None:
        async with lifespan(Application(phase)):
            pass

    with pytest.raises(RuntimeError, match="cannot st"):
        run(scenario())


@pytest.mark.parametrize("body", ["inner", "cut"])
def test_an_application_inside_another_one(body: str) -> None:
    async def scenario() -> list[str]:
        app = Application()
        with suppress(KeyError):
            async with nested(app, {"type": "lifespan"}):
                app.log.append(body)
                if body == "cut":
                    raise KeyError
        return app.log

    assert run(scenario()) == ["started", body, "stopped"]


@pytest.mark.parametrize(("phase", "message"), [("startup", "cannot start"), ("shutdown", "cannot stop")])
def test_an_application_inside_another_one_that_fails(phase: str, message: str) -> None:
    async def scenario() -> None:
        with pytest.raises(RuntimeError, match=message):
            async with nested(Application(phase), {"type": "lifespan"}):
                pass

    run(scenario())


def test_an_application_without_a_lifespan_inside_another_one() -> None:
    async def raises(scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["type"] == "http"

    async def returns(scope: Scope, receive: Receive, send: Send) -> None:
        return

    async def scenario() -> int:
        async with nested(raises, {"type": "lifespan"}), nested(returns, {"type": "lifespan"}):
            return 1

    assert run(scenario()) == 1
