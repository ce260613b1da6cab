"""Both servers on one port: ``python -m examples.remix_app [--port 8000] [--dev]``.

With ``--dev`` Vite serves the application and updates its pages in place.
"""

import argparse
import os
import secrets
import socket
import subprocess
from collections.abc import Sequence
from pathlib import Path

from offhook.cli import main
from offhook.dev.node import find_node

HERE = Path(__file__).parent


def free_port() -> str:
    """A port for the server behind."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


def command(tool: str, *arguments: str) -> Sequence[str]:
    """One of the application's own tools."""
    return [str(find_node()), str(HERE / "node_modules/.bin" / tool), *arguments]


def run(port: str, *, dev: bool) -> None:
    """Serve until Ctrl-C."""
    behind = free_port()
    key = secrets.token_urlsafe(32)
    os.environ |= {"REMIX_URL": f"http://127.0.0.1:{behind}", "OFFHOOK_API_KEY": key, "INSECURE_COOKIE": "1"}
    env = {**os.environ, "OFFHOOK_API": f"http://127.0.0.1:{port}/api", "HOST": "127.0.0.1", "PORT": behind}
    if dev:
        serving = command("react-router", "dev", "--host", "127.0.0.1", "--port", behind, "--strictPort")
    else:
        subprocess.run(command("react-router", "build"), cwd=HERE, check=True)
        serving = command("react-router-serve", "build/server/index.js")
    with subprocess.Popen(serving, cwd=HERE, env=env) as remix:
        try:
            main(["serve", "examples.remix_app.app:app", "--port", port], standalone_mode=False)
        finally:
            remix.terminate()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="examples.remix_app")
    parser.add_argument("--port", default="8000")
    parser.add_argument("--dev", action="store_true")
    chosen = parser.parse_args()
    run(chosen.port, dev=chosen.dev)
