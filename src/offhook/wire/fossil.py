"""Fossil deltas: what makes a *target* out of a *source* that the client has already (protocol §11).

A delta is the target's size, then copies out of the source and literals, then a checksum:
``SIZE\\n (N@O, | N:literal)* C;``, with numbers in base 64.

The encoder knows the source by its blocks of sixteen bytes, and rolls a window of that size over the target. The
window is looked up in a ``dict`` as it is: the interpreter's hash of a slice takes less time than one step of a
rolling sum written in Python, and nobody who publishes can prepare collisions of it. A match is grown both ways.
Each byte of the target is compared a bounded number of times, whatever it is.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

_WINDOW = 16
_DIGITS = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz~"
_VALUES = {digit: value for value, digit in enumerate(_DIGITS)}
_CHUNK = 256
"""Bytes that are compared at once."""
_CUT = 3
"""Continuation bytes of the longest character (RFC 3629, section 3). What is left of a window is worth a copy."""


class BadDelta(ValueError):
    """This is no delta, or not one of this source."""


@dataclass(frozen=True, slots=True)
class _Copy:
    """``target[to : to + size]`` is ``source[at : at + size]``."""

    at: int
    to: int
    size: int

    @property
    def end(self) -> int:
        """Where it ends in the target."""
        return self.to + self.size


def create_delta(source: bytes, target: bytes) -> bytes:
    """The delta that makes *target* out of *source*; valid UTF-8 where *target* is.

    It may be longer than *target*: sending that instead is the caller's choice.
    """
    found = [_number(len(target)), b"\n"]
    done = 0
    for copy in _copies(source, target):
        found.append(_literal(target[done : copy.to]))
        found.append(b"%b@%b," % (_number(copy.size), _number(copy.at)))
        done = copy.end
    found.append(_literal(target[done:]))
    found.append(b"%b;" % _number(_checksum(target)))
    return b"".join(found)


def _copies(source: bytes, target: bytes) -> Iterator[_Copy]:
    """What of *target* stands in *source* too, in order and without an overlap."""
    blocks = {
        source[at : at + _WINDOW]: at for at in range(len(source) // _WINDOW * _WINDOW - _WINDOW, -1, -_WINDOW)
    }
    last = len(target) - _WINDOW if blocks else -1
    done = to = 0
    while to <= last:
        at = blocks.get(target[to : to + _WINDOW])
        if at is None:
            to += 1
            continue
        copy = _cut(_grow(source, target, _Copy(at, to, _WINDOW), done), target)
        yield copy
        done = to = copy.end


def _grow(source: bytes, target: bytes, copy: _Copy, done: int) -> _Copy:
    """*copy* with all that is equal before and behind it; *done* bytes of the target are copied already."""
    before, most = 0, min(copy.at, copy.to - done)
    while before < most and source[copy.at - before - 1] == target[copy.to - before - 1]:
        before += 1
    behind = _equal(source, copy.at + copy.size, target, copy.end)
    return _Copy(copy.at - before, copy.to - before, before + copy.size + behind)


def _equal(source: bytes, at: int, target: bytes, to: int) -> int:
    """How many bytes are equal from these two places on."""
    most = min(len(source) - at, len(target) - to)
    for equal in range(0, most, _CHUNK):
        ours, theirs = _chunk(source, at + equal), _chunk(target, to + equal)
        if ours != theirs:
            pairs = enumerate(zip(ours, theirs, strict=False))
            return equal + next((count for count, (a, b) in pairs if a != b), most - equal)
    return most


def _chunk(text: bytes, at: int) -> bytes:
    return text[at : at + _CHUNK]


def _cut(copy: _Copy, target: bytes) -> _Copy:
    """*copy* without the parts of characters at its ends, so that the literals beside it hold whole ones."""
    start, end = copy.to, copy.end
    while start < copy.to + _CUT and _continues(target, start):
        start += 1
    while end > copy.end - _CUT and _continues(target, end):
        end -= 1
    return _Copy(copy.at + start - copy.to, start, end - start)


def _continues(text: bytes, at: int) -> bool:
    return at < len(text) and text[at] & 0xC0 == 0x80


def _literal(text: bytes) -> bytes:
    return b"%b:%b" % (_number(len(text)), text) if text else b""


def _number(value: int) -> bytes:
    found = bytearray()
    while True:
        found.append(_DIGITS[value & 63])
        value >>= 6
        if not value:
            return bytes(reversed(found))


def _checksum(text: bytes | bytearray) -> int:
    """The sum of the big-endian words of four bytes, the last one filled up with zeros."""
    words = -(-len(text) // 4)
    total: int = sum(struct.unpack(f">{words}I", text.ljust(words * 4, b"\0")))
    return total & 0xFFFFFFFF


def apply_delta(source: bytes, delta: bytes) -> bytes:
    """The target that *delta* makes out of *source*. Memory and time stay within the size that it states.

    :raises BadDelta: it is no delta, or not one of *source*.
    """
    size, sign, at = _take_number(delta, 0)
    if sign != b"\n":
        raise BadDelta("a delta begins with a size")
    target = bytearray()
    while True:
        number, sign, at = _take_number(delta, at)
        if sign == b";":
            break
        if sign == b"@":
            begin, comma, at = _take_number(delta, at)
            part = source[begin : begin + number] if comma == b"," else b""
        else:
            part = delta[at : at + number] if sign == b":" else b""
            at += number
        if not number or len(part) != number or len(target) + number > size:
            raise BadDelta("an operation that cannot be done")
        target += part
    if at != len(delta) or len(target) != size or _checksum(target) != number:
        raise BadDelta("the target is another one")
    return bytes(target)


def _take_number(delta: bytes, at: int) -> tuple[int, bytes, int]:
    """The number at *at*, the byte behind it, and where that ends."""
    value, start = 0, at
    while at < len(delta) and at < start + 8 and delta[at] in _VALUES:
        value = value << 6 | _VALUES[delta[at]]
        at += 1
    if at == start:
        raise BadDelta("a number is missing")
    return value, delta[at : at + 1], at + 1
