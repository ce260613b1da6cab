"""The head of an answer in one write with what follows it at once: one system call and one packet."""

import asyncio

from uvicorn.protocols.http.httptools_impl import RequestResponseCycle


class Joined:
    """The transport, as one answer sees it. uvicorn writes its head and its body one after the other.

    A head that nothing follows in the same turn of the loop goes alone: a stream may say something much later.
    """

    __slots__ = ("_cycle", "_has_begun", "_head", "_transport")

    def __init__(self, transport: asyncio.Transport, cycle: RequestResponseCycle) -> None:
        self._transport = transport
        self._cycle = cycle
        self._head = b""
        self._has_begun = False

    def write(self, data: bytes) -> None:
        """Write *data*; the head a little later. An interim answer before it does not wait."""
        if self._head:
            head, self._head = self._head, b""
            self._transport.writelines((head, data))
        elif self._has_begun or not self._cycle.response_started:
            self._transport.write(data)
        else:
            self._has_begun, self._head = True, data
            asyncio.get_running_loop().call_soon(self._flush)

    def _flush(self) -> None:
        head, self._head = self._head, b""
        if head and not self._transport.is_closing():
            self._transport.write(head)

    def close(self) -> None:
        """Close when everything is written."""
        self._flush()
        self._transport.close()

    def is_closing(self) -> bool:
        """As the transport's."""
        return self._transport.is_closing()
