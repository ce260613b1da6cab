"""The chat in two browsers, as two people would use it."""

import re

from playwright.sync_api import Route

from tests.browser.conftest import Arrive
from tests.servers import Server


def test_the_other_sees_the_message_without_any_request(chat: Server, arrive: Arrive) -> None:
    ada, grace = arrive(chat.url).sign_in("Ada").enter(1), arrive(chat.url).sign_in("Grace").enter(1)

    ada.say("Hello, Grace")

    grace.sees("Hello, Grace")
    ada.sees("Hello, Grace")
    assert grace.requests == []
    assert [request.split("?")[0] for request in ada.requests] == ["POST /__data/rooms/1"]


def test_the_document_holds_the_messages(chat: Server, arrive: Arrive) -> None:
    ada = arrive(chat.url).sign_in("Ada").enter(1)
    ada.say("In the source")
    ada.sees("In the source")

    source = ada.context.request.get(f"{chat.url}/rooms/1").text()

    assert "<p>In the source</p>" in source
    assert "<title>Lobby · Offhook chat</title>" in source


def test_presence_shows_who_is_in_the_room(chat: Server, arrive: Arrive) -> None:
    ada, grace = arrive(chat.url).sign_in("Ada").enter(1), arrive(chat.url).sign_in("Grace").enter(1)
    people = ada.page.get_by_label("In this room").get_by_role("listitem")

    people.filter(has_text="Grace").wait_for()
    assert sorted(people.all_inner_texts()) == ["Ada", "Grace"]

    grace.page.get_by_role("link", name="Kitchen").click()
    people.filter(has_text="Grace").wait_for(state="detached")
    assert people.all_inner_texts() == ["Ada"]


def test_navigation_is_one_data_request_and_changes_the_channel(chat: Server, arrive: Arrive) -> None:
    ada, grace = arrive(chat.url).sign_in("Ada").enter(1), arrive(chat.url).sign_in("Grace").enter(2)

    ada.page.get_by_role("link", name="Kitchen").click()
    ada.page.get_by_role("heading", name="Kitchen").wait_for()
    assert len(ada.requests) == 1
    assert ada.requests[0].startswith("GET /__data/rooms/2?")

    grace.say("Soup is ready")
    ada.sees("Soup is ready")
    assert len(ada.requests) == 1


def test_a_message_is_text_whatever_it_looks_like(chat: Server, arrive: Arrive) -> None:
    ada, grace = arrive(chat.url).sign_in("Ada").enter(1), arrive(chat.url).sign_in("Grace").enter(1)
    hostile = "</script><script>document.title='taken'</script>\u2028<b>__proto__"

    ada.say(hostile)

    grace.sees("taken")
    grace.goto("/rooms/1")
    grace.sees("taken")
    assert grace.page.title() == "Lobby · Offhook chat"


def test_a_refused_form_keeps_what_was_typed(chat: Server, arrive: Arrive) -> None:
    ada = arrive(chat.url).sign_in("Ada").enter(1)
    long = "x" * 501

    ada.say(long)

    ada.page.get_by_role("alert").wait_for()
    assert ada.page.get_by_label("Message").input_value() == long
    assert ada.messages() == []


def test_an_unknown_room_is_a_404_in_its_own_boundary(chat: Server, arrive: Arrive) -> None:
    ada = arrive(chat.url).sign_in("Ada")

    answer = ada.page.goto(f"{chat.url}/rooms/99")

    assert answer is not None
    assert answer.status == 404
    ada.hydrated()
    assert ada.page.get_by_role("heading").inner_text() == "404"
    assert ada.page.get_by_role("link", name="Lobby").is_visible()


def test_a_refused_room_is_a_403_for_the_page_and_103_for_the_line(chat: Server, arrive: Arrive) -> None:
    mallory = arrive(chat.url).sign_in("Mallory")

    answer = mallory.page.goto(f"{chat.url}/rooms/4")

    assert answer is not None
    assert answer.status == 403
    assert "for its members" in mallory.page.inner_text("main")


def test_without_javascript_the_page_is_complete_and_posting_works(chat: Server, arrive: Arrive) -> None:
    ada = arrive(chat.url, java_script_enabled=False)
    ada.page.goto(f"{chat.url}/sign-in")
    ada.page.get_by_label("Your name").fill("Ada")
    ada.page.get_by_role("button", name="Sign in").click()
    ada.page.get_by_role("link", name="Lobby").click()

    ada.say("No script needed")

    ada.sees("No script needed")
    assert ada.page.url == f"{chat.url}/rooms/1"
    ada.page.reload()
    ada.sees("No script needed")

    ada.say("x" * 501)
    assert ada.page.get_by_role("alert").is_visible()
    assert ada.page.get_by_label("Message").input_value() == "x" * 501


def test_signing_out_closes_the_line(chat: Server, arrive: Arrive) -> None:
    ada = arrive(chat.url).sign_in("Ada").enter(1)

    ada.page.get_by_role("button", name="Sign out").click()

    ada.page.get_by_label("Your name").wait_for()
    ada.page.locator(".line[data-status=idle]").wait_for()
    ada.page.goto(f"{chat.url}/rooms/1")
    assert re.search(r"/sign-in\?next=", ada.page.url)


def test_what_is_typed_while_an_answer_is_on_its_way_stays(chat: Server, arrive: Arrive) -> None:
    ada = arrive(chat.url).sign_in("Ada").enter(1)

    def answer_late(route: Route) -> None:
        answer = route.fetch()
        ada.page.get_by_label("Message").fill("Half typed")
        route.fulfill(response=answer)

    ada.page.route("**/__data/**", answer_late)
    with ada.page.expect_response("**/__data/**"):
        ada.say("Sent")

    ada.page.get_by_role("button", name="Send", disabled=False).wait_for()
    assert ada.page.get_by_label("Message").input_value() == "Half typed"


def test_another_user_in_the_same_tab_gets_a_line_of_his_own(chat: Server, arrive: Arrive) -> None:
    visitor = arrive(chat.url).sign_in("Mallory").enter(1)
    people = visitor.page.get_by_label("In this room").get_by_role("listitem")
    people.filter(has_text="Mallory").wait_for()
    visitor.page.evaluate("window.sameDocument = true")

    visitor.page.get_by_role("button", name="Sign out").click()
    visitor.page.get_by_label("Your name").fill("Ada")
    visitor.page.get_by_role("button", name="Sign in").click()
    visitor.page.get_by_role("link", name="Staff").click()

    people.filter(has_text="Ada").wait_for()
    assert people.all_inner_texts() == ["Ada"]
    visitor.say("In the room that Mallory may not enter")
    visitor.sees("In the room that Mallory may not enter")
    assert visitor.page.evaluate("window.sameDocument")
