"""Django Channels on uvicorn with its layer in memory: ``group_send`` to a group."""

import sys

import django
import uvicorn
from django.conf import settings

settings.configure(
    ALLOWED_HOSTS=["*"],
    CHANNEL_LAYERS={"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}},
    ROOT_URLCONF=__name__,
)
django.setup()

from channels.generic.websocket import AsyncWebsocketConsumer  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from django.core.asgi import get_asgi_application  # noqa: E402
from django.http import HttpRequest, HttpResponse  # noqa: E402
from django.urls import path  # noqa: E402

ROOM = "room"


class Subscriber(AsyncWebsocketConsumer):
    """Gets what is published."""

    async def connect(self) -> None:
        """In the group from the beginning."""
        await self.channel_layer.group_add(ROOM, self.channel_name)
        await self.accept()

    async def disconnect(self, code: int) -> None:
        """No longer in the group."""
        await self.channel_layer.group_discard(ROOM, self.channel_name)

    async def room_text(self, said: dict[str, str]) -> None:
        """What is published."""
        await self.send(said["text"])


class Publisher(AsyncWebsocketConsumer):
    """Sends to the group."""

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """A text to publish."""
        await self.channel_layer.group_send(ROOM, {"type": "room.text", "text": text_data})


class Echo(AsyncWebsocketConsumer):
    """Sends back."""

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """A text."""
        await self.send(text_data)


async def plain(request: HttpRequest) -> HttpResponse:
    """``GET /plain``."""
    return HttpResponse("ok")


urlpatterns = [path("plain", plain)]
sockets = [
    path("sub", Subscriber.as_asgi()),
    path("pub", Publisher.as_asgi()),
    path("echo", Echo.as_asgi()),
]
app = ProtocolTypeRouter({"http": get_asgi_application(), "websocket": URLRouter(sockets)})

if __name__ == "__main__":
    uvicorn.run(
        app,
        port=int(sys.argv[1]),
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        lifespan="off",
        log_level="warning",
    )
