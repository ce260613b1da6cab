"""A page that takes a form."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Note:
    """What is posted."""

    text: str = ""


async def loader() -> dict[str, str]:
    return {"page": "here"}


async def action(form: Note) -> dict[str, int]:
    return {"length": len(form.text)}
