"""Cookie sessions."""

import asyncio
import math
import random
from collections.abc import Callable
from http.cookies import SimpleCookie

import pytest
from itsdangerous import URLSafeTimedSerializer

from offhook.base.cookies import CookieOptions
from offhook.base.env import Env
from offhook.base.errors import UsageError
from offhook.base.incoming import Incoming
from offhook.base.sessions import MemorySessions, Session, SessionCookie, opened
from offhook.base.types import Json

KEY, OTHER = "k" * 16, "o" * 16


class Clock:
    """Wall time that a test sets."""

    def __init__(self) -> None:
        self.now = 1_000_000.0
        self.env = Env(now=lambda: self.now, chance=random.Random(0))


def _cookies(header: str) -> dict[str, str]:
    return {name: morsel.value for name, morsel in SimpleCookie(header).items()}


def _set(cookie: SessionCookie, *, https: bool = False, **values: str) -> dict[str, str]:
    session = Session()
    session.update(values)
    return _cookies(cookie.dump(session, https=https))


def _load(cookie: SessionCookie, cookies: dict[str, str]) -> Session:
    header = "; ".join(f"{name}={value}" for name, value in cookies.items())
    return cookie.load(Incoming("/", headers={"cookie": header}))


def test_what_is_set_comes_back() -> None:
    cookie = SessionCookie([KEY])
    session = _load(cookie, _set(cookie, user="ann"))

    assert session == {"user": "ann"}
    assert not session.changed
    assert session.expires < math.inf


@pytest.mark.parametrize("value", ["", "x", "a.b.c", "eyJ1IjoxfQ.aaaa.bbbb", "é", "." * 5000, "\\" * 15_000])
def test_what_we_did_not_sign_is_no_session(value: str) -> None:
    session = _load(SessionCookie([KEY]), {"offhook": value})

    assert session == {}
    assert not session.changed
    assert session.expires == math.inf


def test_a_changed_signature_key_name_or_text_is_no_session() -> None:
    cookie = SessionCookie([KEY])
    value = _set(cookie, user="ann")["offhook"]

    assert _load(SessionCookie([OTHER]), {"offhook": value}) == {}
    assert _load(SessionCookie([KEY], CookieOptions(name="other")), {"other": value}) == {}
    assert _load(cookie, {"offhook": value[:-1]}) == {}
    assert _load(cookie, {"offhook": f"x{value}"}) == {}


def test_what_is_signed_and_no_mapping_is_no_session() -> None:
    cookie = SessionCookie([KEY])
    forged = URLSafeTimedSerializer([KEY], salt=b"offhook.session.offhook").dumps([1])

    assert _load(cookie, {"offhook": str(forged)}) == {}


def test_keys_rotate() -> None:
    old, new = SessionCookie([KEY]), SessionCookie([OTHER, KEY])

    assert _load(new, _set(old, user="ann")) == {"user": "ann"}
    assert _load(old, _set(new, user="ann")) == {}
    assert _load(SessionCookie([OTHER]), _set(new, user="ann")) == {"user": "ann"}


def test_a_session_ends_with_its_cookie() -> None:
    clock = Clock()
    cookie = SessionCookie([KEY], CookieOptions(max_age=60), clock.env)
    cookies = _set(cookie, user="ann")
    assert _load(cookie, cookies).expires == 1_000_060
    clock.now += 59
    assert _load(cookie, cookies) == {"user": "ann"}
    clock.now += 2
    assert _load(cookie, cookies) == {}


def test_an_empty_session_removes_the_cookie() -> None:
    assert SessionCookie([KEY]).dump(Session(), https=False).startswith("offhook=; Max-Age=0; ")


def test_a_session_that_does_not_fit() -> None:
    noise = "".join(random.Random(0).choices("abcdefghijklmnop", k=9000))
    with pytest.raises(UsageError, match="does not fit"):
        SessionCookie([KEY]).dump(Session({"a": noise}), https=False)


