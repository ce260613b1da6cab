"""TLS: pages, lines and sockets over it, and what is said about files that do not fit."""

import json
from pathlib import Path

import pytest
from websockets.sync.client import connect

from offhook.base.errors import UsageError
from offhook.server.settings import Settings
from tests.server.certificates import Certificate, make
from tests.server.raw import RawClient
from tests.servers import Server


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make(tmp_path_factory.mktemp("tls"))


def test_lines_and_sockets_go_over_tls(certificate: Certificate) -> None:
    files = ["--ssl-certfile", str(certificate.cert), "--ssl-keyfile", str(certificate.key)]
    with Server("tests.server.applications:schemes", options=files) as server:
        assert f"Serving https://127.0.0.1:{server.port} " in server.log
        url = f"wss://localhost:{server.port}/"
        with connect(url, ssl=certificate.trust()) as socket:
            assert json.loads(socket.recv()) == ["wss", "localhost"]
            socket.send("x" * 200_000)
            assert socket.recv() == "x" * 200_000


def test_who_connects_and_says_nothing_is_cut_off(certificate: Certificate) -> None:
    files = ["--ssl-certfile", str(certificate.cert), "--ssl-keyfile", str(certificate.key)]
    with (
        Server("tests.server.applications:schemes", options=[*files, "--limit-head-time", "0.2"]) as server,
        RawClient(server.port) as silent,
    ):
        assert silent.rest() == b""


def test_a_password_opens_the_key(tmp_path: Path) -> None:
    locked = make(tmp_path, "locked", "open sesame")
    settings = Settings(
        ssl_certfile=str(locked.cert), ssl_keyfile=str(locked.key), ssl_keyfile_password="open sesame"
    )
    assert settings.tls() is not None


def test_clients_may_have_to_show_a_certificate(certificate: Certificate) -> None:
    cert, key = str(certificate.cert), str(certificate.key)
    settings = Settings(
        ssl_certfile=cert, ssl_keyfile=key, ssl_ca_certs=cert, ssl_cert_reqs=2, ssl_ciphers="ECDHE"
    )
    context = settings.tls()
    assert context is not None
    assert (context.verify_mode, len(context.get_ca_certs())) == (2, 1)


def test_what_does_not_fit_is_said(certificate: Certificate, tmp_path: Path) -> None:
    other, locked = make(tmp_path, "other"), make(tmp_path, "locked", "open sesame")
    text = tmp_path / "text.pem"
    text.write_text("no certificate")
    cert, key = str(certificate.cert), str(certificate.key)
    for settings, complaint in (
        (Settings(ssl_certfile=cert, ssl_keyfile=str(other.key)), "key values mismatch"),
        (Settings(ssl_certfile=str(tmp_path / "gone")), "no such file or directory"),
        (Settings(ssl_certfile=str(text), ssl_keyfile=key), "text.pem, .*: no pem, or locked"),
        (Settings(ssl_certfile=str(locked.cert), ssl_keyfile=str(locked.key)), "no pem, or locked by another"),
        (Settings(ssl_certfile=cert, ssl_keyfile=key, ssl_ca_certs=str(text)), "cannot serve TLS with .*: "),
        (Settings(ssl_certfile=cert, ssl_keyfile=key, ssl_ciphers="none"), "no cipher can be selected"),
        (Settings(ssl_keyfile=key), "TLS needs --ssl-certfile"),
        (Settings(ssl_ca_certs=cert), "TLS needs --ssl-certfile"),
    ):
        with pytest.raises(UsageError, match=complaint):
            settings.tls()
