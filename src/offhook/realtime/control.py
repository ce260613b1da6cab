"""Between the processes of one application: who is told what to do (protocol §14, §15.7).

The application calls a verb of ``Line`` in one process, and the connection that it concerns may be in another. So
every process is told, and looks at its own sessions.
"""

import asyncio
from itertools import count

from offhook.base import observe
from offhook.base.errors import BrokerError
from offhook.base.limits import Limits
from offhook.base.types import Payload
from offhook.brokers.base import Broker
from offhook.realtime import orders
from offhook.realtime.orders import Answer, Emulated, Instruction, Order, Probe, ToSignIn, ToUser
from offhook.realtime.sessions import Sessions
from offhook.realtime.tasks import Background


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

    async def tell_user(self, user: str, order: Order) -> None:
        """All connections of *user*, wherever they are, do *order*."""
        await self._tell(None, ToUser(user, order))

    async def tell_sign_in(self, sign_in: str, order: Order) -> None:
        """All connections that came by *sign_in*, wherever they are, do *order*."""
        await self._tell(None, ToSignIn(sign_in, order))

    async def _tell(self, node: str | None, instruction: Instruction) -> int:
        return await self._broker.tell(node, orders.encode(instruction))

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

    # What others tell: ``Listener.on_control``

    def on_control(self, data: bytes) -> None:
        """Do what a process, maybe this one, says."""
        match orders.decode(data):
            case ToUser(user, order):
                for session in self._sessions.of_user(user):
                    session.obey(order)
            case ToSignIn(sign_in, order):
                for session in self._sessions.of_sign_in(sign_in):
                    session.obey(order)
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
