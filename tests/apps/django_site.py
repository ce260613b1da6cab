"""A Django project of one file, with Offhook in front of it."""

from django.conf import settings
from django.core.asgi import get_asgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import path

from offhook import Realtime
from tests.apps.ticks import Ticks

settings.configure(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"], SECRET_KEY="for the tests only")


def count(request: HttpRequest, n: int) -> HttpResponse:
    """A plain ``def`` view: Django runs it in a thread."""
    application.line.publish_sync(Ticks(name="a"), {"n": n})
    return HttpResponse(f"counted {n}")


async def count_async(request: HttpRequest, n: int) -> HttpResponse:
    """An ``async def`` view."""
    await application.line.publish(Ticks(name="a"), {"n": n})
    return HttpResponse(f"counted {n}")


urlpatterns = [path("count/<int:n>", count), path("count-async/<int:n>", count_async)]

application = Realtime(channels=[Ticks], fallback=get_asgi_application())
