"""The outcome of ``bench live``, without its clock: what each way of following a change costs a viewer."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from bench.live import compare
from tests.servers import Server


def test_a_change_costs_no_request_by_reducer_and_one_otherwise(
    build: Callable[[str], None], tmp_path: Path
) -> None:
    build("examples.chat.app:app")
    database = f"sqlite+aiosqlite:///{tmp_path}/chat.sqlite3"
    with Server("examples.chat.app:app", CHAT_DATABASE=database) as server:
        costs = asyncio.run(compare(server.port, viewers=5, changes=3))

    assert {name: cost.requests for name, cost in costs.items()} == {
        "reducer": 0,
        "revalidation": 1,
        "document": 1,
    }
    assert costs["reducer"].bytes < 200 < costs["revalidation"].bytes < costs["document"].bytes
