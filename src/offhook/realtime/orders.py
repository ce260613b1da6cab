"""What processes tell each other: typed values, outside of any channel (protocol §15.7)."""

from typing import TypeAlias

import msgspec
from msgspec import Struct


class Close(Struct, frozen=True, tag=True):
    """End the connection."""

    code: int
    reason: str


class Join(Struct, frozen=True, tag=True):
    """Subscribe the connection to a channel."""

    channel: str


class Part(Struct, frozen=True, tag=True):
    """End the connection's subscription to a channel."""

    channel: str


class Tell(Struct, frozen=True, tag=True):
    """Push one JSON text to the connection as a whole."""

    data: bytes


class Prolong(Struct, frozen=True, tag=True):
    """The sign-in behind the connection runs out at another time: seconds since 1970."""

    expires: float


class Recheck(Struct, frozen=True, tag=True):
    """Orders may be lost: have the sign-in behind the connection, and what it is subscribed to, checked again."""


Order: TypeAlias = Close | Join | Part | Tell | Prolong | Recheck
"""What one connection is to do."""


class ToUser(Struct, frozen=True, tag=True):
    """All connections of a user do this."""

    user: str
    order: Order


class ToSignIn(Struct, frozen=True, tag=True):
    """All connections that came by a sign-in do this."""

    sign_in: str
    order: Order


class Emulated(Struct, frozen=True, tag=True):
    """Commands for an emulated connection, that came to another process (protocol §14).

    That process, *asker*, waits for the ``Answer`` to this *question*.
    """

    secret: str
    frame: bytes
    asker: str
    question: int


class Answer(Struct, frozen=True, tag=True):
    """Whether an ``Emulated`` found its connection."""

    question: int
    found: bool


class Probe(Struct, frozen=True, tag=True):
    """A word of a process to itself, to see how long it takes: when it was sent, by its event loop."""

    sent: float


Instruction: TypeAlias = ToUser | ToSignIn | Emulated | Answer | Probe

_decoder = msgspec.msgpack.Decoder(Instruction)
_encoder = msgspec.msgpack.Encoder()


def encode(instruction: Instruction) -> bytes:
    """As it travels through the broker."""
    return _encoder.encode(instruction)


def decode(data: bytes) -> Instruction | None:
    """The way back; None for what only a process of another version can mean."""
    try:
        instruction: Instruction = _decoder.decode(data)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None
    return instruction
