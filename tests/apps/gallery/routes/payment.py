"""A webhook: another server posts here, and signs what it sends."""

import hashlib
import hmac

from starlette.requests import Request

from offhook import Denied

SECRET = b"shared with the payment service"
paid: list[bytes] = []


async def action(request: Request) -> dict[str, bool]:
    body = await request.body()
    signature = hmac.new(SECRET, body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(signature, request.headers.get("x-signature", "")):
        raise Denied
    paid.append(body)
    return {"received": True}
