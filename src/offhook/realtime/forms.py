"""One publication in the forms that its subscribers need: as it is, or as the difference to the one before.

Where deltas were negotiated (protocol §11), every payload is what ``Codec.text`` makes of it. A client can apply a
delta only to a publication that it has; so the first one after a reply without publications is full.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal, TypeAlias

from offhook.wire.codec import Codec, Outgoing, Variant
from offhook.wire.fossil import create_delta
from offhook.wire.publication import Publication
from offhook.wire.replies import Pub, Push, pub

Delta: TypeAlias = Literal["none", "first", "next"]
"""Whether deltas were negotiated, and then whether the client has the publication before the next one."""


@dataclass(frozen=True, slots=True)
class Form:
    """What has to be equal for two subscriptions to receive the same object."""

    variant: Variant
    delta: Delta

    @property
    def full(self) -> "Form":
        """The same, for a client of which nobody knows what it has."""
        return replace(self, delta="first") if self.delta == "next" else self


class Copies:
    """One publication, encoded once a form, when it is first needed.

    :param before: the publication before it in the channel, as far as that is known.
    """

    def __init__(self, channel: str, publication: Publication, before: Publication | None) -> None:
        self._channel = channel
        self._publication = publication
        self._before = before if _follows(before, publication) else None
        self._encoded: dict[Form, Outgoing] = {}
        self._delta: bytes | None = None

    def of(self, form: Form) -> Outgoing:
        """The publication as *form* needs it."""
        outgoing = self._encoded.get(form)
        if outgoing is None:
            push = Push(self._channel, pub=self._pub(form))
            outgoing = self._encoded[form] = form.variant.encode(push)
        return outgoing

    def _pub(self, form: Form) -> Pub:
        if form.delta == "none":
            return pub(self._publication)
        if form.delta == "first" or self._before is None or _is_binary(self._before, self._publication):
            return _full(self._publication, form.variant.codec)
        if self._delta is None:
            self._delta = create_delta(self._before.data, self._publication.data)
        return _smaller(self._publication, self._delta, form.variant.codec)


def batch(publications: Sequence[Publication], codec: Codec, *, delta: bool) -> list[Pub]:
    """Publications that follow each other, for one reply: the first one full, each other a delta."""
    if not delta:
        return [pub(each) for each in publications]
    found = [_full(each, codec) for each in publications[:1]]
    for before, each in pairwise(publications):
        if _is_binary(before, each):
            found.append(_full(each, codec))
        else:
            found.append(_smaller(each, create_delta(before.data, each.data), codec))
    return found


def _follows(before: Publication | None, publication: Publication) -> bool:
    return before is not None and before.epoch == publication.epoch and before.offset == publication.offset - 1


def _is_binary(before: Publication, publication: Publication) -> bool:
    """Whether there is no delta between them: their bytes differ between the codecs."""
    return before.binary or publication.binary


def _full(publication: Publication, codec: Codec) -> Pub:
    return pub(publication, codec.text(publication.data, binary=publication.binary))


def _smaller(publication: Publication, delta: bytes, codec: Codec) -> Pub:
    if len(delta) >= len(publication.data):
        return _full(publication, codec)
    return pub(publication, codec.text(delta), delta=True)
