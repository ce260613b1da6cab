"""Where an action leads."""

from offhook import Redirect, redirect
from tests.apps.deploys.store import Note, lines, write


async def loader() -> list[str]:
    return lines()


async def action(form: Note) -> Redirect:
    write(form.text)
    return redirect("/list?written")
