"""The bridge between pages and line: ``@live``, and the positions that travel with a page.

A loader is the snapshot, a channel is the stream, a position ties them. The position is read before any
application code of the request, so that the stream may repeat what the snapshot has, and never misses what it has
not.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar, cast

from offhook.base import schema
from offhook.base.errors import UsageError
from offhook.base.incoming import Identity
from offhook.base.inject import location
from offhook.base.schema import Mismatch
from offhook.base.types import Json
from offhook.pages.modules import RouteTable
from offhook.pages.visit import Visit
from offhook.realtime.channel import Channel
from offhook.realtime.line import Line, addressable, of_action
from offhook.wire.position import Position

Loader = TypeVar("Loader", bound=Callable[..., Any])
ChannelClass: TypeAlias = type[Channel[Any]]

_DECLARED = "__offhook_live__"
USER_ID = "user_id"
"""The variable of a channel that is who is signed in, where the address does not say it."""


def live(*channels: ChannelClass) -> Callable[[Loader], Loader]:
    """Declare that what this loader returns changes with the publications of *channels*.

    The variables of a channel are filled from the route's parameters of the same names; ``user_id``, where the
    address has none, is the id of who is signed in. The function itself stays as it is and can be called in a
    test::

        @live(Room)
        async def loader(room_id: int) -> RoomPage: ...

    :raises UsageError: a channel keeps no history; without one, nobody could tell what a page has missed.
    """
    if not channels:
        raise UsageError("@live needs at least one channel class: @live(Room)")
    for channel in channels:
        if not (isinstance(channel, type) and issubclass(channel, Channel)):
            raise UsageError(
                f"@live takes channel classes, got {channel!r}; write @live(Room), not @live(Room(...))"
            )
        if channel.recovery == "cache":
            raise UsageError(
                f'@live({channel.__name__}): recovery="cache" keeps only the newest publication, so a page could '
                "miss one and never know; leave it out"
            )
        if channel.history is None:
            raise UsageError(
                f"@live({channel.__name__}): the channel keeps no history, so a page could miss a publication and "
                'never know; declare it with history=History(300, "10m")'
            )

    if len({channel.__name__ for channel in channels}) < len(channels):
        raise UsageError("@live: two channel classes have one name, by which their publications are told apart")

    def declare(loader: Loader) -> Loader:
        setattr(loader, _DECLARED, channels)
        return loader

    return declare


def declared(loader: Callable[..., Any] | None) -> tuple[ChannelClass, ...]:
    """The channels that ``@live`` declared on *loader*; none for an ordinary one."""
    found: tuple[ChannelClass, ...] = getattr(loader, _DECLARED, ())
    return found


_Live: TypeAlias = dict[str, list[Json]]
"""Positions by route, as the browser reads them."""


@dataclass(frozen=True, slots=True)
class LivePages:
    """The extension of the pages: reads positions before a request's first line of application code.

    Where a channel's name depends on who is signed in, that is known only after ``authenticate``; its position is
    read then, and before everything else.
    """

    line: Line

    def check(self, table: RouteTable, channels: Sequence[ChannelClass], *, identifies: bool) -> None:
        """Refuse a table in which a live loader could not work.

        :param identifies: whether the App knows who is signed in.
        :raises UsageError: a channel that the App does not know, or a variable that nothing fills.
        """
        for module in table.modules.values():
            for channel in declared(module.loader):
                where = location(module.loader) if module.loader else module.id
                if channel not in channels:
                    raise UsageError(f"{where}: add {channel.__name__} to App(channels=[...])")
                _check_variables(where, channel, table.parameters(module.id), identifies)

    def line_of(self, visit: Visit) -> Line:
        """The line for a handler of *visit*; an action's publications are known by the action's id."""
        if visit.action_id is None:
            return self.line
        return of_action(self.line, visit.action_id, lambda *where: visit.published.append(_entry(*where)))

    async def before(self, visit: Visit) -> Mapping[str, Json]:
        """``{"live": {route: [{channel, of, offset, epoch}]}}`` for the live loaders that this request runs."""
        return {"live": await self._positions(visit, _wanted(visit))} if any(_declared(visit)) else {}

    async def identified(self, visit: Visit, identity: Identity[Any] | None) -> Mapping[str, Json]:
        """The same with the channels of who is signed in."""
        wanted = list(_wanted_by(identity, visit)) if identity is not None else []
        if not wanted:
            return {}
        known, found = cast("_Live", visit.fields["live"]), await self._positions(visit, wanted)
        return {"live": {route: [*known.get(route, []), *found.get(route, [])] for route in {**known, **found}}}

    def headers(self, visit: Visit) -> Mapping[str, str]:
        """A cached page would carry positions that are long gone."""
        return {"cache-control": "no-store"} if any(_declared(visit)) else {}

    async def _positions(self, visit: Visit, wanted: Iterable[tuple[str, Channel[Any]]]) -> _Live:
        """The entries of the page by route, read in one call."""
        pairs = [(route, channel) for route, channel in wanted if addressable(self.line, channel)]
        positions = await self.line.positions([channel for _, channel in pairs]) if pairs else []
        found: _Live = {}
        for (route, channel), position in zip(pairs, positions, strict=True):
            entry = {**_entry(channel.format(), position), "of": type(channel).__name__}
            # Of several declared channels only one may be there, when nobody is signed in.
            tagged = sum(route == other for other, _ in _declared(visit)) > 1 or None
            told = {"key": channel.key_field, "version": channel.version_field, "tagged": tagged}
            entry |= {name: value for name, value in told.items() if value is not None}
            found.setdefault(route, []).append(entry)
        return found


def _entry(channel: str, position: Position) -> dict[str, Json]:
    return {"channel": channel, "offset": position.offset, "epoch": position.epoch}


def _check_variables(where: str, channel: ChannelClass, parameters: Collection[str], identifies: bool) -> None:
    missing = set(channel.variables) - set(parameters)
    if USER_ID in missing and not identifies:
        raise UsageError(
            f"{where}: {USER_ID} of {channel.__name__} is the id of who is signed in; give the App an authenticate"
        )
    if unfilled := ", ".join(sorted(missing - {USER_ID})):
        raise UsageError(
            f"{where}: no parameter of the route fills {unfilled} of {channel.__name__}; "
            f"its address has {', '.join(sorted(parameters)) or 'no parameters'}"
        )


def _declared(visit: Visit) -> Iterator[tuple[str, ChannelClass]]:
    """The channels of the live loaders that this request runs, by route."""
    for module in visit.routes:
        if module.id in visit.loading:
            yield from ((module.id, channel) for channel in declared(module.loader))


def _wanted(visit: Visit) -> Iterator[tuple[str, Channel[Any]]]:
    """The channels whose names the address says."""
    for route, channel in _declared(visit):
        if channel.variables.keys() <= visit.params.keys():
            yield from ((route, each) for each in _filled(channel, visit.params))


def _wanted_by(identity: Identity[Any], visit: Visit) -> Iterator[tuple[str, Channel[Any]]]:
    """The channels whose names depend on who is signed in."""
    values = {**visit.params, USER_ID: identity.id}
    for route, channel in _declared(visit):
        if channel.variables.keys() - visit.params.keys() == {USER_ID}:
            _check_identity(channel, identity)
            yield from ((route, each) for each in _filled(channel, values))


def _filled(channel: ChannelClass, values: Mapping[str, str]) -> Iterator[Channel[Any]]:
    try:
        yield channel.of(values)
    except Mismatch:
        return  # the loader's own parameter does not convert either, and answers 404


def _check_identity(channel: ChannelClass, identity: Identity[Any]) -> None:
    try:
        schema.convert(identity.id, channel.variables[USER_ID], strict=False)
    except Mismatch as error:
        raise UsageError(f"{channel.__name__}.{USER_ID} cannot be the id of an Identity: {error}") from None
