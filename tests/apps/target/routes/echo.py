"""A raw socket that sends back what it gets."""

from offhook import WebSocket


async def socket(ws: WebSocket) -> None:
    async for data in ws:
        await ws.send(data)
