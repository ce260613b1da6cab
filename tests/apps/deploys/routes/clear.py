"""An action without a view."""

from offhook import Redirect, redirect
from tests.apps.deploys.store import Note, write


async def action(form: Note) -> Redirect:
    write(form.text)
    return redirect("/list?cleared")
