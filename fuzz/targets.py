"""All targets, and how one input is tried."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from fuzz import connection, decoders, server
from fuzz.mutate import mutated

SLOW = 2.0
"""Seconds of processor time; an input of a few kilobytes that takes longer is an attack."""


class Found(Exception):
    """An input that does what none may do."""


@dataclass(frozen=True, slots=True)
class Target:
    """``check`` raises nothing for any input; ``seeds`` are inputs that it understands."""

    check: Callable[[bytes], None]
    seeds: Sequence[bytes]

    def attempt(self, data: bytes) -> None:
        """Try one input.

        :raises Found: it made ``check`` fail, or take too long.
        """
        began = time.process_time()
        try:
            self.check(data)
        except Exception as error:
            raise Found(f"{self.check.__name__}({data!r}): {error!r}") from error
        if time.process_time() - began > SLOW:
            raise Found(f"{self.check.__name__}({data!r}) is slow")

    def fuzz(self, seed: int, count: int) -> None:
        """Try *count* inputs, the same ones for the same *seed*.

        :raises Found: one of them is not harmless.
        """
        random = Random(seed)
        for _ in range(count):
            self.attempt(mutated(random, self.seeds))


def _talks(frames: Sequence[bytes]) -> Sequence[bytes]:
    """Connections that connect and subscribe by the first two *frames*, and then say one of them."""
    return [connection.SEPARATOR.join([*frames[:2], each]) for each in frames]


_DELTAS = decoders.DELTA_SEEDS

TARGETS: Mapping[str, Target] = {
    "json": Target(decoders.json, decoders.JSON_SEEDS),
    "uni_json": Target(decoders.uni_json, decoders.UNI_SEEDS),
    "protobuf": Target(decoders.protobuf, decoders.PROTOBUF_SEEDS),
    "emulation": Target(decoders.emulation, decoders.EMULATION_SEEDS),
    "delta": Target(decoders.delta, [*_DELTAS, *(text + each for text in _DELTAS for each in _DELTAS)]),
    "two_texts": Target(decoders.two_texts, [text + each for text in _DELTAS for each in _DELTAS]),
    "channel": Target(decoders.channel, decoders.CHANNEL_SEEDS),
    "order": Target(decoders.order, decoders.ORDER_SEEDS),
    "frames": Target(decoders.frames, [*decoders.FRAME_SEEDS, b"".join(decoders.FRAME_SEEDS[:5])]),
    "handshake": Target(decoders.handshake, decoders.HANDSHAKE_SEEDS),
    "requests": Target(server.requests, server.REQUEST_SEEDS),
    "redis": Target(decoders.redis, decoders.ENVELOPE_SEEDS),
    "json_connection": Target(connection.json_connection, _talks(decoders.JSON_SEEDS)),
    "protobuf_connection": Target(connection.protobuf_connection, _talks(decoders.PROTOBUF_SEEDS)),
}
