"""The subscriptions to one channel in this process, grouped so that one look at a publication does for all."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal, TypeAlias

from offhook.realtime.channel import Channel
from offhook.realtime.fanout import Fanout, Group, Outbox
from offhook.realtime.forms import Copies, Form
from offhook.realtime.metrics import Metrics
from offhook.realtime.roster import Roster
from offhook.realtime.subscription import Subscription
from offhook.wire.codec import Variant
from offhook.wire.position import Position
from offhook.wire.publication import Publication
from offhook.wire.replies import Push

Place: TypeAlias = Literal["next", "known", "gap"]


class Cohort:
    """Live subscriptions of one channel whose clients have the same publications.

    There is one as long as all have everything. Who came back with a history that is ahead of the announcements
    belongs to another one, until the announcements have caught up.
    """

    __slots__ = ("epoch", "groups", "offset")

    def __init__(self, position: Position) -> None:
        # The last publication that the clients have or are about to get.
        self.offset = position.offset
        self.epoch = position.epoch
        self.groups: dict[Form, Group] = {}

    def __iter__(self) -> Iterator[Subscription]:
        return (each for group in self.groups.values() for each in group.members)

    @property
    def position(self) -> Position:
        """What its clients have."""
        return Position(self.offset, self.epoch)

    def place(self, publication: Publication) -> Place:
        """Where *publication* stands to what its clients have (protocol §10); it moves on when it is the next."""
        if not publication.offset:
            return "next"
        if publication.epoch != self.epoch or publication.offset > self.offset + 1:
            return "gap"
        if publication.offset <= self.offset:
            return "known"
        self.offset += 1
        return "next"

    def add(self, subscription: Subscription, form: Form) -> None:
        """It receives what follows as *form*."""
        self.groups.setdefault(form, Group()).add(subscription)

    def discard(self, subscription: Subscription) -> None:
        """It receives nothing any more."""
        _remove(subscription, self.groups)

    def absorb(self, other: "Cohort") -> None:
        """Those of *other* stand at the same place now."""
        for form, group in other.groups.items():
            self._take_over(group, form)

    def deliver(self, copies: Copies, outbox: Outbox, metrics: Metrics, *, lossy: bool) -> None:
        """Pass a publication on to all."""
        for form, group in tuple(self.groups.items()):
            outgoing, full = copies.of(form), copies.of(form.full if lossy else form)
            metrics.delivered(len(group), len(outgoing.data))
            outbox.put(group, form.variant, outgoing, full, lossy=lossy)
        for form in [form for form in self.groups if form.delta == "first"]:
            self._take_over(self.groups.pop(form), Form(form.variant, "next"))

    def _take_over(self, group: Group, form: Form) -> None:
        known = self.groups.setdefault(form, group)
        if known is not group:
            known.absorb(group)


class Audience:
    """All subscriptions to one channel, from the moment when they are registered to their end."""

    def __init__(self, name: str, channel: type[Channel[Any]], fanout: Fanout) -> None:
        self.members: dict[Subscription, None] = {}
        self.cohorts: list[Cohort] = []
        self.presence = channel.presence
        self._name = name
        self._metrics = fanout.turn.metrics
        self._outbox = Outbox(fanout)
        self._lossy = channel.slow in ("latest", "drop_oldest", "resync")
        self._delta = channel.delta
        self._catching_up: dict[Subscription, None] = {}
        self._hearing: dict[Variant, Group] = {}
        """Those who are told who joins and leaves; all others are spared it."""
        self._last: Publication | None = None
        self.roster = Roster()
        """Who those in ``_hearing`` were told is there."""

    @property
    def hears(self) -> bool:
        """Whether there are clients that are told who joins and leaves."""
        return bool(self._hearing)

    def add(self, subscription: Subscription) -> None:
        """It is catching up."""
        self.members[subscription] = None
        self._catching_up[subscription] = None

    def confirm(self, subscription: Subscription) -> bool:
        """Its reply is on its way: it receives joins and leaves from now on; False: it was discarded."""
        if subscription not in self._catching_up:
            return False
        if subscription.hears_joins and not subscription.confirmed:
            self._hearing.setdefault(subscription.queue.variant, Group()).add(subscription)
        subscription.confirmed = True
        return True

    def go_live(self, subscription: Subscription, position: Position, *, has_one: bool) -> bool:
        """It has everything up to *position* and receives what follows; False: it was discarded."""
        if not self.confirm(subscription):
            return False
        del self._catching_up[subscription]
        subscription.go_live()
        cohort = next((each for each in self.cohorts if each.position == position), None)
        if cohort is None:
            cohort = Cohort(position)
            self.cohorts.append(cohort)
        cohort.add(subscription, subscription.form(has_one=has_one))
        return True

    def discard(self, subscription: Subscription) -> None:
        """It is gone. What is on its way to it goes into its queue now, and nothing does later."""
        self.members.pop(subscription, None)
        self._catching_up.pop(subscription, None)
        if _remove(subscription, self._hearing) and not self._hearing:
            self.roster = Roster()
        for cohort in self.cohorts:
            cohort.discard(subscription)
        self.cohorts = [each for each in self.cohorts if each.groups]
        self._outbox.hurry(subscription)

    def hurry(self, subscription: Subscription) -> None:
        """Put what is on its way to *subscription* into its queue now."""
        self._outbox.hurry(subscription)

    def tell(self, push: Push) -> None:
        """Say who joins or leaves, after the publications that are on their way."""
        _seal(group for cohort in self.cohorts for group in cohort.groups.values())
        for variant, group in tuple(self._hearing.items()):
            outgoing = variant.encode(push)
            self._outbox.put(group, variant, outgoing, outgoing, lossy=False)

    def deliver(self, publication: Publication) -> list[Subscription]:
        """Pass *publication* on; those who miss the one before it, and receive nothing any more."""
        _seal(self._hearing.values())
        for catching_up in self._catching_up:
            catching_up.hold(publication)
        copies = Copies(self._name, publication, self._last)
        lost: list[Subscription] = []
        for cohort in tuple(self.cohorts):
            match cohort.place(publication):
                case "next":
                    cohort.deliver(copies, self._outbox, self._metrics, lossy=self._lossy)
                case "gap":
                    lost += self.dismiss(cohort)
        if len(self.cohorts) > 1:
            self._unite()
        self._last = publication if self._delta else None
        return lost

    def dismiss(self, cohort: Cohort) -> list[Subscription]:
        """Those of *cohort*, who receive nothing any more until they have recovered."""
        self.cohorts = [each for each in self.cohorts if each is not cohort]
        return list(cohort)

    def _unite(self) -> None:
        """Cohorts that stand at the same place now are one."""
        united: dict[Position, Cohort] = {}
        for cohort in self.cohorts:
            known = united.setdefault(cohort.position, cohort)
            if known is not cohort:
                known.absorb(cohort)
        self.cohorts = list(united.values())

    # Position checks

    @property
    def positioned(self) -> bool:
        """Whether there is anything to check."""
        return any(cohort.epoch for cohort in self.cohorts)

    def doubt(self) -> None:
        """Announcements may have been lost: whoever is catching up reads once more."""
        for subscription in self._catching_up:
            subscription.doubt()

    def differs(self, top: Position) -> bool:
        """Whether somebody does not stand at the *top* of the stream."""
        return any(cohort.position != top for cohort in self.cohorts)

    def behind(self, least: Position, top: Position, had: Mapping[Cohort, int]) -> list[Subscription]:
        """Those who, at a second look, miss something; they receive nothing any more until they have recovered.

        :param least: what was the top at the first look; whoever has that by now had it on the way.
        :param top: the top at the second look.
        :param had: where the cohorts stood just before the second look: none may be ahead of the stream.
        """
        lost: list[Subscription] = []
        for cohort in [each for each in self.cohorts if each in had]:
            if cohort.epoch != top.epoch or cohort.offset < least.offset or had[cohort] > top.offset:
                lost += self.dismiss(cohort)
        return lost


def _remove(subscription: Subscription, groups: dict[Any, Group]) -> bool:
    """Whether it was in one of *groups*, in which it is no longer."""
    for key, group in groups.items():
        if group.members.pop(subscription, None) is not None:
            if not group:
                del groups[key]
            return True
    return False


def _seal(groups: Iterable[Group]) -> None:
    """What follows in these *groups* does not go with what is under way: it comes after something else."""
    for group in groups:
        group.open = None
