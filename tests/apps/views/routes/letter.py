"""One letter."""

from offhook import NotFound


def loader(letter: str) -> str:
    if letter == "nobody":
        raise NotFound("There is no such letter.")
    return f"Dear {letter}"
