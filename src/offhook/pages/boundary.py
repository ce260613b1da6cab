"""The one place where an application's exception becomes an answer, and is logged, once."""

import traceback
from collections.abc import Awaitable
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from offhook.base.errors import CommandError, NotFound, Unauthorized
from offhook.base.observe import PAGES
from offhook.pages.body import BodyRefused
from offhook.pages.field_errors import Invalid
from offhook.pages.outcomes import Failed, Outcome, failed, plain
from offhook.pages.results import Answer, Data, Redirect, redirect
from offhook.pages.visit import Visit


@dataclass(frozen=True, slots=True)
class Boundary:
    """Turns what a handler did into an outcome.

    :param sign_in: where somebody goes who has to sign in first.
    :param debug: show the text of unexpected exceptions. Never in production.
    """

    sign_in: str | None = None
    debug: bool = False

    async def settle(self, visit: Visit, who: str, answer: Awaitable[Outcome]) -> Outcome:
        """The outcome of *answer*, whatever it raises. *who* names the handler in the log.

        :raises BodyRefused, ClientDisconnect: these end the whole request.
        """
        try:
            return await answer
        except (BodyRefused, ClientDisconnect):
            raise
        except Redirect as away:
            return away
        except Answer as answered:
            return answered.response
        except Exception as error:
            return self._failed(visit, who, error)

    def failure(self, error: Exception) -> Failed:
        """The failure of an answer that could not be made. The rest of a refused body is not read: the connection
        closes."""
        if isinstance(error, BodyRefused):
            return failed(error.status, {"detail": error.text}, {"connection": "close"})
        PAGES.error("answering a request failed", exc_info=error)
        return self._unexpected(error)

    def _failed(self, visit: Visit, who: str, error: Exception) -> Outcome:
        match error:
            case Unauthorized() if (page := self._sign_in_page(visit)) is not None:
                return redirect(page)
            case Data():
                return failed(error.status, error.value, error.headers)
            case Invalid():
                return failed(422, {"errors": plain(error.errors)})
            case CommandError() if error.status < 500:
                return failed(error.status, {"detail": _detail(error)})
            case HTTPException():
                return failed(error.status_code, {"detail": error.detail}, error.headers)
        PAGES.error("%s failed", who, exc_info=error)
        return self._unexpected(error)

    def _unexpected(self, error: Exception) -> Failed:
        detail = {"detail": "Unexpected Server Error"}
        if self.debug:
            detail |= {"text": str(error), "traceback": "".join(traceback.format_exception(error))}
        return failed(500, detail)

    def _sign_in_page(self, visit: Visit) -> str | None:
        """The sign-in page, which leads back to a page that was asked for; None where it makes no sense."""
        if self.sign_in is None or visit.routes[-1].view is None:
            return None
        if urlsplit(self.sign_in).path == visit.incoming.path:
            return None
        if visit.action is not None:
            return self.sign_in
        joint = "&" if "?" in self.sign_in else "?"
        return f"{self.sign_in}{joint}next={quote(visit.url, safe='/')}"


def _detail(error: CommandError) -> str:
    """What the application said; a page knows no channels, of which the line's own words speak."""
    unsaid = isinstance(error, NotFound) and error.text == error.code.name
    return "Not Found" if unsaid else error.text
