"""``/echo`` sends back what it gets, text as text and binary as binary."""

from offhook import WebSocket


async def socket(ws: WebSocket) -> None:
    """Until the client closes."""
    async for data in ws:
        await ws.send(data)
