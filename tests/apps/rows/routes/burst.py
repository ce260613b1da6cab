"""A socket that answers with more messages at once than React renders."""

from offhook import WebSocket


async def socket(ws: WebSocket) -> None:
    """Each message starts a burst: two hundred numbers, each of them twice."""
    async for _ in ws:
        for number in range(200):
            await ws.send(f"n{number}")
            await ws.send(f"n{number}")
