"""The body of a mutation: read within its bound, and made into the type that the action declares."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request

from offhook.base import schema
from offhook.base.limits import Limits
from offhook.base.types import Json
from offhook.pages.body import BodyTooLarge
from offhook.pages.field_errors import FieldError, Invalid
from offhook.pages.fields import by_name, from_form, from_json, typed_text
from offhook.pages.inputs import text
from offhook.pages.multipart import Malformed, read_multipart
from offhook.pages.outcomes import Done, done, plain


@dataclass(frozen=True, slots=True)
class Form:
    """A body that arrived. ``typed`` is shown again when an action refuses it.

    ``refused`` has the errors of fields that were refused while they arrived.
    """

    submitted: Any
    typed: Mapping[str, Json] = field(default_factory=dict)
    json: bool = False
    refused: Mapping[str, FieldError] = field(default_factory=dict)

    def read(self, into: Any) -> Any:
        """It as a value of type *into*.

        :raises Invalid: with the errors of all fields.
        """
        try:
            value = self._converted(into)
        except Invalid as invalid:
            raise Invalid({**invalid.errors, **self.refused}) from None
        if self.refused:
            raise Invalid(self.refused)
        return value

    def _converted(self, into: Any) -> Any:
        if into in (Any, FormData):
            return self.submitted
        if self.json:
            return from_json(self.submitted, into)
        return from_form(by_name(self.submitted.multi_items()), into)

    async def close(self) -> None:
        """Remove the uploads."""
        if isinstance(self.submitted, FormData):
            await self.submitted.close()


async def read_body(request: Request, limits: Limits) -> Form:
    """The body of *request* as a form: urlencoded, multipart or JSON.

    :raises HTTPException: 415 for another kind of body, 400 for one that is not what it says.
    :raises BodyRefused: it is beyond a limit.
    """
    content_type = request.headers.get("content-type", "")
    match content_type.partition(";")[0].strip().lower():
        case "application/json":
            return _from_json(await request.body())
        case "multipart/form-data":
            return await _from_multipart(request, content_type, limits)
        case "application/x-www-form-urlencoded" | "":
            return _from_urlencoded(await request.body(), limits)
        case kind:
            raise HTTPException(415, f"a form cannot be sent as {kind}")


async def _from_multipart(request: Request, content_type: str, limits: Limits) -> Form:
    try:
        parts = await read_multipart(content_type, request.stream(), limits)
    except Malformed as error:
        raise HTTPException(400, "the form is malformed") from error
    too_large = FieldError("too_large", f"Use a file of at most {limits.upload} bytes.", {"max": limits.upload})
    return _form(parts.fields, dict.fromkeys(parts.too_large, too_large))


def _from_urlencoded(body: bytes, limits: Limits) -> Form:
    try:
        pairs: list[tuple[str, Any]] = parse_qsl(
            body.decode(errors="replace"), keep_blank_values=True, max_num_fields=limits.form_parts
        )
    except ValueError as error:
        raise BodyTooLarge from error
    return _form(pairs, {})


def _form(pairs: Iterable[tuple[str, Any]], refused: Mapping[str, FieldError]) -> Form:
    submitted = FormData([(name, text(value) if isinstance(value, str) else value) for name, value in pairs])
    texts = by_name(submitted.multi_items())
    typed = typed_text({name: sent[0] if len(sent) == 1 else sent for name, sent in texts.items()})
    return Form(submitted, typed, refused=refused)


def _from_json(body: bytes) -> Form:
    try:
        value = schema.decode(body, Any)
    except schema.Mismatch as mismatch:
        raise HTTPException(400, "the body is not JSON") from mismatch
    return Form(value, typed_text(value) if isinstance(value, dict) else {}, json=True)


def refusal(invalid: Invalid, typed: Mapping[str, Json]) -> Done:
    """What the view gets for an invalid form: every error, and what was typed."""
    return done({"errors": plain(invalid.errors), "values": typed}, 422)
