"""What happens to an open page when another build is served: the rows of docs/open-pages.md, in Chromium."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.deployed import Kind, Site
from tests.browser.people import Person
from tests.servers import ROOT

DRAFT = "half a page of text"


@dataclass(frozen=True)
class Row:
    """A page that is open during a deploy, and what is done with it afterwards.

    ``act`` gets the page, a text to write, and the site. ``writes``: the text is written by that, once.
    ``documents`` are the addresses that are loaded as documents.
    """

    act: Callable[[Page, str, Site], None]
    path: str = "/"
    before: Callable[[Page], None] = lambda page: None
    writes: bool = False
    documents: list[str] = field(default_factory=list)
    javascript: bool = True


def _shows(page: Page, text: str) -> None:
    expect(page.locator("li", has_text=text)).to_have_count(1)


def _publication(page: Page, text: str, site: Site) -> None:
    site.write(text)
    _shows(page, text)


def _load(page: Page, text: str, site: Site) -> None:
    page.get_by_role("button", name="Load").click()
    expect(page.locator("b")).to_have_text(re.compile(r"\d"))


def _submit(page: Page, button: str, text: str) -> None:
    page.get_by_label(f"{button}: text").fill(text)
    page.get_by_role("button", name=button, exact=True).click()


def _submits(button: str, answer: str = "") -> Callable[[Page, str, Site], None]:
    def act(page: Page, text: str, site: Site) -> None:
        _submit(page, button, text)
        if answer:
            expect(page.locator("output", has_text=answer.format(text))).to_be_visible()
        _shows(page, text)

    return act


def _submits_ahead(page: Page, text: str, site: Site) -> None:
    _submits("Write ahead")(page, text, site)
    page.locator("form[data-pending='0']").wait_for()


def _refused(page: Page, text: str, site: Site) -> None:
    _submit(page, "Write", "")
    page.get_by_text("Write something.").wait_for()


def _leads(button: str, to: str) -> Callable[[Page, str, Site], None]:
    def act(page: Page, text: str, site: Site) -> None:
        _submit(page, button, text)
        page.wait_for_url(site.url + to)
        _shows(page, text)

    return act


def _click(link: str, to: str) -> Callable[[Page, str, Site], None]:
    def act(page: Page, text: str, site: Site) -> None:
        page.get_by_role("link", name=link, exact=True).click()
        page.wait_for_url(site.url + to)
        page.get_by_role("heading").wait_for()

    return act


def _goes(link: str) -> Callable[[Page], None]:
    def before(page: Page) -> None:
        page.get_by_role("link", name=link, exact=True).click()
        page.get_by_role("heading", name=link).wait_for()

    return before


def _goes_and_returns(page: Page) -> None:
    _goes("List")(page)
    page.go_back()
    page.get_by_role("button", name="Load").wait_for()


def _back(page: Page, text: str, site: Site) -> None:
    page.go_back(wait_until="commit")
    page.get_by_role("button", name="Load").wait_for()


def _forward(page: Page, text: str, site: Site) -> None:
    page.go_forward(wait_until="commit")
    page.get_by_role("heading", name="List").wait_for()


def _point(page: Page) -> None:
    with page.expect_response("**/__data/list?prefetched*"):
        page.get_by_role("link", name="Prefetched").hover()


def _point_then_click(page: Page, text: str, site: Site) -> None:
    _point(page)
    _click("Prefetched", "/list?prefetched")(page, text, site)


def _more(page: Page, text: str, site: Site) -> None:
    """The part is there, or else the document is loaded and it is there when it is asked for again."""
    page.get_by_role("button", name="More").click()
    expect(page.locator("#part, html[data-hydrated]:not([data-marked])").first).to_be_attached()
    if page.locator("#part").count() == 0:
        page.get_by_role("button", name="More").click()
    page.locator("#part").wait_for()


def _again(page: Page, text: str, site: Site) -> None:
    site.write(text)
    page.get_by_role("button", name="Again").click()
    _shows(page, text)
    _shows(page, "from the browser")


ROWS: Mapping[str, Row] = {
    "a publication arrives": Row(_publication, writes=True),
    "`useLive` polls": Row(_publication, "/polled", writes=True),
    "a fetcher loads": Row(_load),
    "a fetcher submits": Row(_submits("Write aside", "wrote {}"), writes=True),
    "a form is sent, and its action answers": Row(_submits("Write", "wrote {}"), writes=True),
    "a form is sent, and its action refuses it": Row(_refused),
    "a form is sent, and its action redirects": Row(
        _leads("Write and leave", "/list?written"), writes=True, documents=["/list?written"]
    ),
    "a form is sent to an address without a view": Row(
        _leads("Clear", "/list?cleared"), writes=True, documents=["/list?cleared"]
    ),
    "`useLiveAction` submits": Row(_submits_ahead, writes=True),
    "a `clientLoader` runs again": Row(_again, "/noted", writes=True),
    "a `clientAction` runs": Row(_submits("Write", "wrote {}, says the browser"), "/noted", writes=True),
    "a link is followed": Row(_click("List", "/list"), documents=["/list"]),
    "a link with a fragment is followed": Row(_click("Last", "/list#last"), documents=["/list"]),
    "a link to a view with a `clientLoader` is followed": Row(_click("Noted", "/noted"), documents=["/noted"]),
    "Back": Row(_back, before=_goes("List"), documents=["/"]),
    "Forward": Row(_forward, before=_goes_and_returns, documents=["/list"]),
    "a link is prefetched, then followed": Row(_point_then_click, documents=["/list?prefetched"]),
    "a link that was prefetched before is followed": Row(
        _click("Prefetched", "/list?prefetched"), before=_point, documents=["/list?prefetched"]
    ),
    "a part of the page is loaded (`React.lazy`)": Row(_more, documents=["/"]),
    "a form is sent without JavaScript": Row(
        _leads("Write and leave", "/list?written"), writes=True, documents=["/list?written"], javascript=False
    ),
}


class Opened:
    """The open page of a row, with a text that is not sent."""

    def __init__(self, browser: Browser, site: Site, row: Row) -> None:
        self.visitor = Person.arrive(
            browser, site.url, ignore_https_errors=True, java_script_enabled=row.javascript
        )
        self.page = self.visitor.page
        self.page.goto(site.url + row.path)
        if row.javascript:
            self.visitor.hydrated()
            if row.path == "/":
                self.visitor.live()
            row.before(self.page)
            self.page.evaluate("document.documentElement.dataset.marked = 'true'")
        self.page.get_by_label("Draft").fill(DRAFT)
        self.visitor.requests.clear()

    @property
    def documents(self) -> list[str]:
        """What was loaded as a document."""
        asked = [each.removeprefix("GET ") for each in self.visitor.requests if each.startswith("GET ")]
        return [path for path in asked if not path.startswith(("/__data/", "/connection/"))]

    @property
    def draft(self) -> str:
        """The text that is not sent."""
        return self.page.get_by_label("Draft").input_value()


@dataclass(frozen=True)
class Deployed:
    """A site after a deploy, and the pages that were opened before it."""

    kind: Kind
    site: Site
    opened: Mapping[str, Opened]


@pytest.fixture(scope="module", params=["deploy", "rolling deploy"])
def deployed(
    request: pytest.FixtureRequest, browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Deployed]:
    with Site(tmp_path_factory.mktemp("site")) as site:
        opened = {name: Opened(browser, site, row) for name, row in ROWS.items()}
        site.deploy(request.param)
        yield Deployed(request.param, site, opened)
        for each in opened.values():
            each.visitor.context.close()


@pytest.mark.parametrize("name", ROWS)
def test_an_open_page(deployed: Deployed, name: str) -> None:
    row, opened = ROWS[name], deployed.opened[name]

    row.act(opened.page, name, deployed.site)

    assert deployed.site.lines().count(name) == row.writes
    if deployed.kind == "deploy":
        assert opened.documents == row.documents
    else:  # what the old build still answers needs no document
        assert opened.documents in ([], row.documents)
    assert opened.draft == DRAFT or opened.documents or row.documents
    assert opened.visitor.complaints() == []


def test_the_document_has_these_rows() -> None:
    text = (ROOT / "docs/open-pages.md").read_text()
    table = text.partition("## A deploy")[2].partition("\n## ")[0]
    assert re.findall(r"^\| (.+?) \|", table, re.M)[2:] == list(ROWS)
