"""Files that this process may open, compared with the connections that it should serve.

A process without a free descriptor accepts no connection, and says so to nobody. So the soft limit is raised as
far as the machine allows, and connections are bounded below what is left: silent connections give way to new ones,
WebSockets beyond their part are refused with 503, and probes are answered all the same.
"""

import logging
import resource

from offhook.base.limits import Limits

_LOG = logging.getLogger("offhook.server")
_OWN = 64
"""Descriptors for everything else: sockets that listen, a database, files of a build, temporary files."""


def room_for(limits: Limits) -> int:
    """Connections that this process may have, after its soft limit was raised.

    A warning if they are less than half of ``Limits.connections``; what is refused later is logged in any case.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = limits.connections + limits.connections // 7 + 2 + _OWN
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return wanted - _OWN
    room = max(soft - _OWN, soft // 2)
    if sockets_in(room) < limits.connections / 2:
        _LOG.warning(
            "event=descriptors.few: this process may open %d files: it serves %d lines and sockets, not "
            "Limits.connections=%d; raise the limit (ulimit -n, LimitNOFILE=)",
            soft,
            sockets_in(room),
            limits.connections,
        )
    return room


def sockets_in(room: int) -> int:
    """WebSockets among the connections of a process; the others are for requests."""
    return room - max(room // 8, 1)
