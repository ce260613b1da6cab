"""Node as a subprocess that runs one tab at a time (``tab.mjs``)."""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from offhook.dev.node import find_node
from tests.servers import ROOT

HERE = Path(__file__).parent


class Node:
    """One process. It does nothing on its own: it answers what it is told, and says what it wants of the world."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def tell(self, does: str, now: float, **what: Any) -> tuple[list[dict[str, Any]], float | None]:
        """Let something happen at *now* (milliseconds); what it wants, and when its next timer is due."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"does": does, "now": now, **what}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "Node has ended; what it said last is above"
        answer = json.loads(line)
        return answer["wants"], answer["due"]


def bundle() -> Path:
    """The views of the rows as a module for Node."""
    output = ROOT / "tests/apps/rows/.offhook/views.mjs"
    subprocess.run([find_node(), HERE / "bundle.mjs", output], check=True, timeout=60)
    return output


@contextmanager
def running(views: Path) -> Iterator[Node]:
    """A process, as long as the block runs. In development, so that React and Offhook say what they dislike."""
    command = [find_node(), HERE / "tab.mjs", views]
    env = {**os.environ, "NODE_ENV": "development"}
    with subprocess.Popen(
        command, cwd=ROOT, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield Node(process)
        assert process.stdin is not None
        process.stdin.close()
