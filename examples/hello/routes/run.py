"""A resource route: a client that is not our page posts what its end saw and gets the tables."""

import msgspec

from examples.hello.runs import Tables, add, ended
from examples.hello.steps import Seen


class Report(msgspec.Struct, frozen=True):
    """What the client's end saw, in order."""

    seen: list[Seen]


async def action(run: str, form: Report) -> Tables:
    """The tables of both sides, when the line has closed at both ends."""
    add(run, *(msgspec.structs.replace(each, side="client") for each in form.seen))
    return await ended(run)
