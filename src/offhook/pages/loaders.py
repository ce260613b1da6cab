"""Loaders, and the extension point around them."""

from collections.abc import Mapping
from typing import Any, Protocol

from offhook.base.incoming import Identity
from offhook.base.types import Json
from offhook.pages.visit import Visit

__all__ = ["Extension", "Visit"]


class Extension(Protocol):
    """Something that looks at every visit and adds to its page."""

    async def before(self, visit: Visit) -> Mapping[str, Json]:
        """Called after the match and before any of the application's code; returns fields for the page."""
        ...

    async def identified(self, visit: Visit, identity: Identity[Any] | None) -> Mapping[str, Json]:
        """Called right after ``authenticate`` has returned, before loaders and their middleware.

        Returns fields that replace those of the same names in ``visit.fields``.
        """
        ...

    def headers(self, visit: Visit) -> Mapping[str, str]:
        """Headers for the answer."""
        ...
