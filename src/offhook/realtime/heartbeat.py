"""Whether clients are still there (protocol §4, §5): all sessions share three timers."""

from collections.abc import Callable
from typing import Protocol

from offhook.base import codes
from offhook.base.codes import Code
from offhook.base.env import Env
from offhook.base.errors import Disconnect
from offhook.base.limits import Limits
from offhook.realtime.deadlines import Deadlines


class Alive(Protocol):
    """A session, as far as somebody has to be there."""

    @property
    def pings(self) -> bool:
        """Whether it pings, and not its transport."""
        ...

    @property
    def uni(self) -> bool:
        """Whether its client says nothing, and so cannot answer."""
        ...

    def ping(self) -> None:
        """Ask whether the client is there."""
        ...

    def close(self, disconnect: Disconnect) -> None:
        """End it."""
        ...


class Heartbeat:
    """Looks after all sessions of an engine."""

    def __init__(self, limits: Limits, env: Env) -> None:
        self._env = env
        self._silent: Deadlines[Alive] = Deadlines(limits.connect, _closing(codes.STALE))
        """Those that have not connected."""
        self._pings: Deadlines[Alive] = Deadlines(limits.ping, self._ping)
        """Those that will be asked."""
        self._pongs: Deadlines[Alive] = Deadlines(limits.pong, _closing(codes.NO_PONG))
        """Those that were asked."""

    def opened(self, session: Alive) -> None:
        """The client has to connect now."""
        self._silent.begin(session)

    def connected(self, session: Alive) -> None:
        """The client knows that it is connected. Those who came together are not asked together."""
        self._silent.end(session)
        if session.pings:
            self._pings.begin(session, self._env.jitter(0.5, 1))

    def answered(self, session: Alive) -> bool:
        """A pong came; whether it was asked for."""
        if session not in self._pongs:
            return False
        self._pongs.end(session)
        self._pings.begin(session)
        return True

    def ended(self, session: Alive) -> None:
        """Nobody is there any more."""
        for deadlines in (self._silent, self._pings, self._pongs):
            deadlines.end(session)

    def _ping(self, session: Alive) -> None:
        session.ping()
        (self._pings if session.uni else self._pongs).begin(session)


def _closing(code: Code) -> Callable[[Alive], None]:
    return lambda session: session.close(Disconnect(code))
