"""What the browser has seen once and keeps."""


def loader() -> str:
    return "from Python"
