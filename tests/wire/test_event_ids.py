"""Where a client of server-sent events stands, as its ids say."""

import json

import pytest

from offhook.wire.event_ids import EventIds, positions_of
from offhook.wire.position import Position


def _id(ids: EventIds, **push: object) -> str | None:
    event_id = ids.after(json.dumps(push).encode())
    return None if event_id is None else event_id.decode()


def _publication(ids: EventIds, channel: str, offset: int) -> str | None:
    return _id(ids, channel=channel, pub={"data": 1, "offset": offset})


def test_each_event_that_moves_a_position_has_an_id_with_all_positions() -> None:
    ids = EventIds()
    past = [{"offset": 3, "data": 1}, {"offset": 4, "data": 1}]
    subs = {"a": {"epoch": "e", "offset": 2, "publications": past}, "plain": {}}
    told = _id(ids, connect={"subs": subs})
    assert positions_of(told or "") == {"a": Position(4, "e")}
    assert positions_of(_id(ids, channel="b", subscribe={"epoch": "f", "offset": 7}) or "") == {
        "a": Position(4, "e"),
        "b": Position(7, "f"),
    }
    assert positions_of(_publication(ids, "a", 5) or "")["a"] == Position(5, "e")
    assert positions_of(_id(ids, channel="b", unsubscribe={"code": 2000}) or "") == {"a": Position(5, "e")}
    assert [_publication(ids, "b", 8), _publication(ids, "a", 0), _id(ids)] == [None, None, None]


def test_an_id_that_is_too_long_for_a_head_is_empty() -> None:
    subs = {f"{number}:" + "x" * 200: {"epoch": "e"} for number in range(100)}
    assert _id(EventIds(), connect={"subs": subs}) == ""


@pytest.mark.parametrize("event_id", ["", "nonsense", "é", "W10=", "eyJhIjoxfQ==", "eyJhIjpbLTEsImUiXX0="])
def test_an_id_of_another_form_says_nothing(event_id: str) -> None:
    assert positions_of(event_id) == {}
