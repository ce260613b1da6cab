"""nginx with the configuration of ``examples/deploy``, in a folder of its own and on free ports."""

import subprocess
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from offhook.testing.ports import free_port
from tests.server.certificates import Certificate, make
from tests.servers import DEADLINE, ROOT

SITE = ROOT / "examples/deploy/nginx.conf"
_AROUND = """
daemon off;
master_process off;
pid nginx.pid;
error_log stderr notice;
events {}
http {
    access_log off;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    server_names_hash_bucket_size 128;
    include site.conf;
}
"""


class Nginx:
    """From ``__enter__`` to ``__exit__``; the application serves on ``uds``.

    :param servers: sockets of several servers instead, which get the requests in turn.
    :param prefix: where the application is mounted, such as ``/shop``.
    :param strips: whether the prefix is removed before a request is passed on.
    """

    def __init__(
        self, folder: Path, servers: Sequence[Path] = (), prefix: str = "", *, strips: bool = False
    ) -> None:
        self._prefix, self._strips = prefix, strips
        self.uds = folder / "book.sock"
        self._servers = servers or [self.uds]
        self.port, self.plain_port = free_port(), free_port()
        self.url = f"https://localhost:{self.port}"
        self.certificate: Certificate = make(folder)
        self._folder = folder
        (folder / "nginx.conf").write_text(_AROUND)
        (folder / "site.conf").write_text(self._site())

    def _site(self) -> str:
        """The configuration as it is, with the places of this machine."""
        text = SITE.read_text()
        servers = [f"server unix:{server};" for server in self._servers]
        # A connection that nginx keeps would still lead to a server that was replaced.
        kept = [] if len(servers) > 1 else ["keepalive 32;"]
        for theirs, ours in (
            ("listen 80;", f"listen 127.0.0.1:{self.plain_port};"),
            ("listen 443 ssl http2;", f"listen 127.0.0.1:{self.port} ssl http2;"),
            ("server unix:/run/book/book.sock;\n    keepalive 32;", "\n    ".join([*servers, *kept])),
            ("/etc/ssl/private/book.crt", str(self.certificate.cert)),
            ("/etc/ssl/private/book.key", str(self.certificate.key)),
        ):
            assert text.count(theirs) == 1
            text = text.replace(theirs, ours)
        for path in ("/", "/connection/") if self._prefix else ():
            below = path if self._strips else ""
            before, place, after = text.partition(f"location {path} {{")
            assert place
            after = after.replace("http://book;", f"http://book{below};", 1)
            text = f"{before}location {self._prefix}{path} {{{after}"
        return text

    def __enter__(self) -> Self:
        command = ["nginx", "-p", str(self._folder), "-c", "nginx.conf", "-e", "stderr"]
        self._process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        assert self._process.stderr is not None
        said = ""
        while "event method" not in (line := self._process.stderr.readline()):
            said += line
            assert line, said
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.communicate(timeout=DEADLINE)
