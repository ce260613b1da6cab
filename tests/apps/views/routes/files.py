"""Any file below a folder."""

import msgspec
from starlette.requests import Request


class File(msgspec.Struct):
    """Its path."""

    path: str


def loader(request: Request) -> File:
    return File(request.url.path)
