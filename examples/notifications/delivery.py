"""Telling somebody something: stored first, then published. Every way in ends here."""

from examples.notifications import store
from examples.notifications.channels import Inbox
from examples.notifications.data import NewNotification, Notification, User
from offhook import Line


async def deliver(new: NewNotification, sender: User, line: Line) -> Notification:
    """Store it, then tell all open pages of the receiver.

    :raises NotFound: nobody has that name.
    """
    notification = await store.add(new, sender)
    await line.publish(Inbox(user_id=new.to), notification)
    return notification
