"""Bodies: uploads, and what else a browser sends."""

from typing import Any

import msgspec
import pytest
from starlette.datastructures import UploadFile

from offhook.pages.results import data
from offhook.pages.routes import route

from .support import ask, site

BOUNDARY = "frontier"


class Photo(msgspec.Struct):
    title: str
    file: UploadFile


def multipart(*parts: tuple[str, str, bytes]) -> bytes:
    body = b""
    for name, filename, content in parts:
        named = f'; filename="{filename}"' if filename else ""
        body += f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{named}\r\n\r\n'.encode()
        body += content + b"\r\n"
    return body + f"--{BOUNDARY}--\r\n".encode()


def send(action: Any, *parts: tuple[str, str, bytes]) -> Any:
    kind = f"multipart/form-data; boundary={BOUNDARY}"
    return ask(site([route("a", "a")], a={"action": action}), "POST", "/a", multipart(*parts), content_type=kind)


def test_an_upload() -> None:
    files: list[UploadFile] = []

    async def action(form: Photo) -> object:
        files.append(form.file)
        return data([form.title, form.file.filename, (await form.file.read()).decode()])

    reply = send(action, ("title", "", b"Cat"), ("file", "cat.txt", b"meow"))

    assert reply.page["actionData"] == {"a": ["Cat", "cat.txt", "meow"]}
    assert files[0].file.closed


@pytest.mark.parametrize("part", [("file", "", b"text"), ("title", "x.txt", b"upload")])
def test_a_text_is_no_upload_and_an_upload_no_text(part: tuple[str, str, bytes]) -> None:
    async def action(form: Photo) -> None: ...

    other = ("title", "", b"Cat") if part[0] == "file" else ("file", "cat.txt", b"meow")
    reply = send(action, other, part)

    assert (reply.status, reply.page["actionData"]["a"]["errors"][part[0]]["code"]) == (422, "type")


def test_what_was_typed_comes_back_without_the_upload() -> None:
    class Strict(Photo):
        count: int

    async def action(form: Strict) -> None: ...

    reply = send(action, ("title", "", b"Cat"), ("file", "cat.txt", b"meow"))

    assert reply.page["actionData"]["a"]["values"] == {"title": "Cat"}


def test_no_body_is_an_empty_form() -> None:
    class Empty(msgspec.Struct):
        a: int = 1

    async def action(form: Empty) -> object:
        return data(form)

    assert ask(site([route("a", "a")], a={"action": action}), "POST", "/a").page["actionData"] == {"a": {"a": 1}}
