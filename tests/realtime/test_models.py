"""Channels whose payloads are models of pydantic's."""

from typing import Any

import pytest
from pydantic import BaseModel, Field

from offhook.base.errors import UsageError
from offhook.brokers.base import History
from offhook.realtime.channel import Channel
from offhook.realtime.client import Client
from offhook.testing.clock import run
from tests.realtime.peers import connected, running


class Said(BaseModel):
    id: int = Field(alias="saidId")
    text: str = "hello"


class Saying(BaseModel):
    text: str = Field(min_length=1)


class Refused(BaseModel):
    reason: str


class Talk(Channel[Said], pattern="talk", history=History(10, "1m"), key="saidId", without_subscription=("call",)):
    async def on_subscribe(self, client: Client[Any]) -> None: ...

    async def on_publish(self, client: Client[Any], data: Saying) -> Said:
        return Said(saidId=1, text=data.text)

    async def on_call(self, client: Client[Any], data: Saying) -> Said | Refused:
        return Refused(reason=data.text) if data.text == "no" else Said(saidId=2)


def test_what_comes_in_is_validated_and_what_goes_out_is_the_models_json() -> None:
    async def scenario() -> None:
        async with running(Talk) as (engine, _):
            peer = await connected(engine)
            await peer.subscribe("talk")
            assert await peer.ask(publish={"channel": "talk", "data": {"text": ""}}) == {"error": 107}
            assert await peer.ask(publish={"channel": "talk", "data": {"text": "hi"}}) == {}
            history = await peer.ask(history={"channel": "talk", "limit": 1})
            assert history["publications"][0]["data"] == {"saidId": 1, "text": "hi"}

    run(scenario())


@pytest.mark.parametrize(
    ("data", "answer"),
    [
        ({"text": "no"}, {"data": {"reason": "no"}}),
        ({"text": "yes"}, {"data": {"saidId": 2, "text": "hello"}}),
        ({}, {"error": 107}),
    ],
)
def test_a_call_takes_a_model_and_answers_one_of_several(data: Any, answer: Any) -> None:
    async def scenario() -> None:
        async with running(Talk) as (engine, _):
            peer = await connected(engine)
            assert await peer.ask(rpc={"method": "talk", "data": data}) == answer

    run(scenario())


def test_the_application_publishes_models_and_nothing_else() -> None:
    async def scenario() -> None:
        async with running(Talk) as (engine, _):
            await engine.line.publish(Talk(), Said(saidId=1))
            with pytest.raises(UsageError, match="expected a payload of type Said, got Saying"):
                await engine.line.publish(Talk(), Saying(text="a"))  # type: ignore[misc]

    run(scenario())
