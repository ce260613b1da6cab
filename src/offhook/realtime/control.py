"""Between the processes of one application: who is told what to do (protocol §14, §15.7).

The application calls a verb of ``Line`` in one process, and the connection that it concerns may be in another. So
every process is told, and looks at its own sessions.

**No order is lost.** The call raises ``BrokerError``, or the broker keeps the order (``Broker.order``): a process
that was cut off carries it out when it is connected again, for the connections whose admission had begun by then.
A process that cannot find out what it has missed rechecks all of its connections: ``authenticate`` is asked again,
token connections reconnect, and clients subscribe again. ``Tell`` alone is not kept.

**No order is too early.** Connections that are being admitted carry out what was ordered since their admission
began (``journal.py``).
"""

import asyncio
from collections.abc import Sequence
from itertools import count

from offhook.base import observe
from offhook.base.errors import BrokerError
from offhook.base.limits import Limits
from offhook.base.types import Payload
from offhook.brokers.base import Broker
from offhook.realtime import orders
from offhook.realtime.journal import Addressed, Journal, Mark
from offhook.realtime.orders import Answer, Emulated, Instruction, Probe, Recheck, Tell, ToSignIn, ToUser
from offhook.realtime.sessions import Addressee, Sessions
from offhook.realtime.tasks import Background

_RECHECKS = 32
"""Connections that are rechecked at once."""
_PAUSE = 0.02
"""Seconds between two such batches: 20,000 connections take about twelve seconds."""


class Control:
    """Tells the processes of the application, and does what they tell this one."""

    def __init__(self, broker: Broker, sessions: Sessions, background: Background, limits: Limits) -> None:
        self._broker = broker
        self._sessions = sessions
        self._background = background
        self._limits = limits
        self.node = ""
        """The name of this process, which no other process has; given when it starts, which is after any fork."""
        self._questions = count(1)
        self._asked: dict[int, asyncio.Future[bool]] = {}
        self._probed: float | None = None
        """When the word was sent that has not come back."""
        self._lag = 0.0
        self._journal = Journal()

    @property
    def lag(self) -> float:
        """Seconds that a word takes through the broker; it grows while one does not come back."""
        if self._probed is None:
            return self._lag
        return max(self._lag, asyncio.get_running_loop().time() - self._probed)

    async def probe(self) -> None:
        """Send a word to this process; once more when the last one has not come back, as old as that one."""
        if self._probed is None:
            self._probed = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(self._limits.handler):
                await self._tell(self.node, Probe(self._probed))
        except (BrokerError, TimeoutError):
            return  # the lag says it

    async def order(self, addressed: Addressed) -> None:
        """All connections of the addressee, wherever they are, do what is ordered.

        :raises BrokerError: the broker did not, or not provably, take the order.
        """
        if isinstance(addressed.order, Tell):
            await self._tell(None, addressed)
        else:
            await self._broker.order(orders.encode(addressed))

    async def _tell(self, node: str | None, instruction: Instruction) -> int:
        return await self._broker.tell(node, orders.encode(instruction))

    # Admission

    def mark(self) -> Mark:
        """The moment when the admission of a connection begins; to be taken before anything is asked."""
        return self._journal.mark()

    def catch_up(self, connection: Addressee, mark: Mark, *, sign_in_only: bool = False) -> None:
        """Have *connection*, whose user is known now, do what was ordered since *mark*.

        :param sign_in_only: only what was ordered for the sign-in; the rest has reached the connection.
        """
        for addressed in mark.since():
            by_user = isinstance(addressed, ToUser)
            if not (by_user and sign_in_only) and _concerns(addressed, connection):
                connection.obey(addressed.order)

    # Emulation

    async def emulate(self, node: str, secret: str, frame: Payload) -> bool:
        """Give commands to the emulated connection with *secret* at process *node*; False: there is none.

        :raises BrokerError: the other process cannot be reached now.
        """
        if node == self.node:
            return await self._receive(secret, frame)
        question = next(self._questions)
        answer = self._asked[question] = asyncio.get_running_loop().create_future()
        data = frame.encode() if isinstance(frame, str) else frame
        try:
            async with asyncio.timeout(self._limits.handler):
                heard = await self._tell(node, Emulated(secret, data, self.node, question))
                return heard > 0 and await answer
        except TimeoutError:
            raise BrokerError("the process that has the connection does not answer") from None
        finally:
            del self._asked[question]

    async def _receive(self, secret: str, frame: Payload) -> bool:
        session = self._sessions.with_secret(secret)
        if session is None:
            return False
        await session.ready()
        session.receive(frame)
        return True

    # What others tell: ``Listener``

    def on_order(self, data: bytes, age: float = 0.0) -> None:
        """Have the connections that it concerns do what was ordered *age* seconds ago."""
        addressed = orders.decode(data)
        if not isinstance(addressed, ToUser | ToSignIn):
            observe.LINE.warning("event=control.unknown order ignored: of another version of Offhook")
            return
        self._journal.record(addressed, age)
        self._deliver(addressed, asyncio.get_running_loop().time() - age)

    def _deliver(self, addressed: Addressed, ordered: float) -> None:
        match addressed:
            case ToUser(user):
                found = self._sessions.of_user(user)
            case ToSignIn(sign_in):
                found = self._sessions.of_sign_in(sign_in)
        for connection in found:
            if connection.began <= ordered:
                connection.obey(addressed.order)

    def on_orders_lost(self) -> None:
        """Orders are lost for good: check every connection again, a few at a time."""
        connections = self._sessions.identified()
        observe.LINE.warning("event=control.orders_lost connections=%d are rechecked", len(connections))
        self._background.start(self._recheck(connections))

    async def _recheck(self, connections: Sequence[Addressee]) -> None:
        for start in range(0, len(connections), _RECHECKS):
            for connection in connections[start : start + _RECHECKS]:
                connection.obey(Recheck())
            await asyncio.sleep(_PAUSE)

    def on_control(self, data: bytes) -> None:
        """Do what a process, maybe this one, says."""
        match orders.decode(data):
            case ToUser() | ToSignIn() as addressed:
                self._deliver(addressed, asyncio.get_running_loop().time())
            case Probe(sent):
                self._lag, self._probed = asyncio.get_running_loop().time() - sent, None
            case Emulated() as emulated:
                self._background.start(self._answer(emulated))
            case Answer(question, found):
                answer = self._asked.get(question)
                if answer is not None and not answer.done():
                    answer.set_result(found)
            case _:
                observe.LINE.warning("another process, of another version perhaps, said what nobody understands")

    async def _answer(self, emulated: Emulated) -> None:
        try:
            async with asyncio.timeout(self._limits.handler):
                found = await self._receive(emulated.secret, emulated.frame)
                await self._tell(emulated.asker, Answer(emulated.question, found))
        except (BrokerError, TimeoutError) as error:
            observe.LINE.warning("emulated commands were not answered for: %s", str(error) or "timeout")


def _concerns(addressed: Addressed, connection: Addressee) -> bool:
    if isinstance(addressed, ToUser):
        return connection.user_id == addressed.user
    return connection.sign_in == addressed.sign_in