@pytest.mark.parametrize("keys", [[], ["short"], [KEY, "short"]])
def test_a_key_that_is_none(keys: list[str]) -> None:
    with pytest.raises(UsageError, match="at least 16 characters"):
        SessionCookie(keys)


def test_changes_are_noticed_also_inside_of_values() -> None:
    session = Session({"cart": [1], "user": {"id": 1}})
    assert not session.changed
    cart = session["cart"]
    assert isinstance(cart, list)
    cart.append(2)
    assert session.changed


def test_a_flash_is_taken_once() -> None:
    session = Session()
    session.flash("notice", "saved")

    assert session.take_flash("notice") == "saved"
    assert session.take_flash("notice") is None
    assert not session.changed


def test_opening_fills_the_session_in() -> None:
    came = opened(Incoming("/"), Session({"user": "ann"}, expires=5.0))

    assert (came.session, came.session_expires) == ({"user": "ann"}, 5.0)


@pytest.mark.parametrize(
    "write", [lambda s: s.update(user="ann"), lambda s: s.__setitem__("user", "ann"), lambda s: s.renew()]
)
def test_writing_the_same_again_prolongs_the_session(write: Callable[[Session], None]) -> None:
    session = Session({"user": "ann"})
    write(session)

    assert session.changed


def test_what_was_written_and_taken_back_is_no_change() -> None:
    session = Session()
    session["user"] = "ann"
    session.clear()
    session.renew()

    assert not session.changed


# Stores


class Browser:
    """Keeps the cookie of a site whose sessions are in a store."""

    def __init__(self, cookie: SessionCookie) -> None:
        self.cookie = cookie
        self.value = ""

    def visit(self, act: Callable[[Session], object] = lambda session: None) -> Session:
        """One request, in which *act* does something with the session."""

        async def request() -> Session:
            session = await self.cookie.read(Incoming("/", headers={"cookie": f"offhook={self.value}"}))
            act(session)
            for header in await self.cookie.write(session, https=False):
                self.value = _cookies(header)["offhook"]
            return session

        return asyncio.run(request())


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(clock: Clock) -> MemorySessions:
    return MemorySessions(clock.env)


@pytest.fixture
def browser(clock: Clock, store: MemorySessions) -> Browser:
    return Browser(SessionCookie([KEY], CookieOptions(max_age=60), clock.env, store))


def sign_in(session: Session, user: str = "ann") -> None:
    session.renew()
    session["user"] = user


def test_a_store_has_what_the_cookie_only_names(browser: Browser, store: MemorySessions) -> None:
    noise = "".join(random.Random(0).choices("abcdefghijklmnop", k=9000))
    browser.visit(lambda session: session.update(noise=noise))

    assert len(browser.value) < 200
    session = browser.visit()
    assert session == {"noise": noise}
    assert asyncio.run(store.load(session.key or "")) == {"noise": noise, "_id": session.id}


def test_signing_in_gives_the_session_another_name(browser: Browser, store: MemorySessions) -> None:
    browser.visit(lambda session: session.update(cart=[1]))
    planted = browser.value
    browser.visit(sign_in)

    assert browser.visit() == {"cart": [1], "user": "ann"}
    browser.value = planted
    assert browser.visit() == {}


def test_a_change_keeps_the_name(browser: Browser) -> None:
    first = browser.visit(lambda session: session.update(a=1)).key
    second = browser.visit(lambda session: session.update(a=2)).key

    assert first is not None
    assert second == first


def test_signing_out_empties_the_store(browser: Browser, store: MemorySessions) -> None:
    key = browser.visit(sign_in).key or ""
    kept = browser.value
    browser.visit(lambda session: session.clear())

    assert (browser.value, asyncio.run(store.load(key))) == ("", None)
    browser.value = kept
    assert browser.visit() == {}


