"""A note of which the browser keeps a draft."""

import msgspec

_saved = ["From Python"]


class Note(msgspec.Struct):
    """What the page shows."""

    title: str


class Rename(msgspec.Struct):
    """What the form sends."""

    title: str


def loader() -> Note:
    return Note(_saved[-1])


def action(form: Rename) -> str:
    _saved.append(form.title)
    return f"renamed to {form.title}"
