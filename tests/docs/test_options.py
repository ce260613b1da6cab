"""docs/serving.md names every option of ``offhook serve``, and nothing else."""

import re

from offhook.cli import main
from tests.docs.options import limit_rows
from tests.servers import ROOT

PAGE = (ROOT / "docs/serving.md").read_text()


def test_every_limit_stands_there_as_its_docstring_says() -> None:
    rows = limit_rows()
    assert [row for row in rows if row not in PAGE] == []
    assert len(re.findall(r"^\| `--limit-", PAGE, re.MULTILINE)) == len(rows)


def test_every_other_option_stands_there_with_its_default() -> None:
    described = dict(re.findall(r"^\| `--((?!limit-)[a-z-]+)` \| (.*?) ?\|", PAGE, re.MULTILINE))
    values = main.commands["serve"].make_context("serve", []).params
    assert described == {
        name.replace("_", "-"): _text(name, value)
        for name, value in values.items()
        if name != "target" and not name.startswith("limit_")
    }


def _text(name: str, value: object) -> str:
    """How the page writes a default."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:o}" if name == "uds_mode" else str(value or 0 if name == "ssl_cert_reqs" else value or "")
