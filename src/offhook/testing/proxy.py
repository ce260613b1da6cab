"""A TCP proxy on loopback that misbehaves on demand: what a bad network does to a line.

It runs in a thread of its own, so that a blocking test (a browser's driver, say) can use it::

    with FaultProxy(server_port) as proxy:
        page.goto(f"http://127.0.0.1:{proxy.port}/")
        proxy.cut()           # every connection ends now, new ones are refused
        ...
        proxy.heal()
"""

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self, TypeAlias

_CHUNK = 64 * 1024
_AHEAD = 64
"""Chunks on their way in one direction."""
_AT_ONCE = struct.pack("ii", 1, 0)
"""SO_LINGER for a connection that ends with RST instead of FIN."""


@dataclass(eq=False, slots=True)
class _Pair:
    """One client's connection and ours to the server behind it."""

    client: asyncio.StreamWriter
    server: asyncio.StreamWriter
    flowing: asyncio.Event = field(default_factory=asyncio.Event)
    stranded: bool = False
    """Nothing will pass again."""
    half_closed: bool = False
    """The client has been told that no more will come."""
    budget: int | None = None
    """Bytes that still pass towards the client before the connection is cut."""

    def end(self) -> None:
        """End both connections at once."""
        for writer in (self.client, self.server):
            _reset(writer)


_Coming: TypeAlias = asyncio.Queue[tuple[float, bytes]]
_Write: TypeAlias = Callable[[_Pair, bytes], asyncio.StreamWriter]


@dataclass(slots=True)
class _State:
    serving: set[asyncio.Task[object]] = field(default_factory=set)
    pairs: set[_Pair] = field(default_factory=set)
    refusing: bool = False
    frozen: bool = False
    delay: float = 0.0
    passed: int = 0


