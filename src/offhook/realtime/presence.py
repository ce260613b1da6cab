"""Who is there: kept by the broker, renewed by the process that has the connection (protocol §15.4)."""

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any

from offhook.base import observe
from offhook.base.errors import BrokerError
from offhook.base.limits import Limits
from offhook.brokers.base import Broker
from offhook.realtime.hub import Hub
from offhook.realtime.subscription import Subscription

_BATCH = 128
"""Channels whose entries are renewed in one step."""
_READINGS = 32
"""Channels whose presence is read at once."""


class Presence:
    """The presence of this process's subscriptions, in channels that have it."""

    def __init__(self, broker: Broker, limits: Limits) -> None:
        self._broker = broker
        self._limits = limits

    async def enter(self, subscription: Subscription) -> None:
        """It can be seen that *subscription* is there. Whatever happens, undo it with ``leave``."""
        if subscription.address.channel.presence:
            subscription.entered = True
            try:
                await self._broker.add_presence(subscription.name, [subscription.info], ttl=self._limits.presence)
            finally:
                # A leave that overtook it has removed nothing.
                subscription.entered = True

    async def announce(self, subscription: Subscription) -> None:
        """Tell the others that *subscription* joined; nothing if it has ended. Errors end here."""
        if subscription.address.channel.join_leave and subscription.ended is None:
            subscription.joined = True
            await self._try(self._broker.announce_join(subscription.name, subscription.info))

    async def leave(self, subscription: Subscription) -> None:
        """*subscription* is no longer there: the others are told, and the channel is. Errors end here."""
        if subscription.entered:
            subscription.entered = False
            await self._try(self._broker.remove_presence(subscription.name, subscription.info.client))
        if subscription.joined:
            subscription.joined = False
            await self._try(self._broker.announce_leave(subscription.name, subscription.info))
        if subscription.admitted:
            subscription.admitted = False
            await self._tell(subscription)

    async def _tell(self, subscription: Subscription) -> None:
        address = subscription.address
        try:
            async with asyncio.timeout(self._limits.handler):
                await address.rules.unsubscribe(address.channel, subscription.client)
        except TimeoutError:
            observe.LINE.error("on_unsubscribe took longer than its deadline")
        except Exception as error:
            observe.failure(observe.LINE, "on_unsubscribe failed", error)

    async def _try(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            async with asyncio.timeout(self._limits.handler):
                await work
        except (BrokerError, TimeoutError) as error:
            observe.LINE.warning("the broker did not take who joined or left: %s", str(error) or "timeout")

    async def renew(self, hub: Hub, spread: float) -> bool:
        """Prolong the entries of this process, a batch of channels after the other; whether all could be.

        No deadline covers more than a batch, and one that fails keeps none of the others waiting.

        :param spread: seconds over which the batches are spread.
        """
        names = list({each.name: None for each in hub.subscriptions() if each.address.channel.presence})
        batches = [names[start : start + _BATCH] for start in range(0, len(names), _BATCH)]
        failed = 0
        for number, batch in enumerate(batches):
            if number:
                await asyncio.sleep(spread / len(batches))
            try:
                async with asyncio.timeout(self._limits.handler):
                    await self._renew(hub, batch)
            except (BrokerError, TimeoutError) as error:
                failed += len(batch)
                reason = str(error) or "timeout"
        if failed:
            observe.LINE.warning("renewing presence failed: %s (%d of %d channels)", reason, failed, len(names))
        return not failed

    async def converge(self, hub: Hub, spread: float) -> bool:
        """Send this process's clients the joins and leaves that they lack; whether all of them know who is there.

        A few channels are read at once, with a deadline for these alone.

        :param spread: seconds over which the readings are spread.
        """
        names = hub.watched()
        batches = [names[start : start + _READINGS] for start in range(0, len(names), _READINGS)]
        unsure = False
        for number, batch in enumerate(batches):
            if number:
                await asyncio.sleep(spread / len(batches))
            try:
                async with asyncio.timeout(self._limits.handler):
                    unsure |= any(await asyncio.gather(*map(hub.check_presence, batch)))
            except (BrokerError, TimeoutError):
                unsure = True  # the renewal of entries, which fails as well, is logged
        return not unsure

    async def _renew(self, hub: Hub, names: Sequence[str]) -> None:
        """An unsubscribe may have removed an entry just before it is added again; hence the second look."""
        present = {name: [each for each in hub.members(name) if each.active] for name in names}
        members = {name: [each.info for each in found] for name, found in present.items() if found}
        await self._broker.renew_presence(members, ttl=self._limits.presence)
        for name, found in present.items():
            for left in [each for each in found if not each.active]:
                await self._broker.remove_presence(name, left.info.client)
