"""From ``MODULE:APP`` on a command line to the application."""

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from offhook.base.errors import UsageError


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