def test_ended_from_the_server(browser: Browser, store: MemorySessions) -> None:
    key = browser.visit(sign_in).key or ""
    asyncio.run(store.delete(key))
    asyncio.run(store.delete(key))

    assert browser.visit() == {}


def test_a_stored_session_ends_with_its_time(browser: Browser, clock: Clock, store: MemorySessions) -> None:
    key = browser.visit(sign_in).key or ""
    clock.now += 50
    browser.visit(sign_in)
    assert asyncio.run(store.load(key)) is None
    clock.now += 50
    assert browser.visit() == {"user": "ann"}
    clock.now += 10
    assert browser.visit() == {}


def test_the_memory_store_forgets_what_is_over(clock: Clock, store: MemorySessions) -> None:
    asyncio.run(store.create("a", {}, 10))
    clock.now += 10

    assert asyncio.run(store.load("a")) is None
    assert not asyncio.run(store.save("a", {}, 10))
    asyncio.run(store.create("b", {}, 10))
    assert list(store._kept) == ["b"]


def test_a_cookie_of_a_time_without_a_store_is_no_session(clock: Clock, browser: Browser) -> None:
    browser.value = _set(SessionCookie([KEY], env=clock.env), user="ann")["offhook"]
    assert browser.visit() == {}
    browser.value = _set(SessionCookie([KEY], env=clock.env), key="made-up")["offhook"]
    assert browser.visit() == {}


def test_a_sign_in_has_a_public_name_which_lasts(browser: Browser) -> None:
    named = browser.visit(sign_in).id

    assert len(named) == 36
    assert browser.visit(lambda session: session.update(a=1)).id == named
    assert browser.visit().id == named
    assert "_id" not in browser.visit()


def test_signing_in_again_gives_another_name(browser: Browser) -> None:
    names = {browser.visit(sign_in).id for _ in range(3)}
    browser.visit(lambda session: session.clear())

    assert len(names | {browser.visit(sign_in).id}) == 4


def test_the_name_is_there_before_the_answer_and_without_a_store() -> None:
    cookie = SessionCookie([KEY])
    session = _load(cookie, {})
    session.renew()
    session["user"] = "ann"
    again = _load(cookie, _cookies(cookie.dump(session, https=False)))

    assert (again.id, dict(again)) == (session.id, {"user": "ann"})
    assert opened(Incoming("/"), again).session_id == session.id


def test_an_empty_session_is_no_sign_in() -> None:
    assert opened(Incoming("/"), _load(SessionCookie([KEY]), {})).session_id == ""


def test_a_session_that_was_only_read_is_not_written() -> None:
    cookie = SessionCookie([KEY])
    session = _load(cookie, _set(cookie, user="ann"))

    assert asyncio.run(cookie.write(session, https=False)) == []


def test_of_several_cookies_the_first_signed_one_counts() -> None:
    cookie = SessionCookie([KEY])
    [ann], [eve] = _set(cookie, user="ann").values(), _set(cookie, user="eve").values()
    header = f"offhook=junk; offhook={ann}; offhook={eve}"

    assert cookie.load(Incoming("/", headers={"cookie": header})) == {"user": "ann"}


def test_over_https_another_host_cannot_set_the_session() -> None:
    cookie = SessionCookie([KEY])
    planted = _set(cookie, user="eve")
    own = _set(cookie, https=True, user="ann")

    assert list(own) == ["__Host-offhook"]
    for scheme in ("https", "wss"):
        header = "; ".join(f"{name}={value}" for name, value in (planted | own).items())
        assert cookie.load(Incoming("/", headers={"cookie": header}, scheme=scheme)) == {"user": "ann"}
        assert cookie.load(Incoming("/", headers={"cookie": f"offhook={planted['offhook']}"}, scheme=scheme)) == {}


# A sign-out is final


