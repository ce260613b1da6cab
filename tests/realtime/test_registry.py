"""From names to channels, and what their handlers look like."""

from typing import Any

import pytest

from offhook.base.errors import NotFound, Unauthorized, UsageError
from offhook.realtime.channel import Channel
from offhook.realtime.client import Client
from offhook.realtime.registry import Registry
from offhook.testing.clock import run
from tests.realtime.peers import News, Room


class Lobby(Channel[int], pattern="room:lobby"):
    pass


class SyncHandler(Channel[int], pattern="sync"):
    def on_subscribe(self, client: Client[Any]) -> None: ...


class OtherNames(Channel[int], pattern="other"):
    async def on_publish(self, client: Client[Any], message: int) -> int:
        return message


class Unreadable(Channel[int], pattern="unreadable"):
    async def on_publish(self, client: Client[Any], data: complex) -> int:
        return 1


def test_a_name_is_found_by_its_pattern() -> None:
    registry = Registry([News, Room])

    found = registry.find("room:a")
    assert (found.name, found.channel, found.rules.channel) == ("room:a", Room(name="a"), Room)
    with pytest.raises(NotFound):
        registry.find("room")


@pytest.mark.parametrize(
    ("channels", "complaint"),
    [
        ([Room, Lobby], "begin them differently"),
        ([Room, Room], "begin them differently"),
        ([SyncHandler], r"async def on_subscribe\(self, client\)"),
        ([OtherNames], r"async def on_publish\(self, client, data\)"),
        ([Unreadable], "cannot be read from JSON"),
    ],
)
def test_channels_that_do_not_fit(channels: list[type[Channel[Any]]], complaint: str) -> None:
    with pytest.raises(UsageError, match=complaint):
        Registry(channels)


def test_a_channel_of_another_application() -> None:
    with pytest.raises(UsageError, match="add Lobby to channels"):
        Registry([News]).rules(Lobby)


class Signed(Channel[int], pattern="signed"):
    async def on_subscribe(self, client: Client[str]) -> None: ...


class Bare(Channel[int], pattern="bare"):
    async def on_subscribe(self, client: Client) -> None: ...  # type: ignore[type-arg]


class Open(Channel[int], pattern="open"):
    async def on_subscribe(self, client: Client[str | None]) -> None: ...


@pytest.mark.parametrize(("name", "welcome"), [("signed", False), ("bare", False), ("open", True)])
def test_the_annotation_says_whether_somebody_has_to_be_signed_in(name: str, welcome: bool) -> None:
    found = Registry([Signed, Bare, Open]).find(name)

    async def ask(client: Client[str | None]) -> None:
        await found.rules.subscribe(found.channel, client)

    run(ask(Client("c", "ann", "Ann")))
    if welcome:
        run(ask(Client("c", "", None)))
    else:
        with pytest.raises(Unauthorized):
            run(ask(Client("c", "", None)))
