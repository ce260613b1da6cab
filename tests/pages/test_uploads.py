"""Forms with files: streamed, bounded, and refused with the error of their field."""

import asyncio
import os
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from starlette.datastructures import FormData, UploadFile

from offhook.base.limits import Limits
from offhook.pages.handler import PagesHandler
from offhook.pages.multipart import _Spooled
from offhook.pages.results import data
from offhook.pages.routes import route

from .support import Exchange, Reply, site

LIMITS = Limits(body=1000, form_parts=5, upload=50_000, uploads=120_000)
TYPE = "multipart/form-data; boundary=XX"


class Photo(msgspec.Struct):
    title: str
    file: UploadFile


class Album(msgspec.Struct):
    files: list[UploadFile]
    cover: UploadFile | None = None


def uploads(action: Any, limits: Limits = LIMITS) -> PagesHandler:
    return site([route("a", "a")], {"limits": limits}, a={"action": action})


def part(name: str, content: bytes, filename: str | None = None) -> bytes:
    named = "" if filename is None else f'; filename="{filename}"'
    head = f'--XX\r\nContent-Disposition: form-data; name="{name}"{named}\r\nContent-Type: text/plain\r\n\r\n'
    return head.encode() + content + b"\r\n"


def send(app: PagesHandler, *parts: bytes, end: bytes = b"--XX--\r\n", piece: int = 1000) -> Reply:
    """POST the parts in small pieces."""
    body = b"".join(parts) + end
    chunks: Sequence[bytes] = [body[at : at + piece] for at in range(0, len(body), piece)] or [b""]
    exchange = Exchange("POST", "/a", {"content-type": TYPE}, chunks)
    asyncio.run(exchange.run(app))
    return exchange.reply


async def describe(form: Photo) -> object:
    return data([form.title, form.file.filename, form.file.size, form.file.content_type])


def errors(reply: Reply) -> dict[str, str]:
    return {name: error["code"] for name, error in reply.page["actionData"]["a"]["errors"].items()}


@pytest.mark.parametrize("piece", [1, 7, 1000, 100_000])
def test_a_file_arrives_in_pieces(piece: int) -> None:
    contents: list[bytes] = []

    async def action(form: Photo) -> object:
        contents.append(await form.file.read())
        return await describe(form)

    content = os.urandom(2000)
    reply = send(uploads(action), part("title", b"Cat"), part("file", content, "cat.png"), piece=piece)

    assert reply.page["actionData"]["a"] == ["Cat", "cat.png", 2000, "text/plain"]
    assert contents == [content]


def test_a_large_file_is_never_whole_in_memory() -> None:
    rolled: list[bool] = []

    async def action(form: Photo) -> None:
        rolled.append(form.file.file._rolled)  # type: ignore[attr-defined]

    send(uploads(action), part("title", b""), part("file", b"x" * 50_000, "a"))
    send(uploads(action), part("title", b""), part("file", b"x" * 1000, "a"))

    assert rolled == [True, False]


def test_a_file_beyond_its_limit_is_an_error_of_its_field_and_the_rest_is_kept() -> None:
    reply = send(uploads(describe), part("title", b"Cat"), part("file", b"x" * 50_001, "cat.png"))

    assert (reply.status, errors(reply)) == (422, {"file": "too_large"})
    answer = reply.page["actionData"]["a"]
    assert answer["values"] == {"title": "Cat"}
    assert answer["errors"]["file"]["params"] == {"max": 50_000}


def test_all_errors_at_once() -> None:
    reply = send(uploads(describe), part("file", b"x" * 50_001, "cat.png"))

    assert errors(reply) == {"title": "required", "file": "too_large"}


@pytest.mark.parametrize(
    "parts",
    [
        [part("file", b"x" * 45_000, "a"), part("file", b"x" * 45_000, "b"), part("file", b"x" * 45_000, "c")],
        [part("title", b"x" * 1001)],
        [part(f"{number}", b"") for number in range(6)],
        [part(f"{number}", b"", "") for number in range(6)],
    ],
)
def test_too_much_ends_the_request(parts: list[bytes]) -> None:
    assert send(uploads(describe), *parts).status == 413


