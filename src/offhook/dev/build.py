"""``offhook build``: types, route table, and the two bundles of the views."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from offhook import typegen
from offhook.app import App, build_folder
from offhook.base.errors import UsageError
from offhook.dev.node import find_node
from offhook.dev.vite import find_vite

Part = Literal["client", "server"]
_OPTIONS: Mapping[Part, Sequence[str]] = {"client": [], "server": ["--ssr"]}


def build(app: App) -> None:
    """Bring everything up to date that serving needs and that Python cannot make, for the mode of *app*.

    :raises UsageError: no Node, no Vite, or a view that does not build (Vite has said why).
    """
    typegen.write(app)
    for part in _OPTIONS:
        build_views(app.folder, part, app.mode)


def build_views(folder: Path, part: Part, mode: Literal["development", "production"]) -> None:
    """Bundle the views below *folder* for the browser, or for rendering documents.

    :raises UsageError: no Node, no Vite, or a view that does not build (Vite has said why).
    """
    out = build_folder(folder, mode) / part
    vite: list[str | Path] = [find_node(), find_vite(folder), "build", "--logLevel", "warn"]
    command = [*vite, "--mode", mode, "--outDir", out, *_OPTIONS[part]]
    # NODE_ENV chooses between React's two builds; what the shell has set is not meant for this.
    if subprocess.run(command, cwd=folder, env=os.environ | {"NODE_ENV": mode}, check=False).returncode:
        raise UsageError(f"the views in {folder} do not build; Vite's own words are above")
