"""An application that says which process it is."""

import os
import signal

from offhook.base.types import Receive, Scope, Send


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with the number of its process."""
    if scope["type"] == "lifespan":
        for phase in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{phase}.complete"})
            if phase == "startup":
                print("started", flush=True)
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": str(os.getpid()).encode()})


async def suicidal(scope: Scope, receive: Receive, send: Send) -> None:
    """Dies before it has started."""
    os.kill(os.getpid(), signal.SIGKILL)
