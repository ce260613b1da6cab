"""A page whose view has handlers of its own."""

from tests.apps.deploys.store import Note, lines, write


async def loader() -> list[str]:
    return lines()


async def action(form: Note) -> str:
    write(form.text)
    return f"wrote {form.text}"
