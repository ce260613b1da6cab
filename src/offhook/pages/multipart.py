"""A ``multipart/form-data`` body (RFC 7578), read as it arrives: uploads go to temporary files piece by piece."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from tempfile import SpooledTemporaryFile
from typing import Any, BinaryIO, ClassVar, cast

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser
from starlette.datastructures import Headers, UploadFile

from offhook.base.limits import Limits
from offhook.pages.body import BodyTooLarge, NoRoom

_LONGEST_BOUNDARY = 70
"""RFC 2046, section 5.1.1."""
_IN_MEMORY = 16 * 1024
"""Bytes of one upload; more go to a file."""
_OPTION = re.compile(rb';[ \t]*([^\x00-\x20=;"]+)=(?:"((?:[^"\\]|\\.)*)"|([^;"]*))[ \t]*', re.DOTALL)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class Malformed(Exception):
    """The body is not what its content type says."""


@dataclass(slots=True)
class Parts:
    """What came, in the order of the form. ``too_large`` names the fields whose upload was beyond its limit."""

    fields: list[tuple[str, str | UploadFile]] = field(default_factory=list)
    too_large: set[str] = field(default_factory=set)


async def read_multipart(content_type: str, chunks: AsyncIterator[bytes], limits: Limits) -> Parts:
    """The parts of a body. The caller closes the uploads.

    :raises Malformed: it is no such body, or was cut off.
    :raises BodyTooLarge: it has too many parts, or too much text.
    """
    boundary = _options(content_type.encode("latin-1", "replace")).get(b"boundary", b"")
    if not 0 < len(boundary) <= _LONGEST_BOUNDARY:
        raise Malformed("there is no boundary, or it is too long")
    reader = _Reader(limits)
    try:
        parser = MultipartParser(boundary, reader.callbacks())
        async for chunk in chunks:
            # In a thread, because a disk may be slow.
            await asyncio.to_thread(parser.write, chunk)
        if not reader.ended:
            raise Malformed("the body was cut off")
    except FormParserError as error:
        reader.close()
        raise Malformed(str(error)) from error
    except BaseException:
        reader.close()
        raise
    return reader.parts


class _Spooled(SpooledTemporaryFile[bytes]):
    """The content of one upload, which becomes a temporary file when it is long; those are counted.

    :raises BodyTooLarge: the form has as many as it may have, from ``write``.
    :raises NoRoom: the process has.
    """

    open: ClassVar[set["_Spooled"]] = set()
    """Those of this process that are temporary files."""

    def __init__(self, reader: "_Reader") -> None:
        super().__init__(max_size=_IN_MEMORY)
        self._reader = reader

    def rollover(self) -> None:
        """Become a file."""
        if self not in self.open:
            self._reader.count_file(len(self.open))
            self.open.add(self)
        super().rollover()

    def close(self) -> None:
        """Remove it."""
        super().close()
        self.open.discard(self)


class _Reader:
    """Takes the parser's calls."""

    def __init__(self, limits: Limits) -> None:
        self.parts = Parts()
        self.ended = False
        self._limits = limits
        self._count = 0
        self._files = 0
        """Uploads in temporary files."""
        self._head = 0
        """Bytes of the current part's head, as far as they came."""
        self._header, self._value = bytearray(), bytearray()
        self._headers: list[tuple[bytes, bytes]] = []
        self._name = ""
        self._text = bytearray()
        self._texts = 0
        self._upload: UploadFile | None = None

    def callbacks(self) -> Any:
        """For ``MultipartParser``."""
        return {
            "on_part_begin": self._begin,
            "on_header_field": lambda data, start, end: self._grow(self._header, data[start:end]),
            "on_header_value": lambda data, start, end: self._grow(self._value, data[start:end]),
            "on_header_end": self._end_header,
            "on_headers_finished": self._open,
            "on_part_data": lambda data, start, end: self._take(data[start:end]),
            "on_part_end": self._end,
            "on_end": lambda: setattr(self, "ended", True),
        }

    def count_file(self, others: int) -> None:
        """An upload becomes a temporary file, beside *others* of this process."""
        self._files += 1
        if self._files > self._limits.form_files:
            raise BodyTooLarge
        if others >= self._limits.files:
            raise NoRoom

    def close(self) -> None:
        """Remove the temporary files."""
        for _, value in [*self.parts.fields, ("", self._upload)]:
            if isinstance(value, UploadFile):
                value.file.close()

    def _begin(self) -> None:
        self._count += 1
        if self._count > self._limits.form_parts:
            raise BodyTooLarge
        self._headers, self._text, self._upload, self._head = [], bytearray(), None, 0

    def _grow(self, part: bytearray, data: bytes) -> None:
        self._head += len(data)
        if self._head > self._limits.form_part_head:
            raise BodyTooLarge
        part += data

    def _end_header(self) -> None:
        self._headers.append((bytes(self._header).lower(), bytes(self._value)))
        self._header.clear()
        self._value.clear()

    def _open(self) -> None:
        headers = Headers(raw=self._headers)
        options = _options(dict(self._headers).get(b"content-disposition", b""))
        if b"name" not in options:
            raise Malformed("a part has no name")
        self._name = options[b"name"].decode(errors="replace")
        if (filename := options.get(b"filename")) is not None:
            file = cast("BinaryIO", _Spooled(self))
            name = _file_name(filename.decode(errors="replace"))
            self._upload = UploadFile(file, size=0, filename=name, headers=headers)

    def _take(self, data: bytes) -> None:
        upload = self._upload
        if upload is None:
            self._texts += len(data)
            if self._texts > self._limits.body:
                raise BodyTooLarge
            self._text += data
        elif self._name not in self.parts.too_large:
            upload.size = (upload.size or 0) + len(data)
            if upload.size <= self._limits.upload:
                upload.file.write(data)
            else:
                self.parts.too_large.add(self._name)
                upload.file.truncate(0)

    def _end(self) -> None:
        upload, self._upload = self._upload, None
        if upload is None:
            self.parts.fields.append((self._name, self._text.decode(errors="replace")))
        elif upload.filename or upload.size:
            upload.file.seek(0)
            self.parts.fields.append((self._name, upload))
        else:  # A browser sends a file input that nobody has filled as an empty file without a name.
            upload.file.close()


def _options(header: bytes) -> dict[bytes, bytes]:
    """The parameters of a header, ``; name="value"``; the first of a name counts. It is linear in its length."""
    found: dict[bytes, bytes] = {}
    at = header.find(b";")
    while at >= 0 and (option := _OPTION.match(header, at)):
        name, quoted, bare = option.groups()
        # Browsers write a quote as %22. Only an escaped quote is undone: a backslash may be part of a path.
        found.setdefault(name.lower(), bare.strip() if quoted is None else quoted.replace(b'\\"', b'"'))
        at = option.end()
    return found


def _file_name(sent: str) -> str:
    """The name alone: what comes from elsewhere must not choose a folder of ours."""
    return _CONTROL.sub("", sent.replace("\\", "/").rpartition("/")[2])
