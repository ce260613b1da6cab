"""Handler parameters by name and annotation."""

from typing import Any

import pytest

from offhook.base.errors import UsageError
from offhook.base.inject import Getter, Parameter, Plan, location, parameters


def handler(number: int, anything: Any, *rest: int, text: "str | None" = None, **more: int) -> None:
    """Some parameters."""


def unresolved(value: "Missing") -> None:  # type: ignore[name-defined]  # noqa: F821
    """An annotation that names nothing."""


def _by_name(parameter: Parameter) -> Getter[dict[str, Any]] | None:
    return (lambda context: context[parameter.name]) if parameter.name in ("number", "anything") else None


def _numbers(parameter: Parameter) -> Getter[dict[str, Any]] | None:
    return (lambda context: 99) if parameter.annotation is int else None


def test_parameters_have_resolved_annotations() -> None:
    assert parameters(handler) == (
        Parameter("number", int, True),
        Parameter("anything", Any, True),
        Parameter("text", str | None, False),
    )


def test_without_an_annotation_it_is_anything() -> None:
    assert parameters(lambda x: x) == (Parameter("x", Any, True),)


@pytest.mark.parametrize(
    ("annotation", "optional"), [(int, False), (int | None, True), (None, True), (type(None), True), (Any, True)]
)
def test_optional(annotation: Any, optional: bool) -> None:
    assert Parameter("x", annotation, True).optional is optional


def test_the_first_source_that_knows_a_parameter_fills_it() -> None:
    plan = Plan(handler, [_by_name, _numbers], "numbers")

    assert plan.arguments({"number": 1, "anything": "x"}) == {"number": 1, "anything": "x"}
    assert Plan(handler, [_numbers, _by_name], "numbers").arguments({"anything": 2}) == {
        "number": 99,
        "anything": 2,
    }


def test_what_nobody_provides_is_an_error_that_says_where() -> None:
    with pytest.raises(UsageError, match=r"test_inject\.py:\d+ handler: .*'anything'; it can have numbers"):
        Plan(handler, [_numbers], "numbers")


def test_what_a_source_refuses_is_an_error_that_says_where() -> None:
    def refusing(parameter: Parameter) -> None:
        raise UsageError(f"no {parameter.name} here")

    with pytest.raises(UsageError, match=r"test_inject\.py:\d+ handler: no number here"):
        Plan(handler, [refusing], "numbers")


def test_an_annotation_that_names_nothing() -> None:
    with pytest.raises(UsageError, match=r"test_inject\.py:\d+ unresolved: .*Missing"):
        parameters(unresolved)


def test_where_something_without_code_stands() -> None:
    assert location(len) == "len"
