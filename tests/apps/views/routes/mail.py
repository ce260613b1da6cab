"""The letters."""


def loader() -> list[str]:
    return ["ada", "grace"]
