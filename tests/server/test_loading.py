"""From ``MODULE:APP`` to the application."""

import sys
from pathlib import Path

import pytest

from offhook.base.errors import UsageError
from offhook.server.loading import application, load


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop/site.py").write_text("app = 'the application'\n")
    (tmp_path / "shop/needy.py").write_text("import nothing_of_this_name\n")
    (tmp_path / "shop/wrong.py").write_text(
        "from offhook.base.errors import UsageError\nraise UsageError('what to do instead')\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    for name in [name for name in sys.modules if name.split(".")[0] == "shop"]:
        monkeypatch.delitem(sys.modules, name)


def test_an_application_is_found_from_the_current_directory() -> None:
    assert load("shop.site:app") == "the application"


@pytest.mark.parametrize(
    ("target", "complaint"),
    [
        ("shop.site", "does not name an application; write MODULE:APP"),
        ("shop.site:", "does not name an application"),
        (":app", "does not name an application"),
        ("shop/site.py:app", "there is no module 'shop/site'"),
        ("shop.site:app.sub", "does not name an application"),
        ("nowhere:app", "there is no module 'nowhere' in "),
        ("shop.nowhere:app", "there is no module 'shop.nowhere'"),
        ("shop.site:other", "shop.site has no 'other'"),
        ("shop.wrong:app", "what to do instead"),
    ],
)
def test_what_does_not_name_one_is_said(target: str, complaint: str) -> None:
    with pytest.raises(UsageError) as refused:
        load(target)

    assert complaint in str(refused.value)


def test_a_module_that_the_application_lacks_keeps_its_traceback() -> None:
    with pytest.raises(ModuleNotFoundError, match="nothing_of_this_name"):
        load("shop.needy:app")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (
            "import nothing_of_this_name\n",
            "ModuleNotFoundError: No module named 'nothing_of_this_name' at {}:1: imp",
        ),
        ("def f():\n    return 1 / 0\nf()\n", "ZeroDivisionError: division by zero at {}:2: return 1 / 0"),
        ("import json\njson.loads('{')\n", "Expecting property name enclosed in double quotes: line 1 column 2"),
        ("app = (\n", "SyntaxError: '(' was never closed at {}:1: app = ("),
        ("app = 7\n", "shop.mistaken:app is not an ASGI application"),
        ("raise UsageError('do this')\n", "NameError: name 'UsageError' is not defined"),
    ],
)
def test_a_mistake_in_the_module_is_told_with_its_line(tmp_path: Path, text: str, complaint: str) -> None:
    (tmp_path / "shop/mistaken.py").write_text(text)
    with pytest.raises(UsageError) as refused:
        application("shop.mistaken:app")

    assert complaint.format("shop/mistaken.py") in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_library_that_fails_is_told_with_the_line_that_called_it(tmp_path: Path) -> None:
    (tmp_path / "shop/mistaken.py").write_text("import json\n\njson.loads('{')\n")
    with pytest.raises(UsageError, match=r"at shop/mistaken.py:3: json.loads\('\{'\)"):
        application("shop.mistaken:app")


def test_a_mistake_outside_of_the_folder_is_told_with_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "shop/mistaken.py").write_text("1 / 0\n")
    with pytest.raises(UsageError, match=rf"at {tmp_path}/shop/mistaken.py:1: 1 / 0"):
        application("shop.mistaken:app")


def test_what_an_application_says_itself_is_passed_on() -> None:
    with pytest.raises(UsageError, match=r"^what to do instead$"):
        application("shop.wrong:app")


def test_an_application_is_called() -> None:
    assert callable(application("offhook.server.loading:load"))
