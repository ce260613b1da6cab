"""For applications with SQLAlchemy: publications that follow a commit, and only a commit."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, nullcontext
from typing import Any, TypeAlias, TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from offhook.base import schema
from offhook.realtime.channel import Channel
from offhook.realtime.line import Line, unbroken

P = TypeVar("P")

_Publication: TypeAlias = tuple[Channel[Any], Any, Mapping[str, str] | None]


class AfterCommit:
    """What will be published as soon as the transaction is committed."""

    def __init__(self) -> None:
        self._collected: list[_Publication] = []

    def publish(self, channel: Channel[P], data: P, *, tags: Mapping[str, str] | None = None) -> None:
        """``line.publish`` after the commit; nothing after a rollback.

        :raises UsageError: *data* is not what the channel declares.
        """
        schema.check(data, type(channel).publication_type())
        self._collected.append((channel, data, tags))

    async def finish(self, session: AsyncSession, line: Line, deadline: float | str) -> None:
        """Commit, publish and close. The channels are marked before the commit."""
        kept = [channel for channel, _, _ in self._collected if channel.history is not None]
        async with session, line.change(*kept, deadline=deadline) if kept else nullcontext() as change:
            await session.commit()
            for place, (channel, data, tags) in enumerate(self._collected):
                if change is None or channel.history is None:
                    await line.publish(channel, data, tags=tags)
                else:
                    more = any(later == channel for later, _, _ in self._collected[place + 1 :])
                    await change.publish(channel, data, tags=tags, more=more)


@asynccontextmanager
async def committed(
    sessions: Callable[[], AsyncSession], line: Line, *, deadline: float | str = "30s"
) -> AsyncIterator[tuple[AsyncSession, AfterCommit]]:
    """A session whose end is a commit, and then the publications that were collected::

        async with committed(sessions, line) as (session, after_commit):
            session.add(row)
            await session.flush()
            after_commit.publish(Room(room_id=1), Message(row.id, row.text))

    An exception in the block rolls back and publishes nothing. From the commit on, a cancelled caller changes
    nothing any more; and whoever dies between commit and publication is noticed, as by ``line.change``, when
    *deadline* has passed.

    :raises BrokerError: before the commit, and nothing was changed; or after it, and everybody who looks at the
        channels is told to take a new snapshot.
    """
    session, after_commit = sessions(), AfterCommit()
    try:
        yield session, after_commit
    except BaseException:
        async with session:
            raise
    await unbroken(line, "a commit", after_commit.finish(session, line, deadline))
