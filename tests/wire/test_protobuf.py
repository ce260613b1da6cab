"""The Protobuf wire format, byte by byte."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given, strategies as st
from msgspec import Raw, Struct

from offhook.wire.codec import Malformed
from offhook.wire.protobuf import Data, Each, Flag, Integer, Map, Message, Text, decode_varint, encode_varint


class Leaf(Struct, frozen=True):
    text: str = ""
    number: int = 0


class Tree(Struct, frozen=True):
    leaf: Leaf | None = None
    leaves: Sequence[Leaf] = ()
    names: Mapping[str, Leaf] = {}
    data: Raw = Raw()
    flag: bool = False


LEAF = Message(Leaf, text=(1, Text()), number=(2, Integer(-(2**63), 2**63 - 1)))
TREE = Message(
    Tree, leaf=(1, LEAF), leaves=(2, Each(LEAF)), names=(3, Map(LEAF, Leaf())), data=(16, Data()), flag=(5, Flag())
)


@given(st.integers(0, 2**64 - 1))
def test_a_varint_is_what_was_written(value: int) -> None:
    assert decode_varint(b"x" + encode_varint(value) + b"y", 1) == (value, 1 + len(encode_varint(value)))


@pytest.mark.parametrize(
    ("data", "value"), [(b"\x00", 0), (b"\x80\x00", 0), (b"\xac\x02", 300), (b"\xff" * 9 + b"\x01", 2**64 - 1)]
)
def test_varints_of_the_specification(data: bytes, value: int) -> None:
    assert decode_varint(data, 0) == (value, len(data))


@pytest.mark.parametrize("data", [b"", b"\x80", b"\xff" * 9, b"\xff" * 9 + b"\x02", b"\x80" * 10 + b"\x00"])
def test_what_is_no_varint(data: bytes) -> None:
    with pytest.raises(Malformed):
        decode_varint(data, 0)


leaves = st.builds(Leaf, text=st.text(st.characters(codec="utf-8")), number=st.integers(-(2**63), 2**63 - 1))
trees = st.builds(
    Tree,
    leaf=st.none() | leaves,
    leaves=st.lists(leaves),
    names=st.dictionaries(st.text(st.characters(codec="utf-8")), leaves),
    data=st.binary(min_size=1).map(Raw),
    flag=st.booleans(),
)


@given(trees)
def test_what_was_written_is_read(tree: Tree) -> None:
    read = TREE.decode(TREE.content(tree))

    assert (read.leaf, list(read.leaves), read.names) == (tree.leaf, list(tree.leaves), tree.names)
    assert (bytes(read.data), read.flag) == (bytes(tree.data), tree.flag)


@pytest.mark.parametrize(
    ("data", "tree"),
    [
        (b"", Tree()),
        (b"\x0a\x00", Tree(leaf=Leaf())),
        # What comes twice: scalars are replaced, messages become one, maps and repeated fields grow.
        (b"\x28\x01\x28\x00", Tree(flag=False)),
        (b"\x0a\x03\x0a\x01a\x0a\x02\x10\x07", Tree(leaf=Leaf("a", 7))),
        (b"\x12\x00\x12\x02\x10\x01", Tree(leaves=[Leaf(), Leaf("", 1)])),
        (b"\x1a\x03\x0a\x01k\x1a\x07\x0a\x01k\x12\x02\x10\x05", Tree(names={"k": Leaf("", 5)})),
        (b"\x1a\x00", Tree(names={"": Leaf()})),
        (b"\x1a\x04\x12\x02\x10\x05", Tree(names={"": Leaf("", 5)})),
        # Fields that we do not know, of each wire type.
        (b"\x78\x80\x01\x79" + b"x" * 8 + b"\x7a\x01x\x7d" + b"x" * 4 + b"\x28\x02", Tree(flag=True)),
        (b"\x0a\x0b\x10" + b"\xff" * 9 + b"\x01", Tree(leaf=Leaf("", -1))),
    ],
)
def test_read(data: bytes, tree: Tree) -> None:
    assert TREE.decode(data) == tree


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"\x0a", "a number"),
        (b"\x0a\x01", "a length"),
        (b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "a length"),
        (b"\x0a\x02\x0a\x05", "a length"),
        (b"\x28\x80", "a number"),
        (b"\x28" + b"\x80" * 10 + b"\x01", "a number"),
        (b"\x79x", "a length"),
        (b"\x7dxxx", "a length"),
        (b"\x08\x01", "leaf has another wire type"),
        (b"\x2a\x00", "flag has another wire type"),
        (b"\x00\x01", "a field number"),
        (b"\x80\x80\x80\x80\x10\x01", "a field number"),
        (b"\x0b\x0c", "an unknown wire type"),
        (b"\x7b\x7c", "an unknown wire type"),
        (b"\x0e", "an unknown wire type"),
        (b"\x0a\x03\x0a\x01\xff", "utf-8"),
        (b"\x0a\x05\x0a\x03\xed\xa0\x80", "utf-8"),
        (b"\x1a\x03\x0a\x01\xff", "utf-8"),
    ],
)
def test_malformed(data: bytes, why: str) -> None:
    with pytest.raises(Malformed, match=why):
        TREE.decode(data)


@pytest.mark.parametrize("value", [2**32, -1])
def test_a_number_out_of_its_range_is_malformed(value: int) -> None:
    with pytest.raises(Malformed):
        Integer(0, 2**32 - 1).decode(value & 2**64 - 1, None)


@pytest.mark.parametrize("part", [b"\x0a\x00", b"\x1a\x03\x0a\x01k", b"\x12\x00", b"\x28\x01"])
def test_a_field_repeated_without_end_takes_linear_time(part: bytes) -> None:
    assert TREE.decode(part * 20000)


def test_as_many_distinct_keys_as_fit() -> None:
    def entry(number: int) -> bytes:
        return b"\x1a\x07\x0a\x05%05d" % number

    assert len(TREE.decode(b"".join(map(entry, range(20000)))).names) == 20000


@given(st.binary(max_size=60))
def test_nothing_but_malformed_is_raised(data: bytes) -> None:
    result: Any
    try:
        result = TREE.decode(data)
    except Malformed:
        return
    assert isinstance(result, Tree)
