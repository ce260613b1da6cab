"""An HTTP client that counts every byte: one connection, kept open, one request at a time (RFC 9112)."""

import asyncio
from dataclasses import dataclass, field


@dataclass(slots=True)
class Traffic:
    """What one viewer has cost so far."""

    requests: int = 0
    bytes: int = 0


@dataclass(slots=True)
class Http:
    """Requests to ``127.0.0.1:port``."""

    port: int
    traffic: Traffic = field(default_factory=Traffic)
    cookie: str = ""
    _streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def get(self, path: str) -> bytes:
        """The content at *path*."""
        status, _, content = await self.request("GET", path)
        assert status == 200, f"{path}: {status}"
        return content

    async def request(self, method: str, path: str, form: str = "") -> tuple[int, dict[str, str], bytes]:
        """Status, headers and content."""
        head = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{self.port}", f"Cookie: {self.cookie}"]
        if method == "POST":
            head += ["Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(form)}"]
        reader, writer = await self._connected()
        sent = "\r\n".join([*head, "", form]).encode()
        writer.write(sent)
        raw = await reader.readuntil(b"\r\n\r\n")
        line, *fields = raw.decode("latin-1").strip().split("\r\n")
        headers = {name.lower(): value for name, _, value in (each.partition(": ") for each in fields)}
        content = await reader.readexactly(int(headers.get("content-length", 0)))
        self.traffic.requests += 1
        self.traffic.bytes += len(sent) + len(raw) + len(content)
        return int(line.split()[1]), headers, content

    async def _connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._streams is None or self._streams[0].at_eof():
            self.close()
            self._streams = await asyncio.open_connection("127.0.0.1", self.port)
        return self._streams

    def close(self) -> None:
        """End the connection."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None
