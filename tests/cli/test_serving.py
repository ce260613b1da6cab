"""From options to settings."""

import json
import os

import pytest

from offhook.base.limits import CHOSEN
from offhook.cli import main
from offhook.cli.serving import settings_of
from offhook.server.settings import Settings


def settings(*arguments: str) -> Settings:
    """What ``offhook serve`` would do with *arguments*."""
    chosen = main.commands["serve"].make_context("serve", [*arguments]).params
    return settings_of(
        {name: value for name, value in chosen.items() if name not in ("target", "mode", "workers")}
    )


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "environ", {})


def test_nothing_chosen_is_the_default() -> None:
    assert settings() == Settings()
    assert CHOSEN not in os.environ


def test_every_setting_can_be_chosen() -> None:
    chosen = settings(
        *("--uds", "a.sock", "--uds-mode", "600", "--drain", "3.5", "--log-level", "debug"),
        *("--access-log", "--compress"),
        *("--hosts", "a.example, b.example,", "--forwarded-allow-ips", "10.0.0.0/8,unix:", "--root-path", "/a"),
    )
    assert chosen == Settings(
        uds="a.sock",
        uds_mode=0o600,
        drain=3.5,
        log_level="debug",
        access_log=True,
        compress=True,
        hosts=("a.example", "b.example"),
        forwarded_allow_ips=("10.0.0.0/8", "unix:"),
        root_path="/a",
    )


def test_limits_are_told_to_the_application() -> None:
    settings("--limit-connections", "5", "--limit-head-time", "2.5")
    assert json.loads(os.environ[CHOSEN]) == {"connections": 5, "head_time": 2.5}
