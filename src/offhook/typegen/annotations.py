"""The annotations of handlers and channels in TypeScript."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias, TypeVar

from starlette.datastructures import UploadFile

from offhook.base.errors import UsageError
from offhook.base.inject import hints, location
from offhook.realtime.registry import ChannelClass
from offhook.typegen.typescript import Declarations
from offhook.typegen.words import Inexpressible, Mode

T = TypeVar("T")
Function: TypeAlias = Callable[..., Any]


class Annotations:
    """The types of one file, and the named types that they need.

    :param owner: whose they are, for error messages.
    :param taken: names that the file uses itself.
    """

    def __init__(self, owner: str, taken: tuple[str, ...]) -> None:
        self.declarations = Declarations(taken, received={UploadFile: "File"})
        self._owner = owner

    def text(self, function: Function | None, part: str, annotation: Any, mode: Mode = "output") -> str:
        """*annotation*, which stands at *part* of *function*.

        :raises UsageError: TypeScript cannot express it.
        """
        return self.expressed(function, part, lambda: self.declarations.expression(annotation, mode))

    def expressed(self, function: Function | None, part: str, express: Callable[[], T]) -> T:
        """What *express* says.

        :raises UsageError: it says that something cannot be expressed.
        """
        try:
            return express()
        except Inexpressible as error:
            where = f"{location(function)}: " if function else ""
            raise UsageError(f"{where}{self._owner}, {part}: {error}") from error

    def carried(self, channel: ChannelClass, function: Function | None = None) -> Mapping[str, str]:
        """What a channel carries: ``Publication``, and if clients may, ``Publish``, ``Call`` and ``Result``."""
        found = {"Publication": self.text(function, channel.__name__, channel.publication_type())}
        for name, handler in (("Publish", "on_publish"), ("Call", "on_call")):
            if (rule := getattr(channel, handler, None)) is not None:
                found[name] = self.text(rule, "data", hints(rule).get("data", Any), "input")
        if (rule := getattr(channel, "on_call", None)) is not None:
            found["Result"] = self.text(rule, "the result", hints(rule).get("return", Any))
        return found
