"""A socket behind the guard."""

from offhook import WebSocket
from tests.apps.gallery.routes.guard import Admin


async def socket(ws: WebSocket, admin: Admin) -> None:
    await ws.send(f"Hello {admin.name}")
