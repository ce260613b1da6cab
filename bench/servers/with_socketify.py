"""socketify, which is uWebSockets underneath: its own ``publish`` to a topic."""

import sys
from typing import Any

from socketify import App, AppListenOptions, OpCode

ROOM = "room"


def _subscribe(ws: Any, *_: object) -> None:
    ws.subscribe(ROOM)


app = App()
_LIMITS = {"compression": 0, "max_payload_length": 1 << 20, "idle_timeout": 120}
app.ws("/sub", {**_LIMITS, "open": _subscribe, "message": lambda ws, message, code: None})
app.ws("/pub", {**_LIMITS, "message": lambda ws, message, code: app.publish(ROOM, message, OpCode.TEXT)})
app.ws("/echo", {**_LIMITS, "message": lambda ws, message, code: ws.send(message, OpCode.TEXT)})
app.get("/plain", lambda answer, request: answer.end("ok"))
app.listen(AppListenOptions(port=int(sys.argv[1]), host="127.0.0.1"), lambda config: None)
app.run()