def test_only_an_action_that_takes_files_may_be_sent_that_much() -> None:
    async def action(form: dict[str, str]) -> None: ...

    for takes in (describe, lambda form: None):
        assert send(uploads(takes if takes is describe else action), part("x", b"", "a" * 2000)).status in (
            413,
            422,
        )
    assert send(uploads(action), part("file", b"x" * 2000, "a")).status == 413
    assert send(uploads(describe), part("file", b"x" * 2000, "a")).status == 422


def test_lists_and_optional_files() -> None:
    async def action(form: Album) -> object:
        return data([[each.filename for each in form.files], form.cover and form.cover.filename])

    both = send(uploads(action), part("files", b"1", "a"), part("files", b"2", "b"), part("cover", b"3", "c"))
    none = send(uploads(action), part("cover", b"", ""))

    assert both.page["actionData"]["a"] == [["a", "b"], "c"]
    assert none.page["actionData"]["a"] == [[], None]


def test_an_input_that_nobody_filled_was_not_sent() -> None:
    reply = send(uploads(describe), part("title", b"Cat"), part("file", b"", ""))

    assert errors(reply) == {"file": "required"}


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Windows\\win.ini", "win.ini"),
        ("/etc/", ""),
        ("a\x00b\x1f.txt", "ab.txt"),
        ("..", ".."),
        ("Ünïcode.txt", "Ünïcode.txt"),
    ],
)
def test_a_file_name_has_no_folder(sent: str, name: str) -> None:
    reply = send(uploads(describe), part("title", b""), part("file", b"x", sent))

    assert reply.page["actionData"]["a"][1] == name


def test_the_form_by_hand() -> None:
    async def action(form: FormData) -> object:
        return data([*form])

    assert send(uploads(action), part("file", b"x" * 2000, "a")).page["actionData"]["a"] == ["file"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--XX",
        b"--XX\r\n",
        part("file", b"x" * 5000, "a")[:-10],
        part("file", b"x", "a") + b"--YY--",
        b"--XX\r\nContent-Disposition: form-data\r\n\r\nx\r\n--XX--\r\n",
        b"--XX\r\nContent-Type: text/plain\r\n\r\nx\r\n--XX--\r\n",
        b"--XX\r\n" + b"A: b\r\n" * 100 + b"\r\nx\r\n--XX--\r\n",
        b"--XX\r\nA: " + b"b" * 10_000 + b"\r\n\r\nx\r\n--XX--\r\n",
    ],
)
def test_malformed_and_truncated_bodies(body: bytes, caplog: pytest.LogCaptureFixture) -> None:
    assert send(uploads(describe), body, end=b"").status == 400
    assert caplog.text == ""


@pytest.mark.parametrize("leaves", [True, False])
def test_temporary_files_are_gone_after_a_request_that_broke_off(leaves: bool) -> None:
    before = len(os.listdir("/proc/self/fd"))
    exchange = Exchange("POST", "/a", {"content-type": TYPE}, [part("file", b"x" * 40_000, "a")], leaves=leaves)
    asyncio.run(exchange.run(uploads(describe)))

    assert len(os.listdir("/proc/self/fd")) == before


@pytest.mark.parametrize(
    ("limits", "status"), [({"form_files": 2}, 413), ({"files": 2}, 503), ({"files": 3}, 200)]
)
def test_temporary_files_are_bounded_and_counted_until_they_are_closed(
    limits: dict[str, int], status: int
) -> None:
    async def action(form: Album) -> object:
        return data(len(form.files))

    app = uploads(action, replace(LIMITS, **limits))
    long, short = part("files", bytes(20_000), "a"), part("files", bytes(10), "b")

    for _ in range(3):
        assert send(app, long, short, short, long).status == 200
        assert send(app, long, long, long).status == status
        assert not _Spooled.open
