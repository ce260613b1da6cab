"""pydantic's models in loaders, actions and forms: what a page gets, and the errors of each field."""

from datetime import date
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError
from starlette.datastructures import UploadFile

from offhook.pages.field_errors import WHOLE_FORM, Invalid
from offhook.pages.fields import from_form, from_json, has_uploads
from offhook.pages.results import data
from offhook.pages.routes import route

from .support import ask, get, post, site


class Customer(BaseModel):
    name: str = Field(alias="fullName", min_length=3, max_length=9, pattern="^[a-zA-Z ]*$")
    age: int | None = Field(default=None, ge=0, le=150)
    born: date | None = None
    tags: list[str] = Field(default=[], max_length=2)
    size: Literal["s", "l"] = "s"
    news: bool = False

    @field_validator("name")
    @classmethod
    def _known(cls, name: str) -> str:
        if name == "nobody":
            raise ValueError("We know that one.")
        if name == "taken":
            raise PydanticCustomError("taken", "{name} is taken.", {"name": name, "by": object()})
        return name

    @model_validator(mode="after")
    def _consistent(self) -> "Customer":
        assert not (self.age and self.born), "Either age or date of birth."
        return self


class Cat(BaseModel):
    kind: Literal["cat"]
    meow: int


class Dog(BaseModel):
    kind: Literal["dog"]
    bark: int


class Upload(BaseModel):
    model_config = ConfigDict(arbitrary_types_allowed=True)
    file: UploadFile


Pet = Annotated[Cat | Dog, Field(discriminator="kind")]


def codes(read: Any, submitted: Any, into: Any) -> dict[str, str]:
    """The codes of the errors by field."""
    try:
        read(submitted, into)
    except Invalid as invalid:
        return {name: error.code for name, error in invalid.errors.items()}
    return {}


def test_a_form_is_read_as_html_means_it() -> None:
    sent = {"fullName": ["Ann"], "age": [""], "tags": ["a", "b"], "news": ["on"], "other": ["x"]}

    assert from_form(sent, Customer) == Customer(fullName="Ann", tags=["a", "b"], news=True)


@pytest.mark.parametrize(
    ("submitted", "into", "expected"),
    [
        ({}, Customer, {"fullName": "required"}),
        ({"fullName": ["An"]}, Customer, {"fullName": "min_length"}),
        ({"fullName": ["A very long one"]}, Customer, {"fullName": "max_length"}),
        ({"fullName": ["123"], "age": ["x"]}, Customer, {"fullName": "pattern", "age": "type"}),
        ({"fullName": ["Ann"], "age": ["-1"], "size": ["m"]}, Customer, {"age": "ge", "size": "choice"}),
        (
            {"fullName": ["Ann"], "age": ["151"], "tags": ["1", "2", "3"]},
            Customer,
            {"age": "le", "tags": "max_length"},
        ),
        ({"fullName": ["nobody"]}, Customer, {"fullName": "invalid"}),
        ({"fullName": ["taken"]}, Customer, {"fullName": "taken"}),
        ({"fullName": ["Ann"], "age": ["1"], "born": ["2026-11-20"]}, Customer, {WHOLE_FORM: "invalid"}),
        ({"kind": ["cat"], "meow": ["x"]}, Pet, {"meow": "type"}),
        ({"kind": ["cow"]}, Pet, {"kind": "choice"}),
        ({}, Pet, {"kind": "choice"}),
        ({"kind": ["dog"], "bark": ["1"]}, Cat | Dog, {}),
        ({"file": ["text"]}, Upload, {"file": "is_instance_of"}),
    ],
)
def test_each_field_of_a_form_has_its_error(submitted: Any, into: Any, expected: dict[str, str]) -> None:
    assert codes(from_form, submitted, into) == expected


@pytest.mark.parametrize(
    ("sent", "into", "expected"),
    [
        ({"fullName": 1, "tags": "a"}, Customer, {"fullName": "type", "tags": "type"}),
        ([1], Customer, {WHOLE_FORM: "model_type"}),
        ({"kind": "dog", "bark": 1}, Pet, {}),
    ],
)
def test_each_field_of_a_json_body_has_its_error(sent: Any, into: Any, expected: dict[str, str]) -> None:
    assert codes(from_json, sent, into) == expected


def test_an_error_says_what_was_wanted() -> None:
    with pytest.raises(Invalid) as refused:
        from_form({"fullName": ["An"], "age": ["151"], "born": ["x"]}, Customer)

    assert {name: (each.text, dict(each.params)) for name, each in refused.value.errors.items()} == {
        "fullName": ("Use at least 3 characters.", {"min": 3}),
        "age": ("Must be 150 or less.", {"max": 150}),
        "born": ("This is not a valid date.", {"expected": "date"}),
    }


@pytest.mark.parametrize(
    ("name", "text", "params"),
    [("nobody", "We know that one.", {}), ("taken", "taken is taken.", {"name": "taken"})],
)
def test_an_application_has_its_own_words(name: str, text: str, params: Any) -> None:
    with pytest.raises(Invalid) as refused:
        from_form({"fullName": [name]}, Customer)

    assert (refused.value.errors["fullName"].text, refused.value.errors["fullName"].params) == (text, params)


def test_a_page_gets_what_the_model_says() -> None:
    async def loader() -> list[Customer]:
        return [Customer(fullName="Ann", born=date(2000, 1, 2))]

    page = get(site([route("a", "a")], a={"loader": loader}), "/a").page

    assert page["loaderData"]["a"] == [
        {"fullName": "Ann", "age": None, "born": "2000-01-02", "tags": [], "size": "s", "news": False}
    ]


def test_an_action_takes_a_model_and_gives_one() -> None:
    async def action(form: Customer) -> object:
        return data(form)

    app = site([route("a", "a")], a={"action": action})
    right, wrong = post(app, "/a", "fullName=Ann&age=7"), post(app, "/a", "fullName=An&password=secret")
    sent = ask(
        app, "POST", "/a", b'{"fullName":"Bob"}', content_type="application/json", origin="http://site.test"
    )

    assert right.page["actionData"]["a"]["age"] == 7
    assert sent.page["actionData"]["a"]["fullName"] == "Bob"
    assert (wrong.status, wrong.page["actionData"]["a"]["values"]) == (422, {"fullName": "An"})
    assert wrong.page["actionData"]["a"]["errors"]["fullName"]["code"] == "min_length"


def test_a_query_may_be_a_model() -> None:
    async def loader(query: Cat) -> int:
        return query.meow

    app = site([route("a", "a")], a={"loader": loader})

    assert get(app, "/a?kind=cat&meow=3").page["loaderData"]["a"] == 3
    assert get(app, "/a?kind=cat&meow=x").status == 400


def test_an_upload_may_be_a_field_of_a_model() -> None:
    assert has_uploads(Upload)
    assert not has_uploads(Customer)
