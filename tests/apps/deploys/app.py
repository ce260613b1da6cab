"""``offhook serve tests.apps.deploys.app:app``; ``DEPLOYS_FILE`` is its file, ``DEPLOYS_BROKER`` its broker."""

import os

from offhook import App
from tests.apps.deploys.channels import Written
from tests.apps.deploys.routes import routes

app = App(
    routes,
    channels=[Written],
    broker=os.environ.get("DEPLOYS_BROKER", "memory://"),
    secret_key="only the tests know this key",
    anonymous=True,
    module=__name__,
)
