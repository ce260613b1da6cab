"""What is logged about a failure, and what is not."""

import json
import logging
import sys

import pytest

from offhook.base.errors import UsageError
from offhook.base.observe import LINE, JsonLines, failure


def _raised(error: Exception) -> Exception:
    try:
        raise error
    except Exception as caught:
        return caught


def test_one_line_with_kind_and_place(caplog: pytest.LogCaptureFixture) -> None:
    failure(LINE, "a command failed", _raised(ValueError("a password")))

    [record] = caplog.records
    assert record.getMessage().startswith("a command failed: ValueError at ")
    assert record.getMessage().endswith(" in _raised")
    assert "password" not in caplog.text


def test_an_error_that_was_never_raised_has_no_place(caplog: pytest.LogCaptureFixture) -> None:
    failure(LINE, "it", ValueError())

    assert caplog.records[0].getMessage() == "it: ValueError"


def test_our_own_words_are_for_the_author(caplog: pytest.LogCaptureFixture) -> None:
    failure(LINE, "it", _raised(UsageError("do that instead")))

    assert [record.getMessage() for record in caplog.records] == ["it: do that instead"]


def test_the_whole_story_is_for_who_asks(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        failure(LINE, "it", _raised(ValueError("details")))

    assert "details" in caplog.text


def test_a_line_of_json_has_the_fields_and_the_traceback_of_its_record() -> None:
    try:
        raise ValueError("two\nlines")
    except ValueError:
        record = logging.getLogger("a").makeRecord(
            "a",
            logging.ERROR,
            "file",
            1,
            "failed %s",
            ("twice",),
            sys.exc_info(),
            extra={"code": 3001, "what": {1}},
        )

    text = JsonLines().format(record)

    line = json.loads(text)
    assert "\n" not in text
    assert (line["text"], line["level"], line["logger"]) == ("failed twice", "ERROR", "a")
    assert (line["code"], line["what"]) == (3001, [1])
    assert "ValueError: two" in line["traceback"]
