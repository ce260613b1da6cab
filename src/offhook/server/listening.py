"""The sockets that a server listens on: made before anything else, so that what is wrong with them is one line."""

import contextlib
import errno
import os
import socket
import stat
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from offhook.base.errors import UsageError
from offhook.server.settings import Settings

BACKLOG = 2048


@contextmanager
def listening(settings: Settings, processes: int = 1) -> Iterator[list[list[socket.socket]]]:
    """The sockets of each process, until the end. A Unix socket is gone from its folder then.

    Processes that share a queue take what they can get, and one of them may have five times as many lines as
    another. So each has a queue of its own, which Linux fills evenly (SO_REUSEPORT). It is open here as well: who
    waits in the queue of a process that has died is served by the next one.

    :raises UsageError: they cannot be had.
    """
    if settings.uds is not None:
        with _unix_socket(settings.uds, settings.uds_mode) as bound:
            yield [[bound]] * processes
        return
    shares = [listen(settings.host, settings.port)]
    try:
        if processes > 1 and sys.platform == "linux":
            shares = _again(shares[0], processes)
        yield shares * (processes // len(shares))
    finally:
        for share in shares:
            close(share)


def close(sockets: Iterable[socket.socket]) -> None:
    """Close all of them."""
    for each in sockets:
        each.close()


def _again(sockets: Sequence[socket.socket], times: int) -> list[list[socket.socket]]:
    """The same addresses, *times* times. That they were free is known: somebody else's are not shared."""
    places = [(each.family, each.getsockname()[:2]) for each in sockets]
    close(sockets)
    return [
        [socket.create_server(place, family=family, backlog=BACKLOG, reuse_port=True) for family, place in places]
        for _ in range(times)
    ]


def address(settings: Settings, sockets: list[socket.socket]) -> str:
    """What to type into a browser, or the path to give to a proxy."""
    if settings.uds is not None:
        return f"unix:{settings.uds}"
    scheme, host = "https" if settings.ssl_certfile else "http", settings.host
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{sockets[0].getsockname()[1]}"


def listen(host: str, port: int) -> list[socket.socket]:
    """Sockets bound to every address of *host*; port 0 picks a free one.

    :raises UsageError: the port is taken, or *host* is no address of this machine.
    """
    bound: list[socket.socket] = []
    try:
        for family, *_, location in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
            same = bound[0].getsockname()[1] if bound else port
            bound += _bind(family, str(location[0]), same)
        if not bound:
            raise OSError(errno.EADDRNOTAVAIL, "")
    except (OSError, UnicodeError) as error:  # What is no name at all fails in its encoding.
        close(bound)
        raise UsageError(f"cannot serve on {host}:{port}: {_reason(error)}") from error
    return bound


def _bind(family: int, host: str, port: int) -> list[socket.socket]:
    try:
        return [socket.create_server((host, port), family=family, backlog=BACKLOG)]
    except OSError as error:
        if error.errno == errno.EADDRNOTAVAIL:
            return []  # "localhost" on a machine without IPv6.
        raise


@contextmanager
def _unix_socket(path: str, mode: int) -> Iterator[socket.socket]:
    try:
        bound = _bind_path(path, mode)
        ours = os.stat(path).st_ino
    except OSError as error:
        raise UsageError(f"cannot serve on {path}: {_reason(error)}") from error
    with bound:
        try:
            yield bound
        finally:
            # Somebody else may serve there by now.
            with contextlib.suppress(FileNotFoundError):
                if os.stat(path).st_ino == ours:
                    os.unlink(path)


def _bind_path(path: str, mode: int) -> socket.socket:
    _clear(path)
    bound = socket.socket(socket.AF_UNIX)
    before = os.umask(0o177)  # Nobody else comes in before the permissions are right.
    try:
        bound.bind(path)
        os.chmod(path, mode)
        bound.listen(BACKLOG)
    except OSError:
        bound.close()
        raise
    finally:
        os.umask(before)
    return bound


def _clear(path: str) -> None:
    """Take away the socket of a server that was killed: nobody listens on it.

    :raises OSError: something else is there, or somebody listens.
    """
    try:
        if not stat.S_ISSOCK(os.lstat(path).st_mode):
            raise OSError(errno.EEXIST, "")
    except FileNotFoundError:
        return
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(path)
        except ConnectionRefusedError:
            Path(path).unlink()
            return
    raise OSError(errno.EADDRINUSE, "")


def _reason(error: OSError | UnicodeError) -> str:
    """The texts of ``socket`` repeat the address, or leave it out."""
    if isinstance(error, UnicodeError):
        return "no such name"
    if isinstance(error, socket.gaierror):
        return str(error.strerror).lower()
    return (os.strerror(error.errno) if error.errno else str(error)).lower()
