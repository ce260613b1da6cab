"""The board: cards move at once, and go back when they may not."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import APIResponse, Locator, Route

from offhook.testing.proxy import FaultProxy
from tests.browser.conftest import Arrive
from tests.browser.people import Person
from tests.servers import Server

NAME, FRONT, FRIENDS = TODO = ["Choose a name", "Draw the front page", "Ask three friends to try it"]
CHAPTER, DOOR = DOING = ["Write the first chapter", "Fix the squeaking door"]
DONE = ["Buy coffee"]


@pytest.fixture
def app(build: Callable[[str], None], tmp_path: Path) -> Iterator[Server]:
    """The board with its first cards."""
    build("examples.board.app:app")
    database = f"sqlite+aiosqlite:///{tmp_path}/board.sqlite3"
    with Server(
        "examples.board.app:app", BOARD_DATABASE=database, BOARD_SECRET="a secret for tests only"
    ) as server:
        yield server


def _enter(person: Person, name: str) -> Person:
    """Sign in, and wait for the line of the board."""
    person.page.goto(f"{person.base}/sign-in")
    person.page.get_by_label("Your name").fill(name)
    person.page.get_by_role("button", name="Sign in").click()
    person.page.get_by_role("heading", name="Board").wait_for()
    return _open(person)


def _open(person: Person) -> Person:
    person.goto("/")
    person.live()
    person.requests.clear()
    return person


def _shows(person: Person, **columns: list[str]) -> None:
    """Wait until these columns have exactly these cards, in this order."""
    person.page.wait_for_function(
        """(wanted) => {
            const cards = (lane) => [...lane.querySelectorAll("li > span")].map((each) => each.textContent);
            const lane = (title) => document.querySelector(`.lane[aria-label="${title}"]`);
            const titles = { todo: "To do", doing: "Doing", done: "Done" };
            const shown = Object.keys(wanted).map((column) => cards(lane(titles[column])));
            return JSON.stringify(shown) === JSON.stringify(Object.values(wanted));
        }""",
        arg=columns,
    )


def _move(person: Person, title: str, way: str) -> None:
    person.page.get_by_role("button", name=f"{title}: {way}").click()


def _posts(person: Person) -> list[str]:
    return [each.split("?")[0] for each in person.requests]


def _hold_answers(person: Person, count: int) -> Callable[[], None]:
    """Let mutations reach the server, and keep its *count* answers back until the returned function is called."""
    held: list[tuple[Route, APIResponse]] = []

    def hold(route: Route) -> None:
        if route.request.method == "POST":
            held.append((route, route.fetch()))
        else:
            route.continue_()

    def release() -> None:
        while len(held) < count:
            person.page.evaluate("new Promise(requestAnimationFrame)")
        for route, answer in held:
            route.fulfill(response=answer)

    person.page.route("**/__data/**", hold)
    return release


def _settled(person: Person) -> None:
    """Wait until nothing is on its way."""
    person.page.locator(".people[data-saving=false]").wait_for()


def test_a_move_is_one_request_here_and_none_elsewhere(app: Server, arrive: Arrive) -> None:
    ada, grace = _enter(arrive(app.url), "Ada"), _enter(arrive(app.url), "Grace")

    _move(ada, NAME, "right")

    for person in (ada, grace):
        _shows(person, todo=[FRONT, FRIENDS], doing=[*DOING, NAME])
    _settled(ada)
    assert grace.requests == []
    assert _posts(ada) == ["POST /__data/"]


def test_the_card_moves_before_the_server_answers(app: Server, arrive: Arrive) -> None:
    ada, grace = _enter(arrive(app.url), "Ada"), _enter(arrive(app.url), "Grace")
    held: list[Route] = []
    ada.page.route("**/__data/**", lambda route: held.append(route))

    _move(ada, DOOR, "up")

    _shows(ada, doing=[DOOR, CHAPTER])
    ada.page.locator(".people[data-saving=true]").wait_for()
    _shows(grace, doing=[CHAPTER, DOOR])
    held[0].continue_()
    _shows(grace, doing=[DOOR, CHAPTER])
    _settled(ada)


def test_several_moves_in_flight(app: Server, arrive: Arrive) -> None:
    ada, grace = _enter(arrive(app.url), "Ada"), _enter(arrive(app.url), "Grace")
    release = _hold_answers(ada, 4)

    _move(ada, FRIENDS, "up")
    _move(ada, FRIENDS, "up")
    _move(ada, CHAPTER, "right")
    _move(ada, FRIENDS, "right")
    _shows(ada, todo=[NAME, FRONT], doing=[DOOR, FRIENDS], done=[*DONE, CHAPTER])
    _shows(grace, todo=[NAME, FRONT], doing=[DOOR, FRIENDS], done=[*DONE, CHAPTER])
    release()

    _settled(ada)
    _shows(ada, todo=[NAME, FRONT], doing=[DOOR, FRIENDS], done=[*DONE, CHAPTER])
    assert _posts(ada).count("POST /__data/") == 4
    # An answer whose loaders ran before another action was answered knows too little: they run once more.
    assert _posts(ada).count("GET /__data/") <= 3
    assert grace.requests == []


def test_a_refused_move_goes_back(app: Server, arrive: Arrive) -> None:
    ada, grace = _enter(arrive(app.url), "Ada"), _enter(arrive(app.url), "Grace")
    _move(grace, NAME, "right")
    _shows(ada, doing=[*DOING, NAME])
    release = _hold_answers(ada, 1)

    _move(ada, FRONT, "right")
    _shows(ada, todo=[FRIENDS], doing=[*DOING, NAME, FRONT])
    release()

    ada.page.get_by_role("alert").get_by_text("holds 3 cards at most").wait_for()
    for person in (ada, grace):
        _shows(person, todo=[FRONT, FRIENDS], doing=[*DOING, NAME])


def test_of_several_moves_only_the_refused_one_goes_back(app: Server, arrive: Arrive) -> None:
    ada = _enter(arrive(app.url), "Ada")
    release = _hold_answers(ada, 3)

    _move(ada, NAME, "right")
    _move(ada, FRONT, "right")
    _move(ada, DONE[0], "left")
    _shows(ada, todo=[FRIENDS], doing=[*DOING, NAME, FRONT, DONE[0]], done=[])
    release()

    _settled(ada)
    _shows(ada, todo=[FRONT, FRIENDS], doing=[*DOING, NAME], done=DONE)
    assert ada.page.get_by_role("alert").is_visible()


def test_a_move_without_a_network_goes_back(app: Server, arrive: Arrive) -> None:
    with FaultProxy(app.port) as proxy:
        ada = _enter(arrive(f"http://127.0.0.1:{proxy.port}"), "Ada")
        grace = _enter(arrive(app.url), "Grace")
        ada.failures_expected = True

        proxy.cut()
        ada.page.locator(".line[data-status=connecting]").wait_for()
        _move(grace, DOOR, "right")
        _move(ada, NAME, "right")
        ada.page.get_by_role("alert").get_by_text("could not be saved").wait_for()
        _shows(ada, todo=TODO, doing=DOING, done=DONE)
        proxy.heal()

        ada.live()
        for person in (ada, grace):
            _shows(person, todo=TODO, doing=[CHAPTER], done=[*DONE, DOOR])


def test_two_people_move_the_same_card(app: Server, arrive: Arrive) -> None:
    ada, grace = _enter(arrive(app.url), "Ada"), _enter(arrive(app.url), "Grace")
    release = _hold_answers(ada, 1)

    _move(ada, DOOR, "left")
    _shows(grace, todo=[*TODO, DOOR])
    _move(grace, DOOR, "up")
    _settled(grace)
    release()

    _settled(ada)
    for person in (ada, grace):
        _shows(person, todo=[NAME, FRONT, DOOR, FRIENDS], doing=[CHAPTER])


def test_a_card_between_the_same_two_cards_again_and_again(app: Server, arrive: Arrive) -> None:
    ada, grace = _enter(arrive(app.url), "Ada"), _enter(arrive(app.url), "Grace")
    # The gap below the first card is halved each time; once there is no room the column is numbered anew.
    for turn in range(25):
        moved, before = (3, 2) if turn % 2 == 0 else (2, 3)
        form = {"intent": "move", "card": moved, "column": "todo", "before": before}
        answer = ada.context.request.post(
            f"{app.url}/?index", data=json.dumps(form), headers=_JSON, max_redirects=0
        )
        assert answer.status == 303, answer.text()

    for person in (ada, grace):
        _shows(person, todo=[NAME, FRIENDS, FRONT])
    assert grace.requests == []


_JSON = {"content-type": "application/json"}


def test_dragging(app: Server, arrive: Arrive) -> None:
    ada, grace = _enter(arrive(app.url), "Ada"), _enter(arrive(app.url), "Grace")

    def card(title: str) -> Locator:
        return ada.page.locator("li[data-card]", has_text=title)

    card(FRIENDS).drag_to(card(CHAPTER), target_position={"x": 40, "y": 5})
    _shows(ada, todo=[NAME, FRONT], doing=[FRIENDS, *DOING])
    card(NAME).drag_to(card(FRONT), target_position={"x": 40, "y": 60})
    _shows(ada, todo=[FRONT, NAME])
    card(FRONT).drag_to(ada.page.locator(".lane[aria-label=Done] h2"))

    for person in (ada, grace):
        _shows(person, todo=[NAME], doing=[FRIENDS, *DOING], done=[*DONE, FRONT])
    assert _posts(ada) == ["POST /__data/"] * 3


def test_by_keyboard_the_focus_stays_on_the_card(app: Server, arrive: Arrive) -> None:
    ada = _enter(arrive(app.url), "Ada")

    ada.page.get_by_role("button", name=f"{NAME}: right").focus()
    ada.page.keyboard.press("Enter")
    _shows(ada, doing=[*DOING, NAME])
    ada.page.keyboard.press("Enter")

    _shows(ada, todo=[FRONT, FRIENDS], doing=DOING, done=[*DONE, NAME])
    _settled(ada)
    focused = ada.page.evaluate("document.activeElement.closest('li')?.querySelector('span').textContent")
    assert focused == NAME


def test_a_new_card(app: Server, arrive: Arrive) -> None:
    ada, grace = _enter(arrive(app.url), "Ada"), _enter(arrive(app.url), "Grace")

    for title in ("Water the plants", "One too many"):
        ada.page.get_by_label("New card in Doing").fill(title)
        ada.page.get_by_role("region", name="Doing").get_by_role("button", name="Add").click()
        ada.page.get_by_text("Water the plants").wait_for()

    ada.page.get_by_role("alert").get_by_text("holds 3 cards at most").wait_for()
    for person in (ada, grace):
        _shows(person, doing=[*DOING, "Water the plants"])


def test_presence_shows_who_looks_at_the_board(app: Server, arrive: Arrive) -> None:
    ada, grace = _enter(arrive(app.url), "Ada"), _enter(arrive(app.url), "Grace")
    people = ada.page.get_by_label("Looking at the board").get_by_role("listitem")

    people.filter(has_text="Grace").wait_for()
    assert sorted(people.all_inner_texts()) == ["Ada", "Grace"]

    grace.page.get_by_role("button", name="Sign out").click()
    people.filter(has_text="Grace").wait_for(state="detached")


def test_without_javascript(app: Server, arrive: Arrive) -> None:
    ada = arrive(app.url, java_script_enabled=False)
    ada.page.goto(f"{app.url}/sign-in")
    ada.page.get_by_label("Your name").fill("Ada")
    ada.page.get_by_role("button", name="Sign in").click()

    def column(title: str) -> list[str]:
        return ada.page.get_by_role("region", name=title).locator("li > span").all_inner_texts()

    _move(ada, NAME, "right")
    assert (column("To do"), column("Doing")) == ([FRONT, FRIENDS], [*DOING, NAME])
    _move(ada, NAME, "up")
    assert column("Doing") == [CHAPTER, NAME, DOOR]

    _move(ada, FRONT, "right")
    assert ada.page.get_by_role("alert").inner_text() == "“Doing” holds 3 cards at most."
    assert column("To do") == [FRONT, FRIENDS]
