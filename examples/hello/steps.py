"""The walk-through as data: what both sides saw, and the two tables made of it.

Everything here is a pure function of what was seen, so that the page, the terminal and the tests draw the same
tables.
"""

from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec

Side = Literal["client", "server"]
State = Literal["connecting", "open", "closing", "closed"]
Kind = Literal["created", "accepted", "sent", "received", "waiting", "closed"]


class Seen(msgspec.Struct, frozen=True):
    """One thing that one side saw happen at its own end of the line.

    ``state`` is that end's state right afterwards, ``text`` the message, or, for ``closed``, which side closed.
    """

    side: Side
    kind: Kind
    state: State
    text: str = ""


class Row(msgspec.Struct, frozen=True):
    """A row of the first table."""

    step: int
    action: str
    client: str
    server: str
    message: str
    result: str


class Change(msgspec.Struct, frozen=True):
    """A row of the second table: where everything stood after a step that changed something."""

    step: int
    client: str
    server: str
    sent: str
    received: str


class _Step(msgspec.Struct, frozen=True):
    side: Side
    kind: Kind
    action: str
    result: str


_STEPS = (
    _Step("client", "created", "Client creates the connection", "The handshake is on its way"),
    _Step("server", "accepted", "Server accepts the connection", "The line is established"),
    _Step("client", "sent", "Client sends a message", "The message is on its way"),
    _Step("server", "received", "Server receives the message", "The server knows what the client said"),
    _Step("server", "sent", "Server sends its answer", "The answer is on its way"),
    _Step("client", "received", "Client receives the answer", "The client knows what the server said"),
    _Step("client", "waiting", "The line stays open", "Both sides may send at any time"),
    _Step("client", "closed", "The line closes", "Closed by the {text}"),
)
NONE = "–"


def _latest(seen: Sequence[Seen], side: Side, kinds: Iterable[str]) -> Seen | None:
    wanted = set(kinds)
    return next((each for each in reversed(seen) if each.side == side and each.kind in wanted), None)


def _state(seen: Sequence[Seen], side: Side, step: int) -> str:
    """The state of one end after the step with this number, by what that end itself saw up to then."""
    kinds = {each.kind for each in _STEPS[:step] if each.side == side}
    if step >= 2:
        kinds.add("accepted")
    if step == len(_STEPS):
        kinds.add("closed")
    kinds.add("created")
    found = _latest(seen, side, kinds)
    return found.state.capitalize() if found else NONE


def _sides(step: _Step) -> Sequence[Side]:
    """Who has to have seen it before the row is drawn: a connection begins, opens and ends at both ends."""
    return ("client", "server") if step.kind in ("created", "accepted", "closed") else (step.side,)


def complete(seen: Sequence[Seen]) -> bool:
    """Whether both ends have seen the line close."""
    return len(rows(seen)) == len(_STEPS)


def rows(seen: Sequence[Seen]) -> list[Row]:
    """The rows of the first table that can be drawn from what was seen so far."""
    found: list[Row] = []
    for number, step in enumerate(_STEPS, 1):
        event = _latest(seen, step.side, [step.kind])
        if event is None or not all(_latest(seen, side, [step.kind]) for side in _sides(step)):
            break
        message = event.text if step.kind in ("sent", "received") else NONE
        result = step.result.format(text=event.text)
        states = _state(seen, "client", number), _state(seen, "server", number)
        found.append(Row(number, step.action, *states, message, result))
    return found


def changes(table: Sequence[Row]) -> list[Change]:
    """The second table: how states and the client's last messages changed, step by step."""
    found: list[Change] = []
    sent = received = NONE
    for row in table:
        sent = row.message if row.step == 3 else sent
        received = row.message if row.step == 6 else received
        change = Change(row.step, row.client, row.server, sent, received)
        if not found or change != msgspec.structs.replace(found[-1], step=row.step):
            found.append(change)
    return found
