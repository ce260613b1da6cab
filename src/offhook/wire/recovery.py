"""Recovery: what a client missed, without a hole (protocol §9.2 and §9.3, the stricter rules)."""

from collections.abc import Iterable, Sequence

from offhook.wire.position import Position
from offhook.wire.publication import Publication


class Gap(Exception):
    """Publications are missing between what was read and what was buffered; reading again may find them."""


def continues(since: Position, publications: Sequence[Publication], top: Position) -> bool:
    """Whether *publications*, read after *since*, follow it without a hole, or *since* is the *top*.

    They need not reach the top: a page has bounds. An empty epoch in *since* matches any: such a client has seen
    nothing yet.
    """
    if since.epoch not in ("", top.epoch):
        return False
    if not publications:
        return since.offset == top.offset
    return publications[0].offset == since.offset + 1


def following(top: Position, buffered: Iterable[Publication]) -> list[Publication]:
    """Those of *buffered* that *top* does not cover, each once and in order.

    A publication without an offset belongs to no stream and passes.

    :raises Gap: they do not continue right after *top*, or belong to another stream.
    """
    last, found = top.offset, []
    for publication in sorted(buffered, key=lambda each: each.offset):
        if not publication.offset:
            found.append(publication)
        elif publication.epoch != top.epoch or publication.offset > last + 1:
            raise Gap(f"{publication.offset} of {publication.epoch!r} after {last} of {top.epoch!r}")
        elif publication.offset == last + 1:
            found.append(publication)
            last = publication.offset
    return found
