"""A loader that the view rarely wants to run again."""

_loads = 0


def loader() -> int:
    global _loads
    _loads += 1
    return _loads


def action() -> str:
    return "done"
