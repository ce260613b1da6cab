"""Calling a handler: its parameters, its resources, its thread."""

import asyncio
import inspect
from collections.abc import Callable, Hashable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from offhook.base.errors import UsageError
from offhook.base.incoming import Identity
from offhook.base.inject import Getter, Parameter, Plan, Source, parameters
from offhook.base.limits import Limits
from offhook.pages.context import Context, Next
from offhook.pages.field_errors import Invalid
from offhook.pages.fields import has_uploads
from offhook.pages.forms import Form, read_body, refusal
from offhook.pages.outcomes import Outcome, outcome
from offhook.pages.visit import Visit

Provider: TypeAlias = Callable[[], AbstractAsyncContextManager[Any]]
"""Makes the context manager whose value one call of a handler gets."""


@dataclass(frozen=True, slots=True)
class Call:
    """What the parameters of one call are taken from."""

    visit: Visit
    identity: Identity[Any] | None
    context: Context
    call_next: Next | None = None


@dataclass(frozen=True, slots=True)
class Injection:
    """Who provides parameters: *sources* what is at hand, *providers*, by type, what is opened for each call.

    ``form`` has the limits of a body, where one can be asked for, and ``known`` lists everything in words.
    """

    sources: Sequence[Source[Call]]
    providers: Mapping[Any, Provider] = field(default_factory=dict)
    form: Limits | None = None
    known: str = ""


class Handler:
    """A loader, an action or a middleware, ready to be called.

    Parameters are filled in this order, so that nothing is opened for a visitor who is turned away, and nothing
    is held open while a body arrives: what is at hand, then the form, then the resources.

    :raises UsageError: a parameter that nothing provides.
    """

    def __init__(self, function: Callable[..., Any], injection: Injection) -> None:
        wanted = parameters(function)
        self._limits = injection.form
        self._form = next((each.annotation for each in wanted if injection.form and each.name == "form"), None)
        self.takes_uploads = self._form is not None and has_uploads(self._form)
        self._providers = {
            each.name: injection.providers[each.annotation]
            for each in wanted
            if isinstance(each.annotation, Hashable) and each.annotation in injection.providers
        }
        self._function = function
        self._plan: Plan[Call] = Plan(function, (self._filled_later, *injection.sources), injection.known)
        self._in_loop = inspect.iscoroutinefunction(inspect.unwrap(function))

    def _filled_later(self, parameter: Parameter) -> Getter[Call] | None:
        later = parameter.name in self._providers or (parameter.name == "form" and self._form is not None)
        return (lambda call: None) if later else None

    async def __call__(self, call: Call) -> Outcome:
        """Call it. When this returns, its resources are closed, and its value was made JSON before that."""
        arguments = self._plan.arguments(call)
        if self._limits is None:
            return await self._with_resources(arguments)
        form = Form(None) if self._form is None else await read_body(call.visit.request, self._limits)
        try:
            if self._form is not None:
                arguments["form"] = form.read(self._form)
            return await self._with_resources(arguments)
        except Invalid as invalid:
            return refusal(invalid, form.typed)
        finally:
            await form.close()

    async def _with_resources(self, arguments: dict[str, Any]) -> Outcome:
        async with AsyncExitStack() as stack:
            for name, provider in self._providers.items():
                arguments[name] = await stack.enter_async_context(provider())
            return outcome(await self._run(arguments))
        raise UsageError("a context manager of App(provide=...) swallowed an exception; let it pass")

    async def _run(self, arguments: dict[str, Any]) -> object:
        if self._in_loop:
            return await self._function(**arguments)
        return await asyncio.to_thread(self._function, **arguments)
