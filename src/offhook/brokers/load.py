"""From a URL to a broker: the scheme names an entry point, so that adding a broker edits no file of ours."""

from collections.abc import Callable
from importlib.metadata import entry_points
from typing import cast
from urllib.parse import urlsplit

from offhook.base.env import Env
from offhook.base.errors import UsageError
from offhook.brokers.base import Broker

GROUP = "offhook.brokers"


def open_broker(url: str, env: Env) -> Broker:
    """The broker behind *url*, not started: ``factory(url, env)`` of the entry point named like the scheme.

    :raises UsageError: nothing installed knows the scheme.
    """
    scheme = urlsplit(url).scheme
    found = entry_points(group=GROUP, name=scheme)
    if not found:
        known = ", ".join(sorted(f"{each.name}://" for each in entry_points(group=GROUP)))
        raise UsageError(f"no broker for {url!r}; installed ones: {known}")
    factory = cast("Callable[[str, Env], Broker]", next(iter(found)).load())
    return factory(url, env)
