"""From ``MODULE:APP`` on a command line to the application."""

import sys
import traceback
from importlib import import_module
from pathlib import Path
from typing import Any, cast

from offhook.base.errors import UsageError
from offhook.base.types import AsgiApp

_OURS = {Path(__file__)}
"""Not the application's, wherever it was started."""


def load(target: str) -> Any:
    """The application that *target* names, looked up from the current directory as ``python -m`` does.

    :raises UsageError: no such module or attribute, or the application itself raised one.
    """
    module_name, colon, attribute = target.partition(":")
    if not module_name or not attribute.isidentifier() or not colon:
        raise UsageError(f"{target!r} does not name an application; write MODULE:APP, as in examples.chat.app:app")
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        module = import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module_name}.".startswith(f"{error.name}."):
            raise  # It is the application that lacks a module: its traceback says where.
        raise UsageError(f"there is no module {error.name!r} in {here} or among the installed packages") from None
    if not hasattr(module, attribute):
        raise UsageError(
            f"{module_name} has no {attribute!r}; write MODULE:APP with the name of the application in it"
        )
    return getattr(module, attribute)


def application(target: str) -> AsgiApp:
    """What *target* names, to be served.

    :raises UsageError: as ``load``, or it is no application, or its module cannot be imported.
    """
    try:
        app = load(target)
    except UsageError:
        raise
    except Exception as error:
        raise UsageError(f"{target} cannot be imported: {_where(error)}") from error
    if not callable(app):
        raise UsageError(f"{target} is not an ASGI application")
    return cast("AsgiApp", app)


def _where(error: Exception) -> str:
    """What was raised, and by which line: the last one below the current directory, or else the last of all."""
    said = traceback.format_exception_only(error)[-1].strip()
    if isinstance(error, SyntaxError):
        return f"{said} at {_short(error.filename or '')}:{error.lineno}: {(error.text or '').strip()}"
    frames = [each for each in traceback.extract_tb(error.__traceback__) if not each.filename.startswith("<")]
    own = [each for each in frames if _is_of_the_application(Path(each.filename))] or frames
    return f"{said} at {_short(own[-1].filename)}:{own[-1].lineno}: {own[-1].line}"


def _is_of_the_application(path: Path) -> bool:
    inner = path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else None
    return inner is not None and path not in _OURS and "site-packages" not in inner.parts


def _short(filename: str) -> str:
    path = Path(filename)
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)
