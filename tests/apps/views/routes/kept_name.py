"""A loader below the one that is kept."""

_loads = 0


def loader(name: str) -> str:
    global _loads
    _loads += 1
    return f"{name} {_loads}"


def action() -> str:
    return "done"
