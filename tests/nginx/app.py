"""Pages, a line and a raw socket, behind nginx."""

from pathlib import Path

from offhook import App, index, route
from tests.apps.ticks import Ticks

_BUILD = Path(__file__).parent / "built"


class Unbuilt(App):
    """Its views are made by nobody: there are none."""

    @property
    def build(self) -> Path:
        return _BUILD


app = Unbuilt(
    [index("routes/page"), route("echo", "routes/echo")],
    channels=[Ticks],
    secret_key="only the tests know this key",
    anonymous=True,
    health=True,
    render="none",
    csp=False,
)
