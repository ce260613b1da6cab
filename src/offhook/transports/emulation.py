"""``/emulation``: the client's half of a line over HTTP, one request for one frame (protocol §14)."""

from offhook.base import observe
from offhook.base.errors import BrokerError
from offhook.transports.base import Entrance, Refused
from offhook.transports.http import PROTOBUF, Exchange, HttpEndpoint
from offhook.wire.codec import Malformed
from offhook.wire.emulation import EmulationRequest, emulation_request

_ENVELOPE = 2
"""A frame that stands in a JSON string may be this many times longer: every quotation mark is escaped."""


def emulation(entrance: Entrance) -> HttpEndpoint:
    """``POST``; answers 204 when the session has the commands, whose results come in its stream.

    The secret in the request says who it is, so that nobody is identified again.
    """
    engine = entrance.engine

    async def serve(exchange: Exchange) -> None:
        most = engine.limits.command_frame
        request = _request(exchange, await exchange.body(most * _ENVELOPE, engine.limits.connect))
        if len(request.data) > most:
            raise Refused(413)
        if not await _passed_on(request):
            raise Refused(404)
        await exchange.answer(204, [])

    async def _passed_on(request: EmulationRequest) -> bool:
        try:
            return await engine.emulate(request.node, request.session, request.data)
        except BrokerError as error:
            observe.LINE.error("a command could not be passed to its process: %s", error)
            raise Refused(500) from None

    return HttpEndpoint(entrance, ["POST"], serve)


def _request(exchange: Exchange, body: bytes) -> EmulationRequest:
    try:
        return emulation_request(body, exchange.media_type == PROTOBUF)
    except Malformed:
        raise Refused(400) from None
