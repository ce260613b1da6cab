"""Limits that fit each other, and the page that lists them."""

import subprocess
import sys
from dataclasses import fields, replace

import pytest

from offhook.base.errors import UsageError
from offhook.base.limits import Limits
from tests.servers import ROOT


def test_the_page_of_all_limits_is_current() -> None:
    done = subprocess.run([sys.executable, ROOT / "scripts/limits", "--check"], capture_output=True, text=True)

    assert (done.returncode, done.stdout, done.stderr) == (0, "", ""), "run scripts/limits"


def test_the_page_has_every_limit() -> None:
    page = (ROOT / "docs/limits.md").read_text("utf-8")

    assert [field.name for field in fields(Limits) if f"| `{field.name}` |" not in page] == []


@pytest.mark.parametrize("name", [field.name for field in fields(Limits)])
def test_a_limit_is_not_negative(name: str) -> None:
    with pytest.raises(UsageError, match=f"{name} is negative"):
        Limits(**{name: -1})


@pytest.mark.parametrize(
    ("limits", "problem"),
    [
        ({"channels": 10, "commands_at_once": 10}, "commands_at_once=10 does not let"),
        ({"unfinished": 2 << 20, "socket_message": 4 << 20}, "unfinished=2097152 closes a message"),
        ({"unfinished": 2 << 20, "command_frame": 4 << 20}, "unfinished=2097152 closes a message"),
    ],
)
def test_limits_that_refuse_what_another_one_allows(limits: dict[str, int], problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        replace(Limits(), **limits)
