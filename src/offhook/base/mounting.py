"""Where an application is mounted: the part of every address that is not its own (``root_path`` in ASGI).

A server's ``--root-path`` and a router's mount put the prefix before the path of the scope. Routes, files and data
are looked up below it; every address that leaves the application for the browser has it again.
"""

from urllib.parse import quote

from offhook.base.types import Scope


def root_of(scope: Scope) -> str:
    """The prefix, without a slash at its end; empty where the application has all addresses."""
    root: str = scope.get("root_path", "")
    return root.rstrip("/")


def below_root(scope: Scope) -> Scope:
    """*scope* with the path below the prefix; itself without one."""
    root, path = root_of(scope), scope["path"]
    if not root or not (path == root or path.startswith(f"{root}/")):
        return scope
    raw_path, raw_root = scope.get("raw_path"), quote(root).encode()
    below = path.removeprefix(root) or "/"
    if raw_path and raw_path.startswith(raw_root):
        raw_below = raw_path.removeprefix(raw_root) or b"/"
    else:
        raw_below = quote(below).encode()
    return {**scope, "path": below, "raw_path": raw_below}


def with_root_again(scope: Scope) -> Scope:
    """The reverse of ``below_root``, for Starlette, which expects the prefix in the path as well."""
    root = root_of(scope)
    if not root:
        return scope
    raw_path = quote(root).encode() + (scope.get("raw_path") or quote(scope["path"]).encode())
    return {**scope, "path": root + scope["path"], "raw_path": raw_path}


def with_root(root: str, address: str) -> str:
    """*address* for the browser: a path of the application gets the prefix, unless it has it already."""
    is_path = address.startswith("/") and not address.startswith(("//", "/\\"))
    has_root = address == root or address.startswith((f"{root}/", f"{root}?", f"{root}#"))
    return f"{root}{address}" if is_path and root and not has_root else address
