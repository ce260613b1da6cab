"""Servers in which one rule is broken. The simulation has to find each of them."""

import asyncio
import json
import re
from typing import Any

from offhook.base.errors import BrokerError
from offhook.base.types import AsgiApp, AsgiMessage, Receive, Scope, Send
from offhook.brokers.base import Broker, HistoryPage
from offhook.testing.faults import FaultyBroker
from offhook.wire.position import Position
from offhook.wire.publication import Publication
from tests.apps.rows.channels import Row
from tests.apps.rows.store import Store

_PAGE = re.compile(rb'(<script type="application/json" id="offhook-page">)(.*?)(</script>)', re.DOTALL)


class PositionsAfterTheLoader:
    """An App whose answers carry the positions of the moment at which they are finished."""

    def __init__(self, app: AsgiApp, broker: Broker) -> None:
        self._app = app
        self._broker = broker

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        sent: list[AsgiMessage] = []

        async def keep(message: AsgiMessage) -> None:
            sent.append(message)

        await self._app(scope, receive, keep)
        body = await self._placed(b"".join(each.get("body", b"") for each in sent[1:]))
        headers = [(name, value) for name, value in sent[0]["headers"] if name != b"content-length"]
        await send({**sent[0], "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _placed(self, body: bytes) -> bytes:
        document = _PAGE.search(body)
        try:
            answer = json.loads(document[2] if document else body)
        except ValueError:
            return body
        try:
            [now] = await self._broker.positions(["rows"])
        except BrokerError:
            return body  # the server has ended since
        for entries in answer.get("live", {}).values():
            for entry in entries:
                entry |= {"offset": now.offset, "epoch": now.epoch}
        placed = json.dumps(answer).encode()
        return body[: document.start(2)] + placed + body[document.end(2) :] if document else placed


class ShortHistory(FaultyBroker):
    """A broker whose history lacks the newest publication, and that does not know it."""

    async def history(self, channel: str, *, since: Position | None = None, **options: Any) -> HistoryPage:
        page = await super().history(channel, since=since, **options)
        if since is None or not page.publications:
            return page
        *publications, _ = page.publications
        top = Position(page.position.offset - 1, page.position.epoch)
        return HistoryPage(tuple(publications), top)


class DroppedPublications(FaultyBroker):
    """A broker that forgets every tenth publication, and says that it has it."""

    _count = 0

    async def publish(self, channel: str, publication: Publication, **options: Any) -> Position:
        self._count += 1
        if self._count % 10:
            return await super().publish(channel, publication, **options)
        [position] = await self.positions([channel])
        return position


class SilentFailures(FaultyBroker):
    """A broker that fails to publish and goes on under the same epoch."""

    async def publish(self, channel: str, publication: Publication, **options: Any) -> Position:
        if "publish" in self._failing:
            await self._fault("publish", channel)
        return await self.inner.publish(channel, publication, **options)


class CommitAfterPublish(Store):
    """A table whose rows are there only a while after they were written, and published."""

    def write(self, row_id: int, text: str) -> Row:
        known = {row.id: row.rev for row in self.rows()}
        asyncio.get_running_loop().call_later(2, super().write, row_id, text)
        return Row(row_id, text, known.get(row_id, 0) + 1)
