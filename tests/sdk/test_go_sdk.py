"""The official Go SDK, unchanged, against ``offhook serve``, in both codecs; one line says where Go is missing."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from offhook.testing.proxy import FaultProxy
from tests.sdk.conftest import Servers
from tests.servers import ROOT


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program of ``tests/sdk/go``, built."""
    go = shutil.which("go") or shutil.which("go", path="/usr/local/go/bin")
    if go is None:
        pytest.skip("Go is missing: tests/sdk/test_go_sdk.py needs go 1.25 or newer on PATH")
    built = tmp_path_factory.mktemp("go") / "sdk"
    subprocess.run([go, "build", "-o", built, "."], cwd=ROOT / "tests/sdk/go", check=True, timeout=300)
    return built


@pytest.mark.parametrize("codec", ["json", "protobuf"])
def test_joins_raw_payloads_history_presence_and_recovery(program: Path, servers: Servers, codec: str) -> None:
    first, _ = servers
    with FaultProxy(first.port) as proxy:
        url = f"ws://127.0.0.1:{proxy.port}/connection/websocket"
        command = [str(program), url, codec]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            try:
                assert _step(process, "hall") == {"present": 2, "last": ["leave"]}
                raw = _step(process, "raw")
                assert raw["received"] == raw["history"] == raw["sent"]
                proxy.cut()
                print("cut", file=process.stdin, flush=True)
                with subprocess.Popen(
                    [program, first.url.replace("http", "ws") + "/connection/websocket", codec],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                ) as other:
                    _step(other, "hall")
                    _step(other, "raw")
                    other.kill()
                proxy.heal()
                assert _step(process, "recovered") == {"recovered": [True], "missed": raw["sent"][:1]}
            finally:
                process.kill()


def _step(process: "subprocess.Popen[str]", name: str) -> Any:
    assert process.stdout is not None
    said = json.loads(process.stdout.readline())
    assert said["step"] == name
    return said["details"]
