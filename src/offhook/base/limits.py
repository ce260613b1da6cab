"""Bounds for everything that a peer can send or leave open.

The annotation of a field names its unit. The docstring of a field says what happens beyond it; ``scripts/limits``
makes the table of ``docs/limits.md`` from both. Limits that contradict each other are refused when they are made.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from typing import TypeAlias

import msgspec

from offhook.base.errors import UsageError

Bytes: TypeAlias = int
Seconds: TypeAlias = float

CHOSEN = "OFFHOOK_LIMITS"
"""The environment variable by which ``offhook serve --limit-...`` tells an application what to keep to (JSON)."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds for one application. Sizes are bytes, times are seconds.

    :raises UsageError: a limit is negative, or refuses what another one allows.
    """

    head: Bytes = 64 * 1024
    """Head of one HTTP request; more is answered with 431."""
    head_line: Bytes = 16 * 1024
    """One line of a head; a longer one is answered with 431, and the first with 414."""
    headers: int = 100
    """Header fields of one request; more are answered with 431."""
    head_time: Seconds = 10.0
    """For the head of a request, from the opening or its first byte on; later is 408."""
    pipeline: Bytes = 128 * 1024
    """Bytes of memory of requests that wait for the answer to an earlier one of their connection; more is 503."""
    body_idle: Seconds = 10.0
    """Between two parts of a body; later closes with 408."""
    body: Bytes = 1024 * 1024
    """Body of one HTTP request, and the texts of one form; more is answered with 413."""
    body_pace: Seconds = 20.0
    """For a body, and again for each 64 kB of it; a slower one is answered with 408."""
    unread: Seconds = 60.0
    """For somebody who reads nothing of an HTTP answer; then it is cut off."""
    form_parts: int = 1000
    """Fields and files of one form; more are answered with 413."""
    form_part_head: Bytes = 8 * 1024
    """Bytes of the head of one part of a multipart form; more are answered with 413."""
    upload: Bytes = 16 * 1024 * 1024
    """One uploaded file; a larger one is an error of its field."""
    form_files: int = 32
    """Uploads of one form that are larger than 16 KiB, each in a temporary file; more are answered with 413."""
    files: int = 128
    """Temporary files of all forms in one process; more are answered with 503."""
    uploads: Bytes = 64 * 1024 * 1024
    """Body of a request to an action whose form has files; more is answered with 413."""
    payload: Bytes = 64 * 1024
    """Data of one publish or call of a client; more is error 107."""
    payload_depth: int = 512
    """Arrays and objects inside each other in what a client publishes or calls with; more is error 107."""
    command_frame: Bytes = 256 * 1024
    """One incoming frame of the line; more closes with 3015."""
    socket_message: Bytes = 1024 * 1024
    """One incoming message of a route's raw socket; more closes with 1009."""
    unfinished: Bytes = 24 * 1024 * 1024
    """Unfinished messages of all WebSockets; more closes the longest one with 1013."""
    socket_backlog: Bytes = 1024 * 1024
    """Bytes that one raw socket may have sent ahead of a peer that does not read."""
    queue: Bytes = 1024 * 1024
    """Bytes that the network of one connection has not taken; more closes with 3008."""
    queues: Bytes = 64 * 1024 * 1024
    """Bytes that wait for all connections of a process; beyond it those for which most waits close with 3008."""
    frame_messages: int = 16
    """Replies and pushes that are joined into one frame."""
    connections: int = 20_000
    """Lines and raw sockets of one process; more are refused with 503."""
    kept_head: Bytes = 16 * 1024
    """Bytes of the headers of an upgrade or a line's request, which are kept while it is open; more is 431."""
    connections_of_address: int = 1000
    """Those of one address in one process; more are refused with 429."""
    connections_of_user: int = 128
    """Connections of one user in one process; more close with 3016."""
    channels: int = 128
    """Subscriptions of one connection; more is error 106."""
    channel_length: Bytes = 255
    """Bytes of a channel's name; more is error 107."""
    commands_in_flight: int = 32
    """Commands of one connection that wait for a handler; beyond it the connection is not read."""
    commands_a_second: float = 100.0
    """Commands of one connection in the long run; more is error 111, and a flood closes with 3013."""
    commands_at_once: int = 300
    """Commands of one connection at once; a client that comes back has one for each of its channels."""
    history_page: int = 300
    """Publications in one history reply, and the most that one recovery delivers; a client that missed more is not
    recovered."""
    history_page_bytes: Bytes = 256 * 1024
    """Bytes of the publications in one history reply, unless the first one is larger; the reply ends before the
    publication that exceeds them, and the client asks for the rest."""
    api_history_page: int = 1000
    """Publications in one history answer of the HTTP API; the caller asks for the rest."""
    api_history_page_bytes: Bytes = 1024 * 1024
    """Bytes of them, unless the first one is larger; the caller asks for the rest."""
    recovery_buffer: int = 1024
    """Publications held back for one subscription that catches up; beyond it the history is read again."""
    recovery_buffer_bytes: Bytes = 1024 * 1024
    """Bytes of those publications; beyond it the history is read again."""
    handler: Seconds = 4.0
    """A channel's handler. An SDK gives up after 5 s and reconnects."""
    publish: Seconds = 5.0
    """One publication on its way into the broker; later it has failed, and the channel's epoch changes."""
    connect: Seconds = 10.0
    """From the open connection to its ``connect`` command; later closes with 3502."""
    ping: Seconds = 25.0
    """Between two pings of the server."""
    pong: Seconds = 8.0
    """From a ping to its pong; later closes with 3012."""
    refresh_grace: Seconds = 25.0
    """How late a new token may be; later closes with 3005."""
    presence: Seconds = 60.0
    """Somebody whose process died is present for so long; renewed two and a half times as often."""
    position_check: Seconds = 40.0
    """Between two looks whether the subscriptions of a channel have all that was published."""
    write: Seconds = 10.0
    """One write to a connection; slower is cut off, which counts as 3009."""
    render: Seconds = 5.0
    """Rendering one document in V8."""
    render_memory: Bytes = 256 * 1024 * 1024
    """Heap of one V8 isolate."""

    def __post_init__(self) -> None:
        negative = [f"{field.name} is negative" for field in fields(self) if getattr(self, field.name) < 0]
        if problems := [*negative, *self._contradictions()]:
            raise UsageError(f"Limits: {'; '.join(problems)}")

    def _contradictions(self) -> Iterator[str]:
        """Limits that refuse what another one allows: a client that keeps to both would fail again and again."""
        if self.commands_at_once <= self.channels:
            yield (
                f"commands_at_once={self.commands_at_once} does not let a client that returns subscribe to its "
                f"{self.channels} channels"
            )
        for name in ("command_frame", "socket_message"):
            if getattr(self, name) > self.unfinished:
                yield f"unfinished={self.unfinished} closes a message that {name}={getattr(self, name)} allows"


def chosen(limits: Limits | None = None) -> Limits:
    """*limits*, or the usual ones, with what whoever runs the server has chosen in their place."""
    return replace(limits or Limits(), **msgspec.json.decode(os.environ.get(CHOSEN, "{}")))
