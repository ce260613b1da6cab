"""``python -m offhook`` is the command ``offhook``."""

from offhook.cli import main

main()
