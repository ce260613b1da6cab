"""Tell somebody something, as a person."""

from examples.notifications import store
from examples.notifications.data import NewNotification, Notification, SendPage, User
from examples.notifications.delivery import deliver
from offhook import Line


async def loader(user: User) -> SendPage:
    """Everybody can be told something, oneself too."""
    return SendPage(await store.people())


async def action(form: NewNotification, user: User, line: Line) -> Notification:
    """An ordinary request, from which somebody else's pages change."""
    return await deliver(form, user, line)
