"""A raw socket that sends back what it gets, after the address of who sent it."""

from offhook import WebSocket


async def socket(ws: WebSocket) -> None:
    await ws.send(f"{ws.incoming.scheme} {ws.incoming.client}")
    async for text in ws:
        await ws.send(text)
