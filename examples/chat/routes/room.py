"""One room: its last messages, and posting a new one."""

from examples.chat import store
from examples.chat.channels import Room
from examples.chat.data import Message, NewMessage, RoomPage, User
from offhook import Line, live


@live(Room)
async def loader(room_id: int, user: User) -> RoomPage:
    room = await store.room(room_id, user)
    return RoomPage(room=room, messages=await store.last_messages(room_id), me=user)


async def action(room_id: int, form: NewMessage, user: User, line: Line) -> Message:
    await store.room(room_id, user)
    message = await store.add_message(room_id, user, form.text)
    await line.publish(Room(room_id=room_id), message)
    return message
