"""Random inputs: what a decoder accepts, damaged a little."""

from collections.abc import Callable, Sequence
from random import Random
from typing import TypeAlias

_LONGEST = 4096
_AWKWARD = (
    b"\x00",
    b"\xff" * 9 + b"\x01",  # the longest number of Protobuf
    b"\x80" * 11,
    b"\xed\xa0\x80",  # half of a pair of surrogates, which is no character
    b"\xf0\x9f\x8e\x88",
    b"\\ud800",
    b"null",
    b"-1",
    b"1e999",
    b"18446744073709551616",
    b"[" * 2000,
    b'{"a":' * 1000,
    b"\n",
    b'"',
)

Mutation: TypeAlias = Callable[[Random, bytes, Sequence[bytes]], bytes]


def mutated(random: Random, seeds: Sequence[bytes]) -> bytes:
    """One of *seeds* after some mutations."""
    data = random.choice(seeds)
    for _ in range(random.randint(0, 6)):
        data = random.choice(_MUTATIONS)(random, data, seeds)
    return data[:_LONGEST]


def _span(random: Random, data: bytes) -> tuple[int, int]:
    """A short part of *data*, which may be empty."""
    start = random.randint(0, len(data))
    return start, min(len(data), start + random.choice((0, 1, 2, 4, 16, 64)))


def _flip(random: Random, data: bytes, seeds: Sequence[bytes]) -> bytes:
    changed = bytearray(data or b"\0")
    changed[random.randrange(len(changed))] ^= 1 << random.randrange(8)
    return bytes(changed)


def _cut(random: Random, data: bytes, seeds: Sequence[bytes]) -> bytes:
    start, end = _span(random, data)
    return data[:start] + data[end:]


def _repeat(random: Random, data: bytes, seeds: Sequence[bytes]) -> bytes:
    start, end = _span(random, data)
    return data[:end] + data[start:end] * random.choice((1, 2, 100)) + data[end:]


def _replace(random: Random, data: bytes, seeds: Sequence[bytes]) -> bytes:
    start, end = _span(random, data)
    return data[:start] + random.choice((*_AWKWARD, random.randbytes(random.randint(1, 8)))) + data[end:]


def _splice(random: Random, data: bytes, seeds: Sequence[bytes]) -> bytes:
    other = random.choice(seeds)
    start, end = _span(random, other)
    at = random.randint(0, len(data))
    return data[:at] + random.choice((other[start:end], other[start:], other)) + data[at:]


_MUTATIONS: Sequence[Mutation] = (_flip, _cut, _repeat, _replace, _splice)
