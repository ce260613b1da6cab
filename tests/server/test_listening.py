"""The sockets: what is in the way, and what is left behind."""

import os
import socket
from pathlib import Path

import pytest

from offhook.base.errors import UsageError
from offhook.server.listening import address, listen, listening
from offhook.server.settings import Settings


def test_a_unix_socket_is_there_and_gone_afterwards(tmp_path: Path) -> None:
    path = tmp_path / "app.sock"
    settings = Settings(uds=str(path))
    with listening(settings) as [[bound]]:
        assert address(settings, [bound]) == f"unix:{path}"
        assert path.stat().st_mode & 0o777 == 0o660
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(path))
    assert not path.exists()


def test_its_permissions_can_be_chosen(tmp_path: Path) -> None:
    path = tmp_path / "app.sock"
    with listening(Settings(uds=str(path), uds_mode=0o600), 2) as shares:
        assert path.stat().st_mode & 0o777 == 0o600
        assert shares[0] == shares[1]


def test_the_socket_of_a_server_that_was_killed_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "app.sock"
    with socket.socket(socket.AF_UNIX) as killed:
        killed.bind(str(path))
    assert path.exists()
    with listening(Settings(uds=str(path))), socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))


def test_one_that_is_used_is_not(tmp_path: Path) -> None:
    path = tmp_path / "app.sock"
    with listening(Settings(uds=str(path))):
        with pytest.raises(UsageError, match=r"cannot serve on .*app\.sock: address already in use"):
            listening(Settings(uds=str(path))).__enter__()
        assert path.exists()


def test_what_another_server_put_there_meanwhile_stays(tmp_path: Path) -> None:
    path = tmp_path / "app.sock"
    with listening(Settings(uds=str(path))), socket.socket(socket.AF_UNIX) as other:
        path.rename(tmp_path / "old.sock")
        other.bind(str(path))
    assert path.exists()


@pytest.mark.parametrize(
    ("name", "complaint"),
    [("file", "file exists"), ("gone/app.sock", "no such file or directory"), ("x" * 200, "path too long")],
)
def test_what_is_in_its_way_is_said_and_left_alone(tmp_path: Path, name: str, complaint: str) -> None:
    (tmp_path / "file").write_text("something of somebody's")
    with pytest.raises(UsageError, match=f"cannot serve on .*: .*{complaint}"):
        listening(Settings(uds=str(tmp_path / name))).__enter__()
    assert (tmp_path / "file").read_text() == "something of somebody's"


def test_a_host_that_is_not_this_machine_is_refused() -> None:
    with pytest.raises(UsageError, match=r"cannot serve on 192\.0\.2\.1:0: cannot assign requested address"):
        listen("192.0.2.1", 0)
    for name in ("no such host", ".", "x" * 100):
        with pytest.raises(UsageError, match=f"cannot serve on {name}:0: "):
            listen(name, 0)


def test_an_address_can_be_typed_into_a_browser() -> None:
    [bound] = listen("::1", 0)
    with bound:
        port = bound.getsockname()[1]
        assert address(Settings(host="::1"), [bound]) == f"http://[::1]:{port}"
        assert address(Settings(host="a.example", ssl_certfile="x"), [bound]) == f"https://a.example:{port}"


def test_each_process_has_a_queue_of_its_own_on_one_address() -> None:
    with listening(Settings(host="localhost", port=0), 3) as shares:
        assert len({tuple(each.fileno() for each in share) for share in shares}) == 3
        assert len({each.getsockname()[1] for share in shares for each in share}) == 1
    assert all(each.fileno() == -1 for share in shares for each in share)


def test_a_queue_of_somebody_else_is_not_joined() -> None:
    with listening(Settings(port=0), 2) as [[bound], _]:
        port = bound.getsockname()[1]
        with pytest.raises(UsageError, match=f"cannot serve on 127.0.0.1:{port}: address already in use"):
            listening(Settings(port=port), 2).__enter__()


def test_where_queues_are_not_filled_evenly_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "darwin")
    with listening(Settings(port=0), 2) as [first, second]:
        assert first == second


def test_nobody_comes_in_before_the_permissions_are_right(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        with listening(Settings(uds=str(tmp_path / "app.sock"))):
            assert os.umask(0) == 0
    finally:
        os.umask(before)