class FaultProxy:
    """Forwards ``127.0.0.1:port`` to *target* and can cut, freeze, delay and half-close what passes.

    :param target: the port of the server behind it.
    """

    def __init__(self, target: int) -> None:
        self._target = target
        self._state = _State()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self.port = 0
        """Where it listens, from ``__enter__`` on."""

    def __enter__(self) -> Self:
        self._thread.start()
        future = asyncio.run_coroutine_threadsafe(asyncio.start_server(self._serve, "127.0.0.1", 0), self._loop)
        self._server = future.result(10)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    # What a test says

    def cut(self) -> None:
        """End every connection at once (RST) and refuse new ones until ``heal``."""
        self._do(self._cut)

    def drop(self) -> None:
        """End every connection at once (RST); new ones are welcome."""
        self._do(self._drop)

    def cut_after(self, count: int) -> None:
        """Let *count* more bytes reach each client, then end its connection: a cut in the middle of a frame."""
        self._do(lambda: self._budget(count))

    def freeze(self) -> None:
        """Nothing passes in either direction, nothing is closed, until ``heal``: a sleeping laptop."""
        self._do(self._freeze)

    def strand(self) -> None:
        """Nothing passes on the connections of now, for ever and without a word; new ones are welcome.

        What a network address translation does that has forgotten a connection.
        """
        self._do(self._strand)

    def half_close(self) -> None:
        """Tell every client that no more will come, and go on forwarding what it sends."""
        self._do(self._half_close)

    def delay(self, seconds: float) -> None:
        """Everything takes this much longer, each way."""
        self._do(lambda: setattr(self._state, "delay", seconds))

    def heal(self) -> None:
        """Behave again."""
        self._do(self._heal)

    @property
    def connections(self) -> int:
        """How many connections pass through at this moment."""
        return len(self._state.pairs)

    @property
    def passed(self) -> int:
        """Bytes that went to clients so far."""
        return self._state.passed

    # In the thread

    def _do(self, act: Callable[[], None]) -> None:
        done = threading.Event()

        def run() -> None:
            act()
            done.set()

        self._loop.call_soon_threadsafe(run)
        done.wait(10)

    def _drop(self) -> None:
        for pair in list(self._state.pairs):
            pair.end()

    def _cut(self) -> None:
        self._state.refusing = True
        self._drop()

    def _budget(self, count: int) -> None:
        for pair in self._state.pairs:
            pair.budget = count

    def _freeze(self) -> None:
        self._state.frozen = True
        for pair in self._state.pairs:
            pair.flowing.clear()

    def _strand(self) -> None:
        for pair in self._state.pairs:
            pair.stranded = True
            pair.flowing.clear()

    def _half_close(self) -> None:
        for pair in self._state.pairs:
            pair.half_closed = True
            pair.client.write_eof()

    def _heal(self) -> None:
        self._state.refusing = self._state.frozen = False
        self._state.delay = 0.0
        for pair in self._state.pairs:
            pair.budget = None
            if not pair.stranded:
                pair.flowing.set()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._state.serving.add(task)
        try:
            if self._state.refusing:
                raise OSError
            server_reader, server = await asyncio.open_connection("127.0.0.1", self._target)
            with self._joined(writer, server) as pair:
                async with asyncio.TaskGroup() as group:
                    self._pass(group, pair, reader, self._to_server)
                    self._pass(group, pair, server_reader, self._to_client)
        except* (OSError, asyncio.CancelledError):  # cancelled: the proxy itself ends
            _reset(writer)
        finally:
            self._state.serving.discard(task)
            writer.close()

    @contextlib.contextmanager
    def _joined(self, client: asyncio.StreamWriter, server: asyncio.StreamWriter) -> Iterator[_Pair]:
        pair = _Pair(client, server)
        if not self._state.frozen:
            pair.flowing.set()
        self._state.pairs.add(pair)
        try:
            yield pair
        finally:
            self._state.pairs.discard(pair)
            server.close()

    def _pass(self, group: asyncio.TaskGroup, pair: _Pair, reader: asyncio.StreamReader, write: _Write) -> None:
        coming: _Coming = asyncio.Queue(_AHEAD)
        group.create_task(self._read(reader, coming))
        group.create_task(self._go_on(pair, coming, write))

    async def _read(self, reader: asyncio.StreamReader, coming: _Coming) -> None:
        data = b"?"
        while data:
            data = await reader.read(_CHUNK)
            await coming.put((self._loop.time() + self._state.delay, data))

    async def _go_on(self, pair: _Pair, coming: _Coming, write: _Write) -> None:
        """Each chunk after the delay of the moment at which it came; an empty one is the end."""
        data = b"?"
        while data:
            due, data = await coming.get()
            await asyncio.sleep(due - self._loop.time())
            await pair.flowing.wait()
            await write(pair, data).drain()

    def _to_server(self, pair: _Pair, data: bytes) -> asyncio.StreamWriter:
        if data:
            pair.server.write(data)
        else:
            pair.server.write_eof()
        return pair.server

    def _to_client(self, pair: _Pair, data: bytes) -> asyncio.StreamWriter:
        if pair.half_closed:
            return pair.client
        if pair.budget is not None:
            data = data[: pair.budget]
            pair.budget -= len(data)
        self._state.passed += len(data)
        if data:
            pair.client.write(data)
        else:
            pair.client.write_eof()
        if pair.budget is not None and pair.budget <= 0:
            pair.end()
        return pair.client

    async def _close(self) -> None:
        for listener in self._server.sockets:  # Server.close() at once would leak those that were just accepted
            self._loop.remove_reader(listener.fileno())
        self._state.refusing = True
        self._drop()
        # One that was accepted a moment ago has its task later, or one that has not begun: it is refused, and ends
        # by itself. Cancelled before it begins it would leave its connection open.
        while under_way := asyncio.all_tasks() - {asyncio.current_task()}:
            for task in self._state.serving:
                task.cancel()
            await asyncio.wait(under_way)
        self._server.close()
        await asyncio.sleep(0)  # the connections close in the loop's next round


def _reset(writer: asyncio.StreamWriter) -> None:
    transport = writer.transport
    if not transport.is_closing():
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
    transport.abort()
