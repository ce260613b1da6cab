"""What a session does: one ``match`` over commands, one over orders (protocol §3, §4, §7, §8)."""

from typing import Any, assert_never

from offhook.base import codes
from offhook.base.errors import CommandError, Disconnect
from offhook.base.incoming import Identity, Incoming
from offhook.realtime.channel_commands import call, on_channel
from offhook.realtime.connect import connect, goodbye
from offhook.realtime.engine import Engine
from offhook.realtime.journal import Mark
from offhook.realtime.orders import Close, Join, Order, Part, Prolong, Recheck, Tell
from offhook.realtime.refresh import expired, prolong, recheck, refresh
from offhook.realtime.send_queue import Transport
from offhook.realtime.server_side import join, part
from offhook.realtime.session import Behaviour, Session
from offhook.wire.codec import Variant
from offhook.wire.commands import (
    Command,
    ConnectRequest,
    RefreshRequest,
    RpcRequest,
    SendRequest,
    UnreadableRequest,
)
from offhook.wire.replies import message_push


def open_session(
    engine: Engine,
    variant: Variant,
    transport: Transport,
    identity: Identity[Any] | None,
    incoming: Incoming,
    *,
    mark: Mark | None = None,
    emulated: bool = False,
    uni: bool = False,
    pings: bool = True,
) -> Session:
    """The session of a connection that has just been opened by *incoming*.

    :param mark: the moment before *identity* was asked for (``Control.mark``); now if left out. Whoever opens the
        session has it catch up with what was ordered since.
    :param emulated: its commands come in requests of their own, by ``engine.emulate``.
    :param uni: nothing comes but the connect command.
    :param pings: whether the line has to ping; not where the transport does.
    """
    return Session(
        engine,
        variant,
        transport,
        identity,
        incoming,
        _BEHAVIOUR,
        began=None if mark is None else mark.at,
        emulated=emulated,
        uni=uni,
        pings=pings,
    )


def dispatch(session: Session, command: Command) -> None:
    """Begin what *command* asks for. It is legal now, and asks for something.

    :raises CommandError: it is refused at once.
    :raises Disconnect: no SDK asks for such a thing.
    """
    number, request = command.number, command.request
    match request:
        case ConnectRequest():
            connect(session, number, request)
        case RpcRequest():
            call(session, number, request)
        case SendRequest():
            raise Disconnect(codes.DISCONNECT_UNAVAILABLE)
        case RefreshRequest():
            refresh(session, number, request)
        case UnreadableRequest():
            raise CommandError(code=codes.BAD_REQUEST)
        case _:
            assert request is not None  # the session has seen to that
            on_channel(session, number, request)


def obey(session: Session, order: Order) -> None:
    """Do what the application asks of a connection."""
    match order:
        case Close(number, reason):
            session.close(Disconnect(codes.disconnect(number), reason))
        case Join(channel):
            join(session, channel)
        case Part(channel):
            part(session, channel)
        case Tell(data):
            if session.state == "connected":  # nothing precedes the reply to connect
                session.send(message_push(data))
        case Prolong(expires):
            prolong(session, expires)
        case Recheck():
            recheck(session)
        case _:
            assert_never(order)


_BEHAVIOUR = Behaviour(dispatch, obey, expired, goodbye)
