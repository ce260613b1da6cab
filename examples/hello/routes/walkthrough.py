"""A page and, at the same address, a raw socket that any WebSocket client can talk to."""

from examples.hello.runs import Reporter
from offhook import Line, WebSocket


async def socket(ws: WebSocket, line: Line) -> None:
    """``Hello Server`` is answered with ``Hello Client``; ``Goodbye Server`` makes the server close."""
    report = Reporter(ws, line)
    await report.saw("created")
    await ws.accept()
    await report.saw("accepted")
    closed_by = "client"
    async for text in ws:
        if text == "Goodbye Server":
            closed_by = "server"
            break
        await report.saw("received", str(text))
        answer = "Hello Client" if text == "Hello Server" else text
        await ws.send(answer)
        await report.saw("sent", str(answer))
    await ws.close()
    await report.saw("closed", closed_by)
