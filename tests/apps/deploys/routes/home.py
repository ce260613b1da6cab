"""All that a page can do; what was written is loaded again after each publication."""

from offhook import FieldError, Invalid, Line, live
from tests.apps.deploys.channels import Written
from tests.apps.deploys.store import Note, lines, write


@live(Written)
async def loader() -> list[str]:
    return lines()


async def action(form: Note, line: Line) -> str:
    if not form.text:
        raise Invalid({"text": FieldError("missing", "Write something.")})
    write(form.text)
    await line.publish(Written(), form.text)
    return f"wrote {form.text}"
