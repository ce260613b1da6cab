"""The photos, and the form for another one."""

import shutil

import msgspec
from starlette.datastructures import UploadFile

from offhook import FieldError, Invalid, Session
from tests.apps.gallery.store import FOLDER, photos


class Photos(msgspec.Struct):
    """What the page shows."""

    names: list[str]
    notice: str | None


class NewPhoto(msgspec.Struct):
    """What the form sends."""

    title: str
    file: UploadFile


def loader(session: Session) -> Photos:
    notice = session.take_flash("notice")
    return Photos(names=photos(), notice=str(notice) if notice else None)


def action(form: NewPhoto, session: Session) -> None:
    if form.file.content_type != "image/png":
        raise Invalid({"file": FieldError("kind", "Choose a PNG image.")})
    name = "".join(filter(str.isalnum, form.title)) or "untitled"
    with (FOLDER / f"{name}.png").open("wb") as file:
        shutil.copyfileobj(form.file.file, file)
    session.flash("notice", f"{form.title} is there.")
