"""The attributes of a cookie that the server sets, and its name (RFC 6265bis, section 4.1.2 and 4.1.3).

A cookie that can carry the prefix ``__Host-`` carries it: then no other host of the same domain can set or replace
it. That needs ``Secure``, no ``Domain``, ``Path=/`` and a connection that is TLS. Over plain HTTP the same cookie
has its name without the prefix, and a server that is reached over HTTPS does not read that one.
"""

import re
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from offhook.base.errors import UsageError

SameSite: TypeAlias = Literal["lax", "strict", "none"]

_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_DOMAIN = re.compile(r"[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*")
_PATH = re.compile(r"/[\x21-\x3a\x3c-\x7e]*")
_HOST, _SECURE = "__host-", "__secure-"


@dataclass(frozen=True, slots=True, kw_only=True)
class CookieOptions:
    """How a cookie travels.

    :param name: its name; ``__Host-`` is put in front of it where a browser accepts that.
    :param max_age: seconds that the browser keeps it.
    :param same_site: on which requests from other sites the browser sends it: ``lax`` on links to a page,
        ``strict`` on none, ``none`` on all of them (for an application in a frame of another site).
    :param secure: whether it is sent over HTTPS only; None: if the request that sets it came over HTTPS.
    :param domain: the domain whose hosts all receive it; None: the host that set it alone.
    :param path: the addresses below which it is sent.
    :param partitioned: whether a browser keeps one for each site that has the application in a frame (CHIPS).
    :raises UsageError: a value cannot stand in ``Set-Cookie``, or no browser would keep a cookie with this
        combination.
    """

    name: str = "offhook"
    max_age: int = 14 * 24 * 3600
    same_site: SameSite = "lax"
    secure: bool | None = None
    domain: str | None = None
    path: str = "/"
    partitioned: bool = False

    def __post_init__(self) -> None:
        for fits, problem in self._rules():
            if not fits:
                raise UsageError(problem)

    def _rules(self) -> list[tuple[bool, str]]:
        """What has to be true, each with what to write if it is not."""
        prefix = self.name.lower()
        domain = (self.domain or "").removeprefix(".")
        return [
            (bool(_NAME.fullmatch(self.name)), f"session_name={self.name!r}: a cookie's name is a token"),
            (self.max_age > 0, f"session_max_age={self.max_age}: give a number of seconds above 0"),
            (
                self.same_site in get_args(SameSite),
                f"session_same_site={self.same_site!r}: write 'lax', 'strict' or 'none'",
            ),
            (
                self.domain is None or bool(_DOMAIN.fullmatch(domain)),
                f"session_domain={self.domain!r}: write a domain, such as 'example.com'",
            ),
            (bool(_PATH.fullmatch(self.path)), f"session_path={self.path!r}: a path begins with '/'"),
            (
                self.same_site != "none" or self.secure is True,
                "session_same_site='none' needs session_secure=True: browsers drop the cookie without Secure",
            ),
            (
                not self.partitioned or (self.secure is True and self.same_site == "none"),
                "session_partitioned=True needs session_same_site='none' and session_secure=True: in the frame of "
                "another site no other cookie is sent",
            ),
            (
                not prefix.startswith((_HOST, _SECURE)) or self.secure is True,
                f"session_name={self.name!r} needs session_secure=True: browsers drop it without Secure",
            ),
            (
                not prefix.startswith(_HOST) or (self.domain is None and self.path == "/"),
                f"session_name={self.name!r} needs session_path='/' and no session_domain, or browsers drop it",
            ),
        ]

    def name_over(self, *, https: bool) -> str:
        """The cookie's name on a connection that is TLS, or is not."""
        free = not self.name.lower().startswith((_HOST, _SECURE))
        prefixed = free and https and self.secure is not False and self.domain is None and self.path == "/"
        return f"__Host-{self.name}" if prefixed else self.name

    def set(self, value: str, *, https: bool, max_age: int | None = None, suffix: str = "") -> str:
        """The value of ``Set-Cookie`` that gives the cookie *value*; an empty one removes it.

        :param max_age: seconds, in place of the usual ones.
        :param suffix: follows the name, for a second cookie with the same attributes.
        """
        age = (self.max_age if max_age is None else max_age) if value else 0
        secure = https if self.secure is None else self.secure
        attributes = [
            f"{self.name_over(https=https)}{suffix}={value}",
            f"Max-Age={age}",
            f"Path={self.path}",
            *([f"Domain={self.domain.removeprefix('.')}"] if self.domain else []),
            "HttpOnly",
            f"SameSite={self.same_site.capitalize()}",
            *(["Secure"] if secure else []),
            *(["Partitioned"] if self.partitioned else []),
        ]
        return "; ".join(attributes)
