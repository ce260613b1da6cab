"""The inbox: what one was told, and marking it as read."""

from examples.notifications import store
from examples.notifications.channels import Inbox
from examples.notifications.data import InboxPage, MarkRead, User
from offhook import Line, live


@live(Inbox)
async def loader(user: User) -> InboxPage:
    """The newest ones."""
    return InboxPage(await store.newest(user))


async def action(form: MarkRead, user: User, line: Line) -> None:
    """Mark one or all as read, here and in all other tabs of the reader."""
    for notification in await store.mark_read(user, form.id):
        await line.publish(Inbox(user_id=user.name), notification)
