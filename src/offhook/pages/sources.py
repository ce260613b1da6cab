"""Where the parameters of handlers come from."""

from collections.abc import Collection
from typing import Any

from starlette.datastructures import QueryParams
from starlette.requests import Request

from offhook.base import schema
from offhook.base.errors import NotFound, Unauthorized, UsageError
from offhook.base.incoming import Identity, Incoming
from offhook.base.inject import Getter, Parameter, Source
from offhook.base.sessions import Session
from offhook.pages.calls import Call
from offhook.pages.context import Context, Next
from offhook.pages.field_errors import Invalid
from offhook.pages.fields import by_name, from_query
from offhook.pages.inputs import text
from offhook.pages.outcomes import plain
from offhook.pages.results import data

KNOWN = (
    "the name of a path parameter (or `params`, `splat`), `query`, `user`, `form` in an action, `call_next` in "
    "middleware; the type Request, Incoming, Identity, Session, Context, or one that App or middleware provides"
)
_TAKEN = frozenset({"form", "params", "query", "user", "call_next"})


def path_params(names: Collection[str]) -> Source[Call]:
    """Path parameters by name, converted to their annotation. A value that cannot be converted is a 404."""
    if taken := _TAKEN & set(names):
        raise UsageError(f"a path parameter cannot be called {min(taken)!r}: handlers know something else by it")

    def source(parameter: Parameter) -> Getter[Call] | None:
        name = "*" if parameter.name == "splat" else parameter.name
        if name not in names:
            return None
        return lambda call: path_param(call.visit.params.get(name), parameter)

    return source


def path_param(text: str | None, parameter: Parameter) -> Any:
    """The value of one path parameter, which stands as *text* in the address; None: not there."""
    if text is None:
        if not parameter.required:
            return parameter.default
        if parameter.optional:
            return None
        raise NotFound
    if parameter.annotation is Any:
        return text
    try:
        return schema.convert(text, parameter.annotation, strict=False)
    except schema.Mismatch:
        raise NotFound from None


def query(parameter: Parameter) -> Getter[Call] | None:
    """``query``: the query string, converted to the annotation. What is absent has its default, what does not fit
    is a 400."""
    if parameter.name != "query":
        return None
    return lambda call: _query(call.visit.request.query_params, parameter.annotation)


def _query(sent: QueryParams, into: Any) -> Any:
    if into in (Any, QueryParams):
        return sent
    try:
        return from_query(by_name((name, text(value)) for name, value in sent.multi_items()), into)
    except Invalid as invalid:
        raise data({"errors": plain(invalid.errors)}, 400) from None


def user(parameter: Parameter) -> Getter[Call] | None:
    """``user``: the application's object for who is signed in. None only where the annotation allows it."""
    if parameter.name != "user":
        return None
    return lambda call: call.identity.user if call.identity else nobody(parameter)


def identity(parameter: Parameter) -> Getter[Call] | None:
    """The ``Identity``, by type."""
    if not _is(parameter, Identity):
        return None
    return lambda call: call.identity or nobody(parameter)


def nobody(parameter: Parameter) -> Any:
    """None where the annotation allows nobody to be signed in."""
    if parameter.optional and parameter.annotation is not Any:
        return None
    raise Unauthorized


def visited(parameter: Parameter) -> Getter[Call] | None:
    """What belongs to the visit, by type."""
    if parameter.name == "params":
        return lambda call: call.visit.params
    if _is(parameter, Request):
        return lambda call: call.visit.request
    if _is(parameter, Incoming):
        return lambda call: call.visit.incoming
    if _is(parameter, Context):
        return lambda call: call.context
    return None


def session(parameter: Parameter) -> Getter[Call] | None:
    """The cookie session, by type; only for an application that has them."""
    return (lambda call: call.visit.session) if _is(parameter, Session) else None


def call_next(parameter: Parameter) -> Getter[Call] | None:
    """``call_next``, in middleware only."""
    named = parameter.name == "call_next" or parameter.annotation == Next
    return (lambda call: call.call_next) if named else None


def from_middleware(parameter: Parameter) -> Getter[Call] | None:
    """A value that middleware provided, by type. Whether it did is known only when the handler is called."""
    wanted = parameter.annotation
    if not isinstance(wanted, type) or wanted.__module__ == "builtins":
        return None
    return lambda call: call.context.provided(wanted)


def _is(parameter: Parameter, wanted: type) -> bool:
    members = (parameter.annotation, *getattr(parameter.annotation, "__args__", ()))
    return any(member is wanted or getattr(member, "__origin__", None) is wanted for member in members)
