"""The command ``offhook``: what is said on a command line, and nothing of what is done about it.

Each command imports what it needs when it runs, so that serving the engine alone does not ask for the page half.
"""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from offhook.base.errors import UsageError
from offhook.cli.serving import names, serving_options, settings_of
from offhook.server.loading import load

if TYPE_CHECKING:
    from offhook.app import App


_MODE = "OFFHOOK_MODE"
"""An App reads it when it is made (``offhook.app.MODE``, which is not imported here: see above)."""


class _Refusal(click.ClickException):
    """One line on the error output, and the exit code of a wrong command line."""

    exit_code = 2


class _Commands(click.Group):
    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except click.BadParameter as error:
            raise _Refusal(error.format_message()) from error
        except UsageError as error:
            raise _Refusal(" ".join(str(error).split())) from error


_target = click.argument("target", metavar="MODULE:APP", default="app:app")
_host = click.option("--host", default="127.0.0.1", show_default=True)
_port = click.option(
    "--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="0 picks a free one."
)
_mode = click.option(
    "--mode",
    type=click.Choice(["production", "development"]),
    default="production",
    help="Which build of the views.",
)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="offhook")
def main() -> None:
    """Offhook: routes with Python loaders, whose data stays live."""


@main.command()
@_target
@_host
@_port
@_mode
@serving_options
def serve(target: str, mode: Literal["production", "development"], workers: int, **chosen: Any) -> None:
    """Serve MODULE:APP, an App, a Realtime or any other ASGI application."""
    from offhook.server.loading import application
    from offhook.server.serve import serve, serve_by_workers

    os.environ[_MODE] = mode
    settings = settings_of(chosen)
    if workers > 1:
        serve_by_workers(target, settings, workers, announce=_announce)
    else:
        serve(application(target), settings, announce=_announce)


@main.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--template", type=click.Choice(["minimal", "chat"]), default="minimal", show_default=True)
def new(folder: Path, template: str) -> None:
    """Make a small application in FOLDER."""
    from offhook.dev.new import create

    create(folder, template)
    click.echo(f"Made {folder}. Next: cd {folder} && npm install && offhook dev")


@main.command()
@_target
@_host
@_port
@click.option(
    "--hosts", metavar="NAME,...", default="", help="Names beside localhost that Host may have, without ports."
)
def dev(target: str, host: str, port: int, hosts: str) -> None:
    """Serve MODULE:APP while it is being written: what is saved is what is seen."""
    from offhook.dev.develop import develop

    develop(target, host=host, port=port, hosts=names(hosts), say=click.echo)


@main.command()
@_target
@_mode
def build(target: str, mode: Literal["production", "development"]) -> None:
    """Build the views of MODULE:APP, for serving them without Node."""
    from offhook.dev.build import build as run

    os.environ[_MODE] = mode
    run(_load_app(target))


@main.command()
@_target
@click.option("--check", is_flag=True, help="Change nothing; fail if a file is out of date.")
def typegen(target: str, check: bool) -> None:
    """Write the TypeScript types of MODULE:APP's routes."""
    from offhook import typegen as types

    app = _load_app(target)
    changed = types.outdated(app) if check else types.write(app)
    for path in changed:
        click.echo(path)
    if check and changed:
        raise UsageError(f"these files are out of date; run: offhook typegen {target}")


@main.command()
@_target
def routes(target: str) -> None:
    """Print the route table of MODULE:APP."""
    from offhook.dev.routes import describe

    click.echo(describe(_load_app(target).table))


def _announce(address: str) -> None:
    click.echo(f"Serving {address} (Ctrl-C ends it)")


def _load_app(target: str) -> "App":
    from offhook.app import App

    app = load(target)
    if not isinstance(app, App):
        raise UsageError(f"{target} is not an offhook.App; only those have pages")
    return app
