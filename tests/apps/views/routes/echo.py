"""What arrived, in which encoding."""

from starlette.requests import Request

_answered = 0


async def loader() -> int:
    global _answered
    _answered += 1
    return _answered


async def action(request: Request) -> dict[str, str]:
    kind = request.headers.get("content-type", "").partition(";")[0]
    if kind in ("application/json", "text/plain"):
        return {"method": request.method, "kind": kind, "sent": (await request.body()).decode()}
    form = await request.form()
    return {"method": request.method, "kind": kind, "sent": "&".join(f"{key}={form[key]}" for key in form)}
