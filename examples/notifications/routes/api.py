"""Tell somebody something, as a program: ``POST /api/notifications`` with the token; the answer is JSON."""

from examples.notifications.data import NewNotification, Notification, User
from examples.notifications.delivery import deliver
from offhook import Line


async def action(form: NewNotification, user: User, line: Line) -> Notification:
    """The same as the page's, for a body in JSON."""
    return await deliver(form, user, line)
