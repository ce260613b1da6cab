"""One photo: a resource route, because there is no view."""

from starlette.responses import FileResponse

from offhook import NotFound
from tests.apps.gallery.store import FOLDER, photos


def loader(name: str) -> FileResponse:
    if name not in photos():
        raise NotFound
    return FileResponse(FOLDER / name, media_type="image/png")