class Jar:
    """A browser whose requests may overlap, by way of any of several processes."""

    def __init__(self, *processes: SessionCookie) -> None:
        self.processes = processes
        self.cookies: dict[str, str] = {}

    async def begin(self, process: int = 0) -> Session:
        header = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return await self.processes[process].read(Incoming("/", headers={"cookie": header}))

    async def end(self, session: Session, process: int = 0) -> int:
        """The answer arrives; how many cookies it sets."""
        headers = await self.processes[process].write(session, https=False)
        for header in headers:
            self.cookies |= _cookies(header)
        return len(headers)


def _processes(kind: str, clock: Clock) -> list[SessionCookie]:
    store = MemorySessions(clock.env) if kind == "store" else None
    return [SessionCookie([KEY], env=clock.env, store=store) for _ in range(2)]


_WRITES: dict[str, Callable[[Session], object]] = {
    "writes": lambda session: session.update(cart=[1]),
    "flashes": lambda session: session.flash("notice", "done"),
    "changes inside": lambda session: session["seen"].append(1),  # type: ignore[union-attr]
}
_ENDS: dict[str, Callable[[Session], object]] = {
    "signs out": lambda session: session.clear(),
    "signs in as another": lambda session: sign_in(session, "bob"),
}


@pytest.mark.parametrize(
    ("kind", "write"), [("store", "renews"), *((kind, write) for kind in ("store", "cookie") for write in _WRITES)]
)
@pytest.mark.parametrize("process", [0, 1])
@pytest.mark.parametrize("end", _ENDS)
def test_a_slow_request_does_not_bring_back_a_session_that_ended(
    kind: str, process: int, write: str, end: str, clock: Clock
) -> None:
    jar = Jar(*_processes(kind, clock))

    async def scenario() -> int:
        first = await jar.begin()
        first.update(user="ann", seen=[])
        await jar.end(first)
        slow, out = await jar.begin(process), await jar.begin()
        _ENDS[end](out)
        await jar.end(out)
        _WRITES.get(write, Session.renew)(slow)
        return await jar.end(slow, process)

    cookies = asyncio.run(scenario())
    after = asyncio.run(jar.begin(process))

    assert after.get("user") == (None if kind == "cookie" or end == "signs out" else "bob")
    assert cookies == 0 or kind == "cookie"


@pytest.mark.parametrize("kind", ["store", "cookie"])
def test_a_visitor_signs_in_again_after_a_sign_out(kind: str, clock: Clock) -> None:
    jar = Jar(*_processes(kind, clock))

    async def scenario() -> list[Json]:
        users: list[Json] = []
        for user in ("ann", "ann", "bob") * 5:
            session = await jar.begin()
            session.renew()
            session["user"] = user
            await jar.end(session)
            users.append((await jar.begin(1)).get("user"))
            session = await jar.begin()
            session.clear()
            await jar.end(session)
            users.append((await jar.begin(1)).get("user"))
        return users

    assert asyncio.run(scenario()) == ["ann", None, "ann", None, "bob", None] * 5
    assert all(len(value) < 400 for value in jar.cookies.values())


def test_of_two_renewals_at_once_one_counts(clock: Clock) -> None:
    jar = Jar(*_processes("store", clock))

    async def scenario() -> list[int]:
        session = await jar.begin()
        session["user"] = "ann"
        await jar.end(session)
        both = [await jar.begin(), await jar.begin(1)]
        for each in both:
            each.renew()
        return [await jar.end(each) for each in both]

    assert asyncio.run(scenario()) == [1, 0]
    assert asyncio.run(jar.begin()) == {"user": "ann"}


def test_a_store_in_memory_forgets_what_expired(clock: Clock, store: MemorySessions) -> None:
    async def scenario() -> None:
        await store.create("old", {"user": "ann"}, 60)
        clock.now += 61
        await store.create("new", {"user": "bob"}, 60)

    asyncio.run(scenario())

    assert list(store._kept) == ["new"]
