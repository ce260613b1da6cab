"""Documents: the outcomes of handlers become a page, and the rendered page becomes a document."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from starlette.responses import Response

from offhook.base.types import Json
from offhook.pages.answers import add_headers, complete, deciding, location
from offhook.pages.outcomes import Done, Failed, Outcomes
from offhook.pages.page import Page, RouteError
from offhook.pages.render.base import Rendered, RenderError
from offhook.pages.run import Passed
from offhook.pages.visit import Visit

_FILES = "/@offhook-root/"
"""What addresses of the build's files begin with in rendered views (``client/src/vite/files.ts``)."""
_UNSAFE = {"<": "\\u003c", "\u2028": "\\u2028", "\u2029": "\\u2029"}
"""What may not stand in a script as it is: ``</script>`` would end it, the others end a line of JavaScript."""


def short_answer(passes: Sequence[Passed]) -> Response | None:
    """The answer when a handler redirected or responded by itself; it carries all cookies set so far."""
    decided = next((found for passed in passes if (found := deciding(passed.outcomes)) is not None), None)
    if decided is None:
        return None
    if isinstance(decided, Response):
        complete(decided, passes)
        return decided
    response = Response(status_code=decided.status, headers={"location": location(decided)})
    add_headers(response, passes)
    return response


def back_to_page(visit: Visit, acted: Passed) -> Response | None:
    """The answer to a document's mutation that brought a plain value, or nothing: see the page again."""
    if any(not isinstance(each, Done) or each.shown for each in acted.outcomes.values()):
        return None
    kept = "&".join(pair for pair in visit.incoming.query.split("&") if pair not in ("index", "index="))
    # An address that begins with two slashes would name another host.
    path = "/" + visit.url.partition("?")[0].lstrip("/\\")
    response = Response(status_code=303, headers={"location": f"{path}?{kept}" if kept else path})
    add_headers(response, [acted])
    return response


def page_of(url: str, acted: Outcomes, loaded: Outcomes, fields: Mapping[str, Json]) -> Page:
    """The page that the outcomes make."""
    errors = {
        route_id: RouteError(each.status, each.value)
        for route_id, each in (*loaded.items(), *acted.items())
        if isinstance(each, Failed)
    }
    return Page(url, _values(loaded), _values(acted) or None, errors or None, fields=fields)


def status_of(acted: Outcomes, loaded: Outcomes) -> int:
    """The document's status: a failure's, the outermost first; or else the action's, or the deepest loader's."""
    failures = [each.status for each in (*acted.values(), *loaded.values()) if isinstance(each, Failed)]
    answers = [each.status for each in (*acted.values(), *reversed([*loaded.values()])) if isinstance(each, Done)]
    return next((status for status in (*failures, *answers) if status != 200), 200)


def _values(outcomes: Outcomes) -> dict[str, msgspec.Raw]:
    return {route_id: each.value for route_id, each in outcomes.items() if isinstance(each, Done)}


def document(rendered: Rendered, page: Page, build: str, head: str) -> str:
    """The whole document: *head* and the page's data put into the rendered HTML.

    :raises RenderError: the view did not render a document.
    """
    before, opening, after = rendered.html.partition("</head>")
    body, closing, rest = after.rpartition("</body>")
    if not opening or not closing:
        raise RenderError("the outermost route's view must render <html> with a <head> and a <body>")
    nonce = f' nonce="{page.nonce}"' if page.nonce else ""
    script = f'<script type="application/json" id="offhook-page"{nonce}>{_data(rendered, page, build)}</script>'
    html = f"{before}{head}{opening}{body}"
    return f"<!DOCTYPE html>{html.replace(_FILES, f'{page.root}/')}{script}{closing}{rest}"


def _data(rendered: Rendered, page: Page, build: str) -> str:
    fields: dict[str, Any] = {
        "build": build,
        "loaderData": page.loader_data,
        "actionData": page.action_data,
        "errors": rendered.errors,
        "live": {},
        "line": None,
        **({"root": page.root} if page.root else {}),
    }
    text = msgspec.json.encode({**fields, **page.fields}).decode()
    for character, escaped in _UNSAFE.items():
        text = text.replace(character, escaped)
    return text
