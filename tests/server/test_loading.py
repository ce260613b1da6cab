"""From ``MODULE:APP`` to the application."""

import sys
from pathlib import Path

import pytest

from offhook.base.errors import UsageError
from offhook.server.loading import load


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
