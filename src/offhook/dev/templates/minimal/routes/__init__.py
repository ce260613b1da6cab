"""The route table: ``routes/home`` is ``routes/home.py`` and ``routes/home.tsx``."""

from offhook import index, layout

routes = [layout("routes/shell", [index("routes/home")])]
