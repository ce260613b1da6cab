"""Errors by consequence."""

import pytest

from offhook.base import codes
from offhook.base.errors import CommandError, Denied, Disconnect, NotFound, Unauthorized, UsageError


@pytest.mark.parametrize(
    ("error", "status", "number", "text"),
    [
        (CommandError(), 500, 100, "internal server error"),
        (Denied(), 403, 103, "permission denied"),
        (Denied("members only"), 403, 103, "members only"),
        (NotFound(), 404, 102, "unknown channel"),
        (Unauthorized(), 401, 101, "unauthorized"),
        (CommandError(code=codes.BAD_REQUEST), 500, 107, "bad request"),
    ],
)
def test_a_command_error_is_an_answer(error: CommandError, status: int, number: int, text: str) -> None:
    assert (error.status, error.code.number, error.text) == (status, number, text)
    assert str(error) == f"{number} {text}"


def test_a_disconnect_has_a_reason() -> None:
    assert str(Disconnect(codes.SLOW)) == "3008 slow"
    assert Disconnect(codes.SLOW, "too far behind").reason == "too far behind"


@pytest.mark.parametrize("reason", ["true", "null", "123", '"x"', "{}", "x" * 124, "é" * 62])
def test_a_reason_that_an_sdk_would_misread(reason: str) -> None:
    with pytest.raises(UsageError, match="plain words"):
        Disconnect(codes.SLOW, reason)
