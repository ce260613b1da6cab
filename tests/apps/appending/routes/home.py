"""The notes, and adding one."""

from offhook import Line, live
from tests.apps.appending.channels import Notes, Page

_notes: list[str] = []


@live(Notes)
async def loader() -> Page:
    return Page(notes=list(_notes))


async def action(line: Line) -> None:
    _notes.append(f"Note {len(_notes) + 1}")
    await line.publish(Notes(), _notes[-1])
