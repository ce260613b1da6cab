"""A page that says what is known of its visitor, and a form that remembers them."""

from dataclasses import dataclass

from starlette.requests import Request

from offhook import Session


@dataclass(frozen=True, slots=True)
class Visitor:
    """What is posted."""

    name: str = ""


async def loader(request: Request, session: Session) -> dict[str, str]:
    client = request.client.host if request.client else ""
    return {"client": client, "scheme": request.url.scheme, "name": str(session.get("name", ""))}


async def action(form: Visitor, session: Session) -> dict[str, int]:
    session["name"] = form.name
    return {"length": len(form.name)}
