"""The options of ``offhook serve``: the server's settings, and those limits that depend on the machine."""

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any, TypeVar

import click

from offhook.base.limits import CHOSEN, Limits
from offhook.server.settings import Settings

F = TypeVar("F", bound=Callable[..., Any])

LIMITS = (
    *("head", "head_line", "headers", "head_time", "body", "body_idle", "body_pace", "upload", "uploads"),
    *("command_frame", "socket_message", "unfinished", "queue"),
    *("connections", "connections_of_address", "connections_of_user"),
    *("ping", "pong", "write", "unread", "render", "render_memory"),
)
"""Those of ``Limits`` that depend on machine and network. The others belong to the application."""

_DEFAULTS = Settings()


class _Octal(click.ParamType[int]):
    name = "mode"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        try:
            return int(value, 8)
        except ValueError:
            self.fail(f"{value!r} are no permissions; write them as in chmod 660", param, ctx)


_FILE = click.Path(exists=True, dir_okay=False, readable=True)
_LEVELS = click.Choice(["critical", "error", "warning", "info", "debug"])

_OPTIONS = (
    click.option("--uds", type=click.Path(), metavar="PATH", help="A Unix socket, in place of host and port."),
    click.option(
        "--uds-mode", type=_Octal(), metavar="MODE", default=_DEFAULTS.uds_mode, help="Its permissions; 660."
    ),
    click.option("--workers", type=click.IntRange(1), default=1, show_default=True, help="Processes."),
    click.option(
        "--drain",
        type=click.FloatRange(0),
        default=_DEFAULTS.drain,
        show_default=True,
        metavar="SECONDS",
        help="From SIGTERM to the end, at most.",
    ),
    click.option("--ssl-certfile", type=_FILE, metavar="FILE", help="Certificate chain; serves https and wss."),
    click.option("--ssl-keyfile", type=_FILE, metavar="FILE", help="Its key, unless that is in the same file."),
    click.option("--ssl-keyfile-password", metavar="TEXT", help="What the key is encrypted with."),
    click.option("--ssl-ca-certs", type=_FILE, metavar="FILE", help="Who may sign clients' certificates."),
    click.option(
        "--ssl-cert-reqs",
        type=click.IntRange(0, 2),
        default=int(_DEFAULTS.ssl_cert_reqs),
        show_default=True,
        help="Clients' certificates: 0 none, 1 optional, 2 required.",
    ),
    click.option("--ssl-ciphers", metavar="TEXT", help="Ciphers of TLS 1.2, in OpenSSL's words."),
    click.option(
        "--hosts", metavar="NAME,...", default="", help="The only values of Host that are answered, without ports."
    ),
    click.option(
        "--forwarded-allow-ips",
        metavar="ADDRESS,...",
        default="",
        help="Proxies whose X-Forwarded-For and -Proto are believed: addresses, networks, unix: or *.",
    ),
    click.option("--root-path", metavar="PATH", default="", help="The prefix at which a proxy serves it."),
    click.option("--compress", is_flag=True, help="Larger WebSocket messages, for those who offer it."),
    click.option("--log-level", type=_LEVELS, default=_DEFAULTS.log_level, show_default=True),
    click.option("--access-log", is_flag=True, help="One line for each request and each upgrade."),
    *(
        click.option(
            f"--limit-{field.name.replace('_', '-')}",
            type=click.IntRange(1) if isinstance(field.default, int) else click.FloatRange(0, min_open=True),
            metavar="NUMBER" if isinstance(field.default, int) else "SECONDS",
            help=f"Limits.{field.name}; {field.default} unless the application says otherwise.",
        )
        for field in fields(Limits)
        if field.name in LIMITS
    ),
)


def serving_options(command: F) -> F:
    """Give *command* all of them."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def settings_of(chosen: Mapping[str, Any]) -> Settings:
    """What was *chosen*. Limits are told to the application, which reads them when it is made."""
    limits = {name: chosen[f"limit_{name}"] for name in LIMITS if chosen[f"limit_{name}"] is not None}
    if limits:
        os.environ[CHOSEN] = json.dumps(limits)
    others = {name: value for name, value in chosen.items() if not name.startswith("limit_")}
    return Settings(
        hosts=names(others.pop("hosts")),
        forwarded_allow_ips=names(others.pop("forwarded_allow_ips")),
        **others,
    )


def names(text: str) -> tuple[str, ...]:
    """The names of a list with commas."""
    return tuple(each.strip() for each in text.split(",") if each.strip())
