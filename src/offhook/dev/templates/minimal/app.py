"""The application: ``offhook dev`` while you write it, then ``offhook build`` and ``offhook serve``."""

from offhook import App

from channels import Entries
from routes import routes

app = App(routes, channels=[Entries], broker="memory://")
