"""The feed: a resource route with headers."""

from xml.sax.saxutils import escape

from starlette.responses import Response

from tests.apps.gallery.store import photos

headers = {"x-robots-tag": "noindex"}


def loader() -> Response:
    items = "".join(f"<item><title>{escape(name)}</title></item>" for name in photos())
    return Response(f"<rss><channel>{items}</channel></rss>", media_type="application/rss+xml")
