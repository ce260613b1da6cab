"""The files of examples/deploy say what the command line understands."""

import json
import re
import shlex
from pathlib import Path

import click
import pytest

from offhook.cli import main

FOLDER = Path(__file__).parents[2] / "examples/deploy"


def _image_command() -> list[str]:
    [command] = re.findall(r"^CMD (.*)$", (FOLDER / "Dockerfile").read_text(), re.MULTILINE)
    words: list[str] = json.loads(command)
    return words


def _unit_command() -> list[str]:
    [command] = re.findall(r"^ExecStart=(.*)$", (FOLDER / "book.service").read_text(), re.MULTILINE)
    return shlex.split(command)


@pytest.mark.parametrize("command", [_image_command(), _unit_command()])
def test_the_command_is_one_of_ours(command: list[str]) -> None:
    program, name, *arguments = command
    found = main.commands[name]

    with click.Context(found):
        context = found.make_context(name, arguments)

    assert Path(program).name == "offhook"
    assert context.params["target"] == "app:app"


def test_nginx_and_the_unit_meet_at_one_socket() -> None:
    command = _unit_command()

    assert f"server unix:{command[command.index('--uds') + 1]};" in (FOLDER / "nginx.conf").read_text()
    assert command[command.index("--forwarded-allow-ips") + 1] == "unix:"


def test_the_image_has_node_in_its_first_stage_only() -> None:
    _, first, last = (FOLDER / "Dockerfile").read_text().split("\nFROM ")

    assert "npm ci" in first
    assert "offhook build" in first
    assert "node" not in last
